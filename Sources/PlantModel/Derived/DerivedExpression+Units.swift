extension DerivedExpression {
  /// Expression whose units have been resolved.
  public struct Program: Hashable, Sendable {
    /// Steps, including the conversion factors that units require.
    public var steps: [Step]
    /// Canonical unit of the result; `nil` if none follows and the target has none.
    public var unit: Unit?
    /// Whether the inputs determine no unit, so that the result is a plain number, read in the target's unit.
    public var isTakenAsItComes: Bool
  }

  /// Kind of a value on the stack.
  private enum Kind: Equatable {
    /// Number without a unit. It takes the canonical unit of the other summand, and is a factor otherwise.
    case number
    /// Value of unknown unit, used unconverted.
    case unknown
    /// Product of volts and amperes [kVA]: counts as power and as apparent or reactive power.
    case voltAmperes
    /// Value in the canonical unit of a quantity.
    case known(Quantity)

    var words: String {
      switch self {
      case .number: "a number"
      case .unknown: "a value without a unit"
      case .voltAmperes: "power"
      case .known(let quantity): quantity.rawValue
      }
    }

    func agrees(with quantity: Quantity) -> Bool {
      switch self {
      case .known(let own): own == quantity
      case .voltAmperes: [.power, .apparentPower, .reactivePower].contains(quantity)
      case .number, .unknown: false
      }
    }
  }

  /// Returns the program for inputs and a target of given units.
  ///
  /// Values are canonical, so both sides of `+` and `-` must be of the same quantity. A number takes the unit of the
  /// other side. A factor or divisor that is a plain number or a ratio keeps the quantity; a percentage counts as its
  /// hundredth. Volts times amperes are power: V × A × 0.001 = kW. A quantity divided by itself is a ratio. Any other
  /// product or quotient has no unit: its number is read in the target's unit, if there is one. The same applies if the
  /// units of all inputs are unknown. Next to known units, an unknown one is used unconverted.
  ///
  /// Worked values, which are also tests: 230 V × 10 A is 2.3 kW; 50 % × 40 kWh is 20 kWh; 5 kW ÷ 20 kW is 25 % if the
  /// target is a percentage.
  ///
  /// - Parameters:
  ///   - units: Unit of each input, by its position in ``inputs``; `nil` if unknown.
  ///   - target: Unit of the derived sensor; `nil` if unknown.
  /// - Throws: ``ExpressionMistake`` if quantities do not agree.
  public func program(inputs units: [Unit?], target: Unit?) throws(ExpressionMistake) -> Program {
    var made: [Step] = []
    var kinds: [Kind] = []
    func pop() -> Kind { kinds.popLast() ?? .unknown }
    for step in steps {
      made.append(step)
      switch step {
      case .constant(_, let quantity): kinds.append(quantity.map(Kind.known) ?? .number)
      case .input(let position):
        let unit = units.indices.contains(position) ? units[position] : nil
        kinds.append(unit.map { .known($0.quantity) } ?? .unknown)
      case .negate, .positive, .scale: break
      case .add, .subtract:
        let (right, left) = (pop(), pop())
        kinds.append(try Self.sum(left, right))
      case .multiply, .divide:
        let (right, left) = (pop(), pop())
        let (kind, factor) = step == .multiply ? Self.product(left, right) : Self.quotient(left, right)
        if factor != 1 { made.append(.scale(factor)) }
        kinds.append(kind)
      }
    }
    return try Self.settle(made, kind: pop(), target: target)
  }

  private static func settle(
    _ steps: [Step], kind: Kind, target: Unit?
  ) throws(ExpressionMistake) -> Program {
    var steps = steps
    func program(_ unit: Unit?, asItComes: Bool = false) -> Program {
      Program(steps: steps, unit: unit, isTakenAsItComes: asItComes)
    }
    guard let target else {
      switch kind {
      case .number, .unknown: return program(nil, asItComes: true)
      case .voltAmperes: return program(.canonical(of: .power))
      case .known(let quantity): return program(.canonical(of: quantity))
      }
    }
    switch (kind, target.quantity) {
    case (.number, _), (.unknown, _):
      if target.scale != 1 { steps.append(.scale(target.scale)) }
      if target.offset != 0 { steps += [.constant(target.offset, nil), .add] }
      return program(target.canonicalUnit, asItComes: true)
    case (.known(.ratio), .percentage): steps.append(.scale(100))
    case (.known(.percentage), .ratio): steps.append(.scale(0.01))
    case (let kind, let quantity):
      guard kind.agrees(with: quantity) else {
        throw ExpressionMistake(
          message: "it gives \(kind.words), and the sensor is a \(quantity.rawValue) (\(target.symbol))")
      }
    }
    return program(target.canonicalUnit)
  }

  private static func sum(_ left: Kind, _ right: Kind) throws(ExpressionMistake) -> Kind {
    switch (left, right) {
    case (.number, let other), (let other, .number): return other
    case (.unknown, let other), (let other, .unknown): return other
    case (.voltAmperes, .known(let quantity)) where left.agrees(with: quantity): return right
    case (.known(let quantity), .voltAmperes) where right.agrees(with: quantity): return left
    default:
      if left == right { return left }
      throw ExpressionMistake(
        message: "it adds or subtracts \(left.words) and \(right.words); both sides must be one quantity")
    }
  }

  /// Returns the kind of a product, and the factor to be applied to the product of canonical values.
  private static func product(_ left: Kind, _ right: Kind) -> (Kind, Double) {
    switch (left, right) {
    case (.number, let other), (let other, .number): (other, 1)
    case (.known(.voltage), .known(.current)), (.known(.current), .known(.voltage)): (.voltAmperes, 0.001)
    case (.known(.ratio), let other), (let other, .known(.ratio)): (other, 1)
    case (.known(.percentage), let other), (let other, .known(.percentage)): (other, 0.01)
    default: (.unknown, 1)
    }
  }

  private static func quotient(_ left: Kind, _ right: Kind) -> (Kind, Double) {
    switch (left, right) {
    case (_, .number), (_, .known(.ratio)): (left == .number && right != .number ? .known(.ratio) : left, 1)
    case (.known, .known) where left == right: (.known(.ratio), 1)
    case (.voltAmperes, .voltAmperes): (.known(.ratio), 1)
    case (.voltAmperes, .known(let quantity)) where left.agrees(with: quantity): (.known(.ratio), 1)
    case (.known(let quantity), .voltAmperes) where right.agrees(with: quantity): (.known(.ratio), 1)
    case (_, .known(.percentage)): (left == .number ? .known(.ratio) : left, 100)
    case (.known(.percentage), _): (.unknown, 0.01)
    default: (.unknown, 1)
    }
  }
}
