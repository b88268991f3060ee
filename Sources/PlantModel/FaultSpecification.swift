/// Why a fault cannot be injected; says what would be right.
public struct FaultError: Error, Equatable, CustomStringConvertible {
  /// What is wrong and what would be right.
  public var description: String

  /// An error in words.
  public init(_ text: String) { description = text }
}

/// A fault to be injected into a simulated plant: `target:kind[=severity]@onset[+duration]`.
///
/// The target is `asset.sensor` for faults of sensors, else an asset. Examples: `pv1.power:stuck@2h+30m`,
/// `pv1:derating=70@1d`, `bess:trip@90m+1h`. Times count from the start of the simulation, with `s`, `m`, `h` or `d`.
/// Without a duration the fault stays.
public struct FaultSpecification: Hashable, Sendable, CustomStringConvertible {
  /// `asset.sensor`, or an asset.
  public var target: String
  /// What goes wrong.
  public var kind: FaultKind
  /// How badly, in the unit of ``FaultKind/severityUnit``.
  public var severity: Double
  /// When, from the start.
  public var onset: TimeSpan
  /// For how long; `nil` for ever.
  public var duration: TimeSpan?

  /// A fault, by default of the kind's own severity.
  public init(
    target: String, kind: FaultKind, severity: Double? = nil, onset: TimeSpan, duration: TimeSpan? = nil
  ) {
    self.target = target
    self.kind = kind
    self.severity = severity ?? kind.defaultSeverity
    self.onset = onset
    self.duration = duration
  }

  /// What ``parse(_:)`` reads.
  public var description: String {
    let span = duration.map { "+\($0.inSeconds)s" } ?? ""
    return "\(target):\(kind.rawValue)=\(severity)@\(onset.inSeconds)s\(span)"
  }

  /// Reads `target:kind[=severity]@onset[+duration]`.
  public static func parse(_ text: String) throws(FaultError) -> FaultSpecification {
    let form = "expected asset.sensor:kind[=severity]@onset[+duration], such as pv1.power:stuck@2h+30m"
    guard let at = text.lastIndex(of: "@") else { throw FaultError("fault '\(text)' has no '@onset'; \(form)") }
    guard let colon = text[..<at].lastIndex(of: ":"), colon != text.startIndex else {
      throw FaultError("fault '\(text)' has no 'asset.sensor:' before its kind; \(form)")
    }
    let words = text[text.index(after: colon)..<at].split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let kind = FaultKind(rawValue: String(words[0])) else {
      let known = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw FaultError("fault '\(text)' has the unknown kind '\(words[0])'; known are \(known)")
    }
    let severity = try severity(words.count > 1 ? words[1] : nil, kind, in: text)
    let times = text[text.index(after: at)...].split(separator: "+", omittingEmptySubsequences: false)
    guard times.count <= 2 else { throw FaultError("fault '\(text)' has more than one duration; \(form)") }
    let onset = try span(times[0], in: text)
    let duration: TimeSpan? = times.count == 2 ? try span(times[1], in: text) : nil
    return FaultSpecification(
      target: String(text[..<colon]), kind: kind, severity: severity, onset: onset, duration: duration)
  }

  private static func severity(
    _ word: Substring?, _ kind: FaultKind, in text: String
  ) throws(FaultError) -> Double {
    guard let word else { return kind.defaultSeverity }
    guard let value = Double(word), kind.severityRange.contains(value) else {
      let range = kind.severityRange
      throw FaultError(
        "fault '\(text)' has the severity '\(word)'; of \(kind.rawValue) it is a number from \(range.lowerBound) to "
          + "\(range.upperBound) (\(kind.severityUnit))")
    }
    return value
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
