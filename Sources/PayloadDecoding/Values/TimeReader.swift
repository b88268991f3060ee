import PlantModel
import WattlineTime

/// Time of a record's readings.
struct ReadingStamp {
  var time: Timestamp
  /// Position of the time in the payload; -1 if the payload has none.
  var start: Int

  /// Whether the time is from the payload.
  var isFromSource: Bool { start >= 0 }
}

/// The form of times stated by a rule.
struct TimeForm {
  let unit: TopicRule.TimeUnit
  let format: TimeFormat?
  /// Whether the rule states the place of the time.
  let isStated: Bool
  /// Position of the plant in the share, whose local time applies to times without a zone.
  let plant: Int

  init(_ plan: ReadingPlan) {
    unit = plan.rule.timeUnit
    format = plan.rule.timeFormat.flatMap { try? TimeFormat($0) }
    isStated = plan.rule.time != nil
    plant = plan.plant
  }
}

/// Reads the times of a message's payload.
struct TimeReader {
  typealias Bytes = UnsafeRawBufferPointer

  /// Times before 2000 at the usual places are taken for an uptime.
  static let earliestUnstated = Timestamp(seconds: 946_684_800)
  /// Times in 1970 come from a clock that has not been set.
  static let earliestStated = Timestamp(seconds: 31_536_000)

  /// Receive time of the message.
  private(set) var received = Timestamp.distantPast
  /// Whether the message has a time that is not used.
  var hasUnusable = false
  /// Local calendars of the plants.
  private var calendars: [LocalCalendar]

  /// Creates a reader for messages of plants, by their positions in the share.
  init(plants: [Plant]) {
    calendars = plants.map { LocalCalendar(identifier: $0.location.timezone) ?? .utc }
  }

  /// Prepares for the next message.
  mutating func begin(received: Timestamp) {
    self.received = received
    hasUnusable = false
  }

  /// The receive time as the time of readings.
  var receiveStamp: ReadingStamp { ReadingStamp(time: received, start: -1) }

  /// Parses a time from the payload; `nil` if it is unreadable.
  mutating func timestamp(_ text: Bytes, form: TimeForm) -> Timestamp? {
    // Most times are epoch numbers, which need no calendar.
    if form.format == nil, let time = TimeText.epochNumber(text, unit: form.unit) { return time }
    return TimeText.parse(
      text, unit: form.unit, format: form.format, received: received, calendar: &calendars[form.plant])
  }

  /// Parses a time that is a number or a text; `nil` if it is unreadable.
  ///
  /// - Parameters:
  ///   - value: the value at the place.
  ///   - payload: the payload.
  ///   - form: form of the rule's times.
  private mutating func time(of value: JSONValue, payload: Bytes, form: TimeForm) -> Timestamp? {
    switch value.kind {
    case .number: return timestamp(ByteText.slice(payload, range: value.range), form: form)
    case .string:
      guard value.hasEscapes else { return timestamp(ByteText.slice(payload, range: value.range), form: form) }
      let text = JSONEscapes.plain(ByteText.slice(payload, range: value.range))
      return text.withUnsafeBytes { timestamp($0, form: form) }
    default: return nil
    }
  }

  /// Returns the time at a usual place. Returns `nil` if it is unreadable or before 2000, because devices without a
  /// clock report their uptime there.
  ///
  /// - Parameters:
  ///   - value: the value at the place.
  ///   - payload: the payload.
  ///   - form: form of the rule's times.
  mutating func unstatedTime(of value: JSONValue, payload: Bytes, form: TimeForm) -> Timestamp? {
    guard let time = time(of: value, payload: payload, form: form), time >= Self.earliestUnstated else { return nil }
    return time
  }

  /// Returns the stamp for the time at the rule's place; `nil` if it is unreadable. A time in 1970 is from a clock that
  /// is not set, so the receive time is used.
  ///
  /// - Parameters:
  ///   - value: the value at the place.
  ///   - payload: the payload.
  ///   - form: form of the rule's times.
  mutating func statedTime(of value: JSONValue, payload: Bytes, form: TimeForm) -> ReadingStamp? {
    guard let time = time(of: value, payload: payload, form: form) else { return nil }
    return stamp(stated: time, start: value.range.lowerBound)
  }

  /// Returns the stamp for a time at the rule's place.
  mutating func stamp(stated time: Timestamp, start: Int) -> ReadingStamp {
    if time >= Self.earliestStated { return ReadingStamp(time: time, start: start) }
    hasUnusable = true
    return receiveStamp
  }
}
