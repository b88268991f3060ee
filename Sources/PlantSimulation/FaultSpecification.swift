import PlantModel

/// Why a fault cannot be injected; says what would be right.
public struct FaultError: Error, Equatable, CustomStringConvertible {
  /// What is wrong and what would be right.
  public var description: String
  init(_ text: String) { description = text }
}

/// A fault to be injected into a simulated plant: `asset.sensor:kind@onset[+duration]`.
///
/// Examples: `pv1.power:stuck@2h+30m`, `load.power:spikes@0s`, `bess:trip@90m+1h`. Times count from the start of the
/// simulation, with `s`, `m`, `h` or `d`. Without a duration the fault stays.
public struct FaultSpecification: Hashable, Sendable {
  /// What goes wrong.
  public enum Kind: String, Sendable, CaseIterable {
    /// The sensor repeats its last value.
    case stuck
    /// About once in five minutes a single value lies two to four times the sensor's magnitude off.
    case spikes
    /// The sensor is silent.
    case dropout
    /// The sensor moves away by 5 % of its magnitude an hour.
    case drift
    /// The asset's power is zero.
    case trip
  }

  /// `asset.sensor`; for a trip the asset alone will do.
  public var target: String
  /// What goes wrong.
  public var kind: Kind
  /// When, from the start.
  public var onset: TimeSpan
  /// For how long; `nil` for ever.
  public var duration: TimeSpan?

  /// A fault.
  public init(target: String, kind: Kind, onset: TimeSpan, duration: TimeSpan? = nil) {
    self.target = target
    self.kind = kind
    self.onset = onset
    self.duration = duration
  }

  /// Reads `asset.sensor:kind@onset[+duration]`.
  public static func parse(_ text: String) throws(FaultError) -> FaultSpecification {
    let form = "expected asset.sensor:kind@onset[+duration], such as pv1.power:stuck@2h+30m"
    guard let at = text.lastIndex(of: "@") else { throw FaultError("fault '\(text)' has no '@onset'; \(form)") }
    guard let colon = text[..<at].lastIndex(of: ":"), colon != text.startIndex else {
      throw FaultError("fault '\(text)' has no 'asset.sensor:' before its kind; \(form)")
    }
    let name = String(text[text.index(after: colon)..<at])
    guard let kind = Kind(rawValue: name) else {
      let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw FaultError("fault '\(text)' has the unknown kind '\(name)'; known are \(known)")
    }
    let times = text[text.index(after: at)...].split(separator: "+", omittingEmptySubsequences: false)
    guard times.count <= 2 else { throw FaultError("fault '\(text)' has more than one duration; \(form)") }
    let onset = try span(times[0], in: text)
    let duration: TimeSpan? = times.count == 2 ? try span(times[1], in: text) : nil
    return FaultSpecification(target: String(text[..<colon]), kind: kind, onset: onset, duration: duration)
  }

  private static func span(_ part: Substring, in text: String) throws(FaultError) -> TimeSpan {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let last = part.last, let unit = units[last], let count = Double(part.dropLast()), count >= 0,
      count * unit < 1e9
    else {
      throw FaultError("fault '\(text)' has the time '\(part)'; expected a number with s, m, h or d, such as 90s or 2h")
    }
    return .milliseconds(Int64(count * unit * 1000))
  }
}
