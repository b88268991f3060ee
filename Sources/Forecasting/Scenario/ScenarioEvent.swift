import PlantModel
public import WattlineTime

/// The reason for which a scenario cannot run, with the expected input.
public struct ScenarioError: Error, Equatable, CustomStringConvertible {
  /// The fault and the expected input.
  public var description: String

  /// Creates an error with a message.
  public init(_ text: String) { description = text }
}

/// A hypothetical event in a plant: `[asset:]kind[=amount][@onset][+duration]`.
///
/// | kind | amount | meaning |
/// |---|---|---|
/// | `heat` | `+6K` | warmer air (colder with `-`) |
/// | `asset:shutdown` | | the asset's power is zero |
/// | `charger` | `22kW` or `22kW/40kWh` | new charger, one car a day about 18:00 local; default 2 h at full power |
/// | `asset:capacity` | `+50%` | the asset's power is larger by that share (smaller with `-`) |
///
/// The onset counts from the start of the span (`36h`, `2d`) or is a local date (`2024-07-01`, `2024-07-01T14:00`).
/// Without an onset the event starts with the span, and without a duration it lasts to the span's end. Whole days are
/// days of local time, with 23 or 25 hours at a clock change. Examples: `heat=+6K@2d+3d`,
/// `chiller:shutdown@2024-07-01T08:00+9h`, `pv1:capacity=+50%`.
public struct ScenarioEvent: Hashable, Sendable {
  /// The effect of an event.
  public enum Effect: Hashable, Sendable {
    /// Warmer air [K], −30...30.
    case heat(kelvin: Double)
    /// A shutdown: the asset's power is zero.
    case shutdown(asset: String)
    /// A new charger of a power [kW] that delivers an energy a day [kWh].
    case charger(kilowatts: Double, kilowattHours: Double)
    /// A change of an asset's power by a share, at least −1; 0.5 means one and a half times.
    case capacity(asset: String, share: Double)
  }

  /// The start of an event.
  public enum Onset: Hashable, Sendable {
    /// Time after the start of the span.
    case after(TimeSpan)
    /// Local time.
    case local(CivilTime)
  }

  /// Effect of the event.
  public var effect: Effect
  /// Start of the event.
  public var onset: Onset
  /// Duration of the event; `nil` until the end of the span.
  public var duration: TimeSpan?
  /// Text from which the event was parsed.
  public var text: String

  /// Parses an event.
  ///
  /// - Throws: ``ScenarioError`` if the text does not have the expected form.
  public static func parse(_ text: String) throws(ScenarioError) -> ScenarioEvent {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    var effectText = parts[0]
    var onset = Onset.after(.zero)
    var duration: TimeSpan?
    if parts.count == 2 {
      let times = parts[1].split(separator: "+", omittingEmptySubsequences: false)
      guard times.count <= 2 else { throw ScenarioError("event '\(text)' has more than one duration; \(form)") }
      onset = try ScenarioEvent.onset(times[0], in: text)
      if times.count == 2 { duration = try span(times[1], in: text) }
    } else if let plus = effectText.lastIndex(of: "+"),
      plus > (effectText.firstIndex(of: "=") ?? effectText.startIndex),
      effectText[effectText.index(before: plus)] != "="
    {
      duration = try span(effectText[effectText.index(after: plus)...], in: text)
      effectText = effectText[..<plus]
    }
    return ScenarioEvent(effect: try effect(effectText, in: text), onset: onset, duration: duration, text: text)
  }

  private static let form = "expected [asset:]kind[=amount][@onset][+duration], such as heat=+6K@2d+3d"

  private static func effect(_ part: Substring, in text: String) throws(ScenarioError) -> Effect {
    let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let amount = words.count > 1 ? words[1] : ""
    let colon = words[0].lastIndex(of: ":")
    let asset = colon.map { String(words[0][..<$0]) }
    let kind = colon.map { words[0][words[0].index(after: $0)...] } ?? words[0]
    func needsAsset(_ example: String) throws(ScenarioError) -> String {
      guard let asset, !asset.isEmpty else {
        throw ScenarioError("event '\(text)' does not say which asset; expected for example \(example)")
      }
      return asset
    }
    switch kind {
    case "heat":
      let kelvin = try number(amount, unit: "K", range: -30...30, what: "a change of temperature such as +6K", in: text)
      return .heat(kelvin: kelvin)
    case "shutdown":
      guard amount.isEmpty else { throw ScenarioError("event '\(text)': a shutdown has no amount; \(form)") }
      return .shutdown(asset: try needsAsset("chiller:shutdown@1d+8h"))
    case "charger":
      let sizes = amount.split(separator: "/", omittingEmptySubsequences: false)
      let what = "a power and the energy a day, such as 22kW or 22kW/40kWh"
      let power = try number(sizes.first ?? "", unit: "kW", range: 0.1...100_000, what: what, in: text)
      guard sizes.count > 1 else { return .charger(kilowatts: power, kilowattHours: 2 * power) }
      let energy = try number(
        sizes[1], unit: "kWh", range: 0...(24 * power), what: what + ", at most a day at full power", in: text)
      return .charger(kilowatts: power, kilowattHours: energy)
    case "capacity":
      let percent = try number(amount, unit: "%", range: -100...10_000, what: "a change such as +50%", in: text)
      return .capacity(asset: try needsAsset("pv1:capacity=+50%"), share: percent / 100)
    default:
      throw ScenarioError("event '\(text)' has the unknown kind '\(kind)'; known are heat, shutdown, charger, capacity")
    }
  }

  private static func number(
    _ part: Substring, unit: String, range: ClosedRange<Double>, what: String, in text: String
  ) throws(ScenarioError) -> Double {
    guard part.hasSuffix(unit), let value = Double(part.dropLast(unit.count)), range.contains(value) else {
      throw ScenarioError(
        "event '\(text)' has the amount '\(part)'; expected \(what), from \(range.lowerBound) to \(range.upperBound) \(unit)"
      )
    }
    return value
  }

  private static func onset(_ part: Substring, in text: String) throws(ScenarioError) -> Onset {
    part.contains("-") ? .local(try date(part, in: text)) : .after(try span(part, in: text))
  }

  /// Parses a local date, or a date and time to the minute.
  ///
  /// - Parameters:
  ///   - part: The date.
  ///   - text: The surrounding text, for the error message.
  /// - Throws: ``ScenarioError`` if the text is no date.
  public static func date(_ part: some StringProtocol, in text: String) throws(ScenarioError) -> CivilTime {
    let numbers = part.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
    let time = CivilTime(
      year: numbers.first ?? 0, month: numbers.count > 1 ? numbers[1] : 0, day: numbers.count > 2 ? numbers[2] : 0,
      hour: numbers.count > 3 ? numbers[3] : 0, minute: numbers.count > 4 ? numbers[4] : 0)
    guard [10, 16].contains(part.utf8.count), [3, 5].contains(numbers.count), time.isValid else {
      throw ScenarioError("'\(part)' in '\(text)' is not a date; expected 2024-07-01 or 2024-07-01T14:00")
    }
    return time
  }

  /// Parses a number with the unit `m`, `h` or `d`.
  ///
  /// - Throws: ``ScenarioError`` if the text is no such number, or outside 0...10,000.
  private static func span(_ part: Substring, in text: String) throws(ScenarioError) -> TimeSpan {
    let units: [Character: TimeSpan] = ["m": .minute, "h": .hour, "d": .day]
    guard let last = part.last, let unit = units[last], let count = Double(part.dropLast()),
      (0...10_000).contains(count)
    else {
      throw ScenarioError(
        "event '\(text)' has the time '\(part)'; expected a number with m, h or d, such as 90m or 3d, or a date")
    }
    return TimeSpan(nanoseconds: Int64(count * Double(unit.nanoseconds)))
  }
}
