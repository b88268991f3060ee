/// Names of a sensor and its asset.
public struct SensorName: Hashable, Sendable, CustomStringConvertible {
  /// Name of the asset.
  public var asset: String
  /// Name of the sensor.
  public var sensor: String

  /// Creates the name of a sensor of an asset.
  public init(asset: String, sensor: String) {
    self.asset = asset
    self.sensor = sensor
  }

  /// Text `asset.sensor`.
  public var description: String { "\(asset).\(sensor)" }
}

/// Sensor of a plant that is computed from others: one entry of a plant file's `derive`.
public struct DerivedSensor: Hashable, Sendable {
  /// Name; its asset is declared.
  public var name: SensorName
  /// Expression that gives its value.
  public var expression: DerivedExpression
  /// Canonical unit that follows from those of the inputs; `nil` if none follows.
  public var unit: Unit?
  /// Sampling, if the inputs determine it; `nil` leaves it to the sensor's own profile.
  public var sampling: Sampling?

  /// Creates a derived sensor; the parameters are the properties of the same names.
  public init(name: SensorName, expression: DerivedExpression, unit: Unit? = nil, sampling: Sampling? = nil) {
    self.name = name
    self.expression = expression
    self.unit = unit
    self.sampling = sampling
  }

  /// Maximum number of derived sensors of a plant.
  public static let most = 1_000
}

/// Mistake in an expression, with its remedy.
public struct ExpressionMistake: Error, Hashable, Sendable, CustomStringConvertible {
  /// Position in the expression [characters from 1]; `nil` if it concerns the whole.
  public var column: Int?
  /// Description of the mistake and its remedy.
  public var message: String

  /// Creates a mistake.
  ///
  /// - Parameters:
  ///   - column: Position [characters from 1]; `nil` for the whole expression.
  ///   - message: Description and remedy.
  public init(column: Int? = nil, message: String) {
    self.column = column
    self.message = message
  }

  /// Message, preceded by the position if there is one.
  public var description: String { column.map { "column \($0): \(message)" } ?? message }
}

/// Arithmetic over sensors, such as `grid.import - grid.export`, as a program for a stack machine.
///
/// It is evaluated on canonical values. ``program(inputs:target:)`` checks units and adds conversion factors.
public struct DerivedExpression: Hashable, Sendable {
  /// Step of a program; operators take their operands from the stack and push the result.
  public enum Step: Hashable, Sendable {
    /// Pushes a number, in the canonical unit of the quantity if it has one.
    case constant(Double, Quantity?)
    /// Pushes the value of an input, by its position in ``DerivedExpression/inputs``.
    case input(Int)
    /// Operators on the top of the stack.
    case add, subtract, multiply, divide, negate
    /// Replaces a negative value by 0.
    case positive
    /// Multiplies the value by a factor.
    case scale(Double)
  }

  /// Text in the plant file.
  public let text: String
  /// Sensors that it reads, each once, in order of first mention; 1...64.
  public let inputs: [SensorName]
  /// Program in postfix order.
  public let steps: [Step]

  init(text: String, inputs: [SensorName], steps: [Step]) {
    self.text = text
    self.inputs = inputs
    self.steps = steps
  }

  /// Maximum number of inputs of an expression.
  public static let mostInputs = 64
  /// Maximum length of an expression [bytes].
  public static let longest = 4_096

  /// Returns the result of a program; NaN if an input that affects it is NaN.
  ///
  /// A program with missing operands or values gives NaN.
  ///
  /// Example: `positive(a.x - 3) * 2` with 5 for `a.x` gives 4, and with 1 gives 0.
  ///
  /// - Parameters:
  ///   - steps: Program in postfix order.
  ///   - values: Values of the inputs [canonical units].
  ///   - stack: Scratch memory; evaluation does not allocate once it has grown.
  public static func evaluate(_ steps: [Step], values: [Double], stack: inout [Double]) -> Double {
    stack.removeAll(keepingCapacity: true)
    for step in steps {
      switch step {
      case .constant(let number, _): stack.append(number)
      case .input(let position): stack.append(values.indices.contains(position) ? values[position] : .nan)
      case .negate: stack.append(-(stack.popLast() ?? .nan))
      case .scale(let factor): stack.append((stack.popLast() ?? .nan) * factor)
      case .positive:
        let value = stack.popLast() ?? .nan
        stack.append(value < 0 ? 0 : value)
      case .add, .subtract, .multiply, .divide:
        let right = stack.popLast() ?? .nan
        let left = stack.popLast() ?? .nan
        switch step {
        case .add: stack.append(left + right)
        case .subtract: stack.append(left - right)
        case .multiply: stack.append(left * right)
        default: stack.append(left / right)
        }
      }
    }
    return stack.last ?? .nan
  }

  /// Whether the result never falls while no input falls: sums, with positive numbers as factors and divisors.
  public var isIncreasing: Bool {
    // Numbers are tracked to recognise positive factors.
    var scratch: [Double] = []
    var stack: [(number: Double?, holds: Bool)] = []
    for step in steps {
      switch step {
      case .constant(let number, _): stack.append((number, true))
      case .input: stack.append((nil, true))
      case .negate, .scale, .positive:
        let value = stack.popLast()
        let number = value?.number.map { step == .negate ? -$0 : max(0, $0) }
        stack.append((number, value?.holds == true && (number != nil || step == .positive)))
      case .add, .subtract, .multiply, .divide:
        guard let right = stack.popLast(), let left = stack.popLast() else { return false }
        if let a = left.number, let b = right.number {
          stack.append(
            (Self.evaluate([.constant(a, nil), .constant(b, nil), step], values: [], stack: &scratch), true))
          continue
        }
        let isFactor = (right.number ?? -1) > 0
        let holds =
          switch step {
          case .add: true
          case .subtract: right.number != nil
          case .multiply: isFactor || (left.number ?? -1) > 0
          default: isFactor
          }
        stack.append((nil, left.holds && right.holds && holds))
      }
    }
    return stack.last?.holds ?? false
  }
}
