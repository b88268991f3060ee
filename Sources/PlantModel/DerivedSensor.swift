/// A sensor by the names of its asset and its own.
public struct SensorName: Hashable, Sendable, CustomStringConvertible {
  /// The asset.
  public var asset: String
  /// The sensor.
  public var sensor: String

  /// A sensor of an asset.
  public init(asset: String, sensor: String) {
    self.asset = asset
    self.sensor = sensor
  }

  /// `asset.sensor`.
  public var description: String { "\(asset).\(sensor)" }
}

/// A sensor of a plant that is computed from others: one entry of a plant file's `derive`.
public struct DerivedSensor: Hashable, Sendable {
  /// Its name; the asset is declared.
  public var name: SensorName
  /// How it is computed.
  public var expression: DerivedExpression
  /// The canonical unit that follows from those of the inputs; `nil` where none follows.
  public var unit: Unit?
  /// What its value stands for in time, where the inputs decide that; `nil` leaves it to the sensor's own profile.
  public var sampling: Sampling?

  /// A derived sensor.
  public init(name: SensorName, expression: DerivedExpression, unit: Unit? = nil, sampling: Sampling? = nil) {
    self.name = name
    self.expression = expression
    self.unit = unit
    self.sampling = sampling
  }

  /// Most derived sensors of a plant.
  public static let most = 1_000
}

/// What is wrong with an expression, and what would be right.
public struct ExpressionMistake: Error, Hashable, Sendable, CustomStringConvertible {
  /// The place in the expression [characters from 1]; `nil` where it is the whole.
  public var column: Int?
  /// What is wrong.
  public var message: String

  /// A mistake.
  public init(column: Int? = nil, message: String) {
    self.column = column
    self.message = message
  }

  /// The message, after its place.
  public var description: String { column.map { "column \($0): \(message)" } ?? message }
}

/// Arithmetic over sensors, such as `grid.import - grid.export`, as a program for a stack of numbers.
///
/// It is evaluated on canonical values. ``program(inputs:target:)`` checks units and adds the factors that they need.
public struct DerivedExpression: Hashable, Sendable {
  /// One step of a program; operators take their operands from the stack and put the result there.
  public enum Step: Hashable, Sendable {
    /// Puts a number on the stack, in the canonical unit of a quantity where it has one.
    case constant(Double, Quantity?)
    /// Puts the value of an input on the stack, by its position in ``DerivedExpression/inputs``.
    case input(Int)
    /// Operators.
    case add, subtract, multiply, divide, negate
    /// The greater of the value and 0.
    case positive
    /// Multiplies the value by a factor.
    case scale(Double)
  }

  /// As it stands in the file.
  public let text: String
  /// The sensors that it needs, each once, in the order in which they are named; 1...64.
  public let inputs: [SensorName]
  /// Operands before their operators.
  public let steps: [Step]

  init(text: String, inputs: [SensorName], steps: [Step]) {
    self.text = text
    self.inputs = inputs
    self.steps = steps
  }

  /// Most inputs of an expression.
  public static let mostInputs = 64
  /// Longest expression [bytes].
  public static let longest = 4_096

  /// The result of a program for the values of its inputs; NaN where one of them that counts is NaN.
  ///
  /// `stack` is scratch memory: once it has grown, nothing is allocated. A program that was not made here, with operands
  /// or values missing, gives NaN.
  ///
  /// Example: `positive(a.x - 3) * 2` with 5 for `a.x` gives 4, and with 1 gives 0.
  public static func evaluate(_ steps: [Step], _ values: [Double], stack: inout [Double]) -> Double {
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

  /// Whether the result never falls while no input does: sums, and factors and divisors that are positive numbers.
  public var isIncreasing: Bool {
    // Numbers are kept to tell positive factors.
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
          stack.append((Self.evaluate([.constant(a, nil), .constant(b, nil), step], [], stack: &scratch), true))
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
