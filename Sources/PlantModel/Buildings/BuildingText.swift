/// Reason why words about a building cannot be understood, with what would be right.
public struct BuildingTextMistake: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reason.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension BuildingDescription.Estimate {
  /// Reads an estimate: `10.8`, `10.8 ± 5 %`, `10.8 ± 0.5` (also `+-`), or `9 to 12` for a range of nine in ten.
  ///
  /// A number alone is given the usual spread of its quantity.
  public init(_ text: String, of quantity: BuildingQuantity) throws(BuildingTextMistake) {
    let profile = quantity.profile
    let words = text.replacing("+-", with: "±").replacing("+/-", with: "±").replacing("−", with: "-")
    let example = "such as \(Self.example(quantity)), \(Self.example(quantity)) ± 10 %, or a range such as 9 to 12"
    func number(_ part: some StringProtocol) throws(BuildingTextMistake) -> Double {
      guard let value = Double(String(part).trimmed), value.isFinite else {
        throw BuildingTextMistake(
          "'\(quantity.rawValue)' is '\(text)', which is no estimate; write a number, \(example)")
      }
      return value
    }
    if let parts = words.halves(around: "±") {
      let value = try number(parts.0)
      if let share = parts.1.percentage {
        guard profile.isRatio else {
          throw BuildingTextMistake(
            "'\(quantity.rawValue)' is '\(text)'; percent of a temperature mean nothing, write kelvin: \(parts.0) ± 1")
        }
        self.init(value, deviation: abs(share * value))
      } else {
        self.init(value, deviation: abs(try number(parts.1)))
      }
    } else if let parts = words.halves(around: " to ") {
      let (low, high) = (try number(parts.0), try number(parts.1))
      guard low < high else {
        throw BuildingTextMistake("'\(quantity.rawValue)' is '\(text)'; the smaller number comes first")
      }
      // Nine of ten values of a normal distribution lie within 1.645 deviations.
      self.init((low + high) / 2, deviation: (high - low) / 2 / 1.645)
    } else {
      let value = try number(words)
      self.init(value, deviation: profile.isRatio ? abs(profile.spread * value) : profile.spread)
    }
    guard profile.range.contains(value) else {
      throw BuildingTextMistake(
        "'\(quantity.rawValue)' is '\(text)'; it must be from \(profile.range.lowerBound) to \(profile.range.upperBound)"
          + (profile.unit.isEmpty ? "" : " \(profile.unit)"))
    }
  }

  private static func example(_ quantity: BuildingQuantity) -> String {
    quantity.profile.usual.map { "\($0)" } ?? "100"
  }
}

extension QuantityChange {
  /// Reads a change: `-50 %`, `+1 K` or `-1` by which the quantity moves, or `5.4` to which it is set.
  public init(_ text: String, of quantity: BuildingQuantity) throws(BuildingTextMistake) {
    let words = text.replacing("−", with: "-").trimmed
    let profile = quantity.profile
    if let share = words.percentage {
      guard profile.isRatio else {
        throw BuildingTextMistake(
          "the change of '\(quantity.rawValue)' is '\(text)'; percent of a temperature mean nothing, write kelvin, such "
            + "as \"-1 K\"")
      }
      guard share >= -1, share <= 10 else {
        throw BuildingTextMistake("the change of '\(quantity.rawValue)' is '\(text)'; it must be from -100 % to 1000 %")
      }
      self = .factor(1 + share)
      return
    }
    var digits = words
    for unit in [profile.unit, "K", "°C"] where !unit.isEmpty && digits.hasSuffix(unit) {
      digits = String(digits.dropLast(unit.count)).trimmed
    }
    guard let value = Double(digits), value.isFinite else {
      throw BuildingTextMistake(
        "the change of '\(quantity.rawValue)' is '\(text)'; write "
          + (profile.isRatio ? "\"-50 %\", \"+2\" or a new value" : "\"-1 K\" or a new value")
          + (profile.unit.isEmpty ? "" : " in \(profile.unit)"))
    }
    if let sign = words.first, "+-".contains(sign), quantity != .groundSwing {
      self = .amount(value)
    } else {
      guard profile.range.contains(value) else {
        throw BuildingTextMistake(
          "'\(quantity.rawValue)' is changed to \(text); it must be from \(profile.range.lowerBound) to "
            + "\(profile.range.upperBound)")
      }
      self = .value(value)
    }
  }

  /// Words of the change: −50 %, +1, or = 5.4.
  public var words: String {
    func signed(_ value: Double) -> String { (value < 0 ? "−" : "+") + QuantityChange.short(abs(value)) }
    switch self {
    case .factor(let factor): return signed((factor - 1) * 100) + " %"
    case .amount(let amount): return signed(amount)
    case .value(let value): return "= " + QuantityChange.short(value)
    }
  }

  private static func short(_ value: Double) -> String {
    let rounded = (value * 1000).rounded() / 1000
    return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
  }
}

extension BuildingQuantity {
  /// Returns the quantity of a name.
  public static func named(_ name: String) throws(BuildingTextMistake) -> BuildingQuantity {
    if let quantity = BuildingQuantity(rawValue: name) { return quantity }
    throw BuildingTextMistake(
      "a building has no quantity '\(name)'; known are \(allCases.map(\.rawValue).joined(separator: ", "))")
  }
}

extension String {
  fileprivate var trimmed: String {
    let front = drop { $0.isWhitespace }
    return String(front.reversed().drop { $0.isWhitespace }.reversed())
  }

  /// Share that a text such as `-50 %` names.
  fileprivate var percentage: Double? {
    let text = trimmed
    guard text.hasSuffix("%"), let value = Double(String(text.dropLast()).trimmed), value.isFinite else { return nil }
    return value / 100
  }

  fileprivate func halves(around separator: String) -> (String, String)? {
    guard let place = firstRange(of: separator) else { return nil }
    return (String(self[..<place.lowerBound]).trimmed, String(self[place.upperBound...]).trimmed)
  }
}
