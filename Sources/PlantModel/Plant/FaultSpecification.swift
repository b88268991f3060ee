public import WattlineTime

/// Reason why a fault cannot be injected, with the remedy.
public struct FaultError: Error, Equatable, CustomStringConvertible {
  /// Description of the mistake and its remedy.
  public var description: String

  /// Creates an error with a description.
  public init(_ text: String) { description = text }
}

/// Fault to be injected into a simulated plant: `target:kind[=severity]@onset[+duration]`.
///
/// The target is `asset.sensor` for faults of sensors, otherwise an asset. Examples: `pv1.power:stuck@2h+30m`,
/// `pv1:derating=70@1d`, `bess:trip@90m+1h`. Times count from the start of the simulation, in `s`, `m`, `h` or `d`. A
/// fault without a duration is permanent.
public struct FaultSpecification: Hashable, Sendable, CustomStringConvertible {
  /// Target: `asset.sensor`, or an asset.
  public var target: String
  /// Kind of fault.
  public var kind: FaultKind
  /// Severity in the unit ``FaultKind/severityUnit``.
  public var severity: Double
  /// Onset, counted from the start of the simulation.
  public var onset: TimeSpan
  /// Duration; `nil` if permanent.
  public var duration: TimeSpan?

  /// Creates a fault.
  ///
  /// - Parameters:
  ///   - target: `asset.sensor`, or an asset.
  ///   - kind: Kind of fault.
  ///   - severity: Severity in the unit of the kind; `nil` for the kind's default.
  ///   - onset: Time from the start of the simulation.
  ///   - duration: Duration; `nil` if permanent.
  public init(
    target: String, kind: FaultKind, severity: Double? = nil, onset: TimeSpan, duration: TimeSpan? = nil
  ) {
    self.target = target
    self.kind = kind
    self.severity = severity ?? kind.defaultSeverity
    self.onset = onset
    self.duration = duration
  }

  /// Text that ``parse(_:)`` reads.
  public var description: String {
    let span = duration.map { "+\($0.inSeconds)s" } ?? ""
    return "\(target):\(kind.rawValue)=\(severity)@\(onset.inSeconds)s\(span)"
  }

  /// Parses `target:kind[=severity]@onset[+duration]`.
  ///
  /// - Throws: ``FaultError`` if the form, the kind, the severity or a time is wrong.
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
    let severity = try severity(words.count > 1 ? words[1] : nil, kind: kind, in: text)
    let times = text[text.index(after: at)...].split(separator: "+", omittingEmptySubsequences: false)
    guard times.count <= 2 else { throw FaultError("fault '\(text)' has more than one duration; \(form)") }
    let onset = try span(times[0], in: text)
    let duration: TimeSpan? = times.count == 2 ? try span(times[1], in: text) : nil
    return FaultSpecification(
      target: String(text[..<colon]), kind: kind, severity: severity, onset: onset, duration: duration)
  }

  private static func severity(
    _ word: Substring?, kind: FaultKind, in text: String
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
