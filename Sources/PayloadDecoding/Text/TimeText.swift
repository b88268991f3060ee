import PlantModel
import WattlineTime

/// Parser for the time formats of devices.
///
/// - Epoch numbers, with decimals: seconds below 1e11, milliseconds below 1e14, microseconds below 1e17, else
///   nanoseconds; or in the unit that the rule states. Example: 1700000000000 is 2023-11-14T22:13:20Z.
/// - ISO 8601, also with a space instead of `T`, in the basic form `20180204T231701Z`, and with `.` or `/` between
///   year, month and day: `2018.02.04 23:17:01`. Zones are `Z`, `UTC`, `GMT`, `±hh`, `±hh:mm`, `±hhmm`; without one,
///   the plant's local time is assumed. Decimals after the ninth are ignored.
/// - 14 digits that form a date and time of day from 2000 to 2199, `20240131235959`, with decimals and a zone as above.
///   No epoch number is affected: as milliseconds, 14 digits begin in 2286. If the rule states the unit, they are a
///   number.
/// - The times of Dutch, Belgian and other DSMR meters, `210101120000W`: twelve digits from the year on, and S or W for
///   summer or winter time. The letter distinguishes the two hours that local time repeats in autumn.
/// - Any other order by a ``TimeFormat``: the order of days and months is never guessed.
///
/// A time without a zone in the repeated hour in autumn is the one nearest to the receive time. A time skipped in
/// spring is interpreted with the offset before the change. Times before 1970 and after 2200 are refused.
enum TimeText {
  typealias Bytes = UnsafeRawBufferPointer

  private static let latest = Timestamp(seconds: 7_289_654_400)

  /// Parses a timestamp, or returns `nil`. If there is a `format`, only that one is tried.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - unit: unit of epoch numbers; `.auto` decides by magnitude.
  ///   - format: the rule's format, if any.
  ///   - received: receive time, to resolve repeated local times.
  ///   - calendar: the plant's local calendar.
  static func parse(
    _ text: Bytes, unit: TopicRule.TimeUnit, format: TimeFormat?, received: Timestamp, calendar: inout LocalCalendar
  ) -> Timestamp? {
    let bytes = ByteText.trimmed(text)
    let found: Timestamp?
    if let format {
      found = format.parse(bytes, received: received, calendar: &calendar)
    } else if let number = wholeNumber(bytes) {
      let civil = mayBeCompact(bytes, unit: unit) ? compact(bytes, received: received, calendar: &calendar) : nil
      found = civil ?? timestamp(number, billionths: 0, unit: unit)
    } else {
      found =
        civil(bytes, received: received, calendar: &calendar) ?? meterTime(
          bytes, received: received, calendar: &calendar)
        ?? (unit == .auto ? compact(bytes, received: received, calendar: &calendar) : nil) ?? epoch(bytes, unit: unit)
    }
    return found.flatMap { isAccepted($0) ? $0 : nil }
  }

  private static func isAccepted(_ time: Timestamp) -> Bool { time >= Timestamp(nanoseconds: 0) && time < latest }

  /// Returns whether digits may be a date and time of day.
  private static func mayBeCompact(_ bytes: Bytes, unit: TopicRule.TimeUnit) -> Bool {
    bytes.count == 14 && unit == .auto
  }

  // MARK: Epoch

  /// Parses a text that is a whole epoch number. Returns `nil` if ``parse(_:unit:format:received:calendar:)`` must
  /// decide.
  static func epochNumber(_ bytes: Bytes, unit: TopicRule.TimeUnit) -> Timestamp? {
    guard !mayBeCompact(bytes, unit: unit), let number = wholeNumber(bytes),
      let time = timestamp(number, billionths: 0, unit: unit),
      isAccepted(time)
    else { return nil }
    return time
  }

  /// Parses a number of at most 18 digits and nothing else; no civil time has this form.
  private static func wholeNumber(_ bytes: Bytes) -> Int64? {
    guard !bytes.isEmpty, bytes.count <= 18 else { return nil }
    var whole: Int64 = 0
    for byte in bytes {
      guard ByteText.isDigit(byte) else { return nil }
      whole = whole &* 10 &+ Int64(byte &- 0x30)
    }
    return whole
  }

  private static func epoch(_ bytes: Bytes, unit: TopicRule.TimeUnit) -> Timestamp? {
    var whole: Int64 = 0
    var i = 0
    while i < bytes.count, ByteText.isDigit(bytes[i]) {
      let (tens, overflow) = whole.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int64(bytes[i] &- 0x30))
      if overflow || carry { return nil }
      whole = sum
      i += 1
    }
    guard i > 0 else { return nil }
    var billionths: Int64 = 0
    if i < bytes.count, bytes[i] == 0x2E { (billionths, i) = fraction(bytes, at: i + 1) }
    if i == bytes.count { return timestamp(whole, billionths: billionths, unit: unit) }
    // A number with an exponent is limited to the precision of `Double`.
    guard let number = DecimalNumber.parse(bytes), number >= 0, number < 9e18 else { return nil }
    let floor = number.rounded(.down)
    return Int64(exactly: floor).flatMap { timestamp($0, billionths: Int64((number - floor) * 1e9), unit: unit) }
  }

  private static func timestamp(_ whole: Int64, billionths: Int64, unit: TopicRule.TimeUnit) -> Timestamp? {
    let scale = nanoseconds(in: unit, of: whole)
    let (product, overflow) = whole.multipliedReportingOverflow(by: scale)
    if overflow { return nil }
    return Timestamp(nanoseconds: product) + TimeSpan(nanoseconds: billionths * scale / 1_000_000_000)
  }

  private static func nanoseconds(in unit: TopicRule.TimeUnit, of whole: Int64) -> Int64 {
    switch unit {
    case .seconds: 1_000_000_000
    case .milliseconds: 1_000_000
    case .microseconds: 1_000
    case .nanoseconds: 1
    case .auto:
      switch whole {
      case ..<100_000_000_000: 1_000_000_000
      case ..<100_000_000_000_000: 1_000_000
      case ..<100_000_000_000_000_000: 1_000
      default: 1
      }
    }
  }

  /// Parses decimals from `start`. Returns them in billionths, and their end.
  private static func fraction(_ bytes: Bytes, at start: Int) -> (billionths: Int64, end: Int) {
    var value: Int64 = 0
    var i = start
    while i < bytes.count, ByteText.isDigit(bytes[i]) {
      if i - start < 9 { value = value * 10 + Int64(bytes[i] &- 0x30) }
      i += 1
    }
    var digits = i - start
    while digits < 9 {
      value *= 10
      digits += 1
    }
    return (value, i)
  }

  // MARK: Civil

  private static func civil(
    _ bytes: Bytes, received: Timestamp, calendar: inout LocalCalendar
  ) -> Timestamp? {
    guard var (civil, i) = date(bytes) else { return nil }
    if i < bytes.count {
      guard bytes[i] | 0x20 == 0x74 || bytes[i] == 0x20, let end = timeOfDay(bytes, at: i + 1, civil: &civil) else {
        return nil
      }
      i = end
    }
    return timestamp(civil, zone: bytes, at: i, received: received, calendar: &calendar)
  }

  /// Returns the timestamp of a date and time of day, with the zone at `start` if there is one.
  ///
  /// - Parameters:
  ///   - fields: date and time of day.
  ///   - bytes: the text.
  ///   - start: position of the zone; at the end of the text there is none.
  ///   - received: receive time, to resolve repeated local times.
  ///   - calendar: the plant's local calendar.
  /// - Returns: `nil` if the date, time or zone is invalid.
  private static func timestamp(
    _ fields: CivilTime, zone bytes: Bytes, at start: Int, received: Timestamp, calendar: inout LocalCalendar
  ) -> Timestamp? {
    var civil = fields
    // A leap second counts as the second after it, as in POSIX.
    let leap = civil.second == 60
    if leap { civil.second = 59 }
    guard civil.isValid else { return nil }
    let hasSpace = start < bytes.count && bytes[start] == 0x20
    let zone = ByteText.slice(bytes, start: hasSpace ? start + 1 : start, end: bytes.count)
    let found: Timestamp
    if zone.isEmpty {
      found = calendar.timestamp(of: civil, nearestTo: received)
    } else {
      guard let offset = zoneOffset(zone) else { return nil }
      found = civil.utc - .seconds(offset)
    }
    return leap ? found + .second : found
  }

  /// Parses `20240131235959`, for the years 2000 to 2199.
  private static func compact(
    _ bytes: Bytes, received: Timestamp, calendar: inout LocalCalendar
  ) -> Timestamp? {
    guard let year = number(bytes, start: 0, count: 4), (2000...2199).contains(year),
      let month = number(bytes, start: 4, count: 2),
      let day = number(bytes, start: 6, count: 2), number(bytes, start: 8, count: 6) != nil
    else { return nil }
    var civil = CivilTime(year: year, month: month, day: day)
    guard let end = timeOfDay(bytes, at: 8, civil: &civil), end >= 14 else { return nil }
    return timestamp(civil, zone: bytes, at: end, received: received, calendar: &calendar)
  }

  /// Parses `210101120000W`.
  private static func meterTime(
    _ bytes: Bytes, received: Timestamp, calendar: inout LocalCalendar
  ) -> Timestamp? {
    guard bytes.count == 13, bytes[12] | 0x20 == 0x73 || bytes[12] | 0x20 == 0x77,
      let year = number(bytes, start: 0, count: 2),
      let month = number(bytes, start: 2, count: 2), let day = number(bytes, start: 4, count: 2)
    else { return nil }
    var civil = CivilTime(year: 2000 + year, month: month, day: day)
    guard timeOfDay(bytes, at: 6, civil: &civil) == 12, civil.isValid else { return nil }
    let both = calendar.moments(of: civil)
    return bytes[12] | 0x20 == 0x73 ? both.earlier : both.later
  }

  private static func date(_ bytes: Bytes) -> (civil: CivilTime, end: Int)? {
    guard let year = number(bytes, start: 0, count: 4), bytes.count >= 8 else { return nil }
    let separator = bytes[4]
    if separator == 0x2D || separator == 0x2E || separator == 0x2F {
      guard bytes.count >= 10, bytes[7] == separator, let month = number(bytes, start: 5, count: 2),
        let day = number(bytes, start: 8, count: 2)
      else { return nil }
      return (CivilTime(year: year, month: month, day: day), 10)
    }
    // The basic form requires its T, because eight digits alone are an epoch number.
    guard bytes.count >= 9, bytes[8] | 0x20 == 0x74, let month = number(bytes, start: 4, count: 2),
      let day = number(bytes, start: 6, count: 2)
    else { return nil }
    return (CivilTime(year: year, month: month, day: day), 8)
  }

  private static func timeOfDay(_ bytes: Bytes, at start: Int, civil: inout CivilTime) -> Int? {
    guard let hour = number(bytes, start: start, count: 2) else { return nil }
    var i = start + 2
    let colons = i < bytes.count && bytes[i] == 0x3A
    if colons { i += 1 }
    guard let minute = number(bytes, start: i, count: 2) else { return nil }
    i += 2
    civil.hour = hour
    civil.minute = minute
    if i < bytes.count, colons ? bytes[i] == 0x3A : ByteText.isDigit(bytes[i]) {
      if colons { i += 1 }
      guard let second = number(bytes, start: i, count: 2) else { return nil }
      civil.second = second
      i += 2
      if i + 1 < bytes.count, bytes[i] == 0x2E || bytes[i] == 0x2C, ByteText.isDigit(bytes[i + 1]) {
        let (billionths, end) = fraction(bytes, at: i + 1)
        civil.nanosecond = Int(billionths)
        i = end
      }
    }
    return i
  }

  /// Returns the offset of a zone from UTC [s], positive to the east.
  private static func zoneOffset(_ zone: Bytes) -> Int64? {
    if ByteText.equals(zone, word: "z") || ByteText.equals(zone, word: "utc") || ByteText.equals(zone, word: "gmt") {
      return 0
    }
    guard zone[0] == 0x2B || zone[0] == 0x2D, let hours = number(zone, start: 1, count: 2) else { return nil }
    var minutes = 0
    if zone.count > 3 {
      let start = zone[3] == 0x3A ? 4 : 3
      guard let value = number(zone, start: start, count: 2), zone.count == start + 2 else { return nil }
      minutes = value
    }
    guard hours <= 18, minutes < 60 else { return nil }
    let seconds = Int64(hours * 3600 + minutes * 60)
    return zone[0] == 0x2D ? -seconds : seconds
  }

  private static func number(_ bytes: Bytes, start: Int, count: Int) -> Int? {
    guard bytes.count >= start + count else { return nil }
    var value = 0
    for i in start..<start + count {
      guard ByteText.isDigit(bytes[i]) else { return nil }
      value = value * 10 + Int(bytes[i] &- 0x30)
    }
    return value
  }
}
