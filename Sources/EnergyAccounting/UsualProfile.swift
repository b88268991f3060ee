import PlantModel
import StreamCore
import WattlineTime

/// The usual course of a counter's increase on workdays and weekends, by which an increase over an outage is spread.
///
/// It is learned from final quarter-hours. An outage is spread by the course before the last midnight (UTC) that is at
/// least ``lag`` before its start. The order in which readings arrive therefore makes no difference. For this, each
/// day's course is kept for as long as an outage can need it.
struct UsualProfile: Sendable, Equatable {
  /// The course as learned before a midnight.
  struct Course: Sendable, Equatable {
    /// Midnight (UTC) before which its quarter-hours lie.
    var until: Timestamp
    /// Offset of local time from UTC [s], positive east.
    var utcOffset: Int64
    /// Mean power by hour of the local day, first 24 h of workdays, then 24 h of weekends [kW].
    var power: [Float]
    /// Number of quarter-hours behind each mean.
    var counts: [UInt8]
  }

  /// Hours of a workday and of a weekend day.
  private static let bins = 48
  /// Number of quarter-hours from which a mean becomes an exponential average with a memory of four weeks.
  private static let memory = (workday: 80, weekend: 32)
  /// Smallest number of quarter-hours for a valid mean.
  private static let fewest = 4
  /// Days from 1970-01-01, a Thursday, to the first Monday.
  private static let firstMonday: Int64 = 4

  /// The courses in chronological order; only the last one still learns.
  private(set) var courses: [Course] = []
  /// Time before an outage by which quarter-hours must be final to be used for it.
  private(set) var lag = TimeSpan.day

  init() {}

  init(courses: [Course], lag: TimeSpan) { (self.courses, self.lag) = (courses, lag) }

  /// Learns the energy of a final quarter-hour.
  ///
  /// - Parameters:
  ///   - energy: Counted energy [kWh].
  ///   - quarter: Start of the quarter-hour, not before that of any learned earlier.
  ///   - utcOffset: Offset of local time from UTC [s], positive east.
  ///   - late: Age up to which late readings count.
  mutating func learn(_ energy: Double, quarter: Timestamp, utcOffset: Int64, late: TimeSpan) {
    lag = late + .hours(1)
    let midnight = quarter.floored(to: .day) + .day
    if let last = courses.last, last.until < midnight {
      courses.append(Course(until: midnight, utcOffset: utcOffset, power: last.power, counts: last.counts))
      // Of the courses older than any outage can need, only the last is kept.
      let oldest = quarter - lag - .days(2)
      let useless = courses.prefix { $0.until < oldest }.count - 1
      if useless > 0 { courses.removeFirst(useless) }
    } else if courses.isEmpty {
      courses = [
        Course(
          until: midnight, utcOffset: utcOffset, power: Array(repeating: 0, count: Self.bins),
          counts: Array(repeating: 0, count: Self.bins))
      ]
    }
    let newest = courses.count - 1
    let bin = Self.bin(Self.localHours(quarter, utcOffset: utcOffset))
    let limit = bin < 24 ? Self.memory.workday : Self.memory.weekend
    let count = min(Int(courses[newest].counts[bin]) + 1, limit)
    courses[newest].counts[bin] = UInt8(count)
    courses[newest].power[bin] += (Float(energy * 4) - courses[newest].power[bin]) / Float(count)
    courses[newest].utcOffset = utcOffset
  }

  /// Returns the usual course for an outage that began at `start`; `nil` if none was learned by then.
  func course(before start: Timestamp) -> Course? {
    let limit = (start - lag).floored(to: .day)
    guard let course = courses.last(where: { $0.until <= limit }) else { return nil }
    let workdays = course.counts.prefix(24).allSatisfy { $0 >= Self.fewest }
    let weekends = course.counts.suffix(24).allSatisfy { $0 >= Self.fewest }
    guard workdays || weekends else { return nil }
    var known = course
    // Until both kinds of day have been learned, one stands in for the other.
    if !weekends { known.power.replaceSubrange(24..., with: course.power.prefix(24)) }
    if !workdays { known.power.replaceSubrange(..<24, with: course.power.suffix(24)) }
    return known.power.allSatisfy { $0 <= 0 } ? nil : known
  }

  fileprivate static func localHours(_ timestamp: Timestamp, utcOffset: Int64) -> Int64 {
    (timestamp + .seconds(utcOffset)).floored(to: .hour).nanoseconds / TimeSpan.hour.nanoseconds
  }

  /// Returns the bin of an hour, counted since the epoch in local time.
  fileprivate static func bin(_ hours: Int64) -> Int {
    let day = (hours >= 0 ? hours : hours - 23) / 24
    let hour = Int(hours - day * 24)
    let weekday = (day - firstMonday) % 7
    return ((weekday + 7) % 7 >= 5 ? 24 : 0) + hour
  }
}

extension UsualProfile.Course {
  /// Returns the usual energy between two times [kWh].
  ///
  /// Example: with 1 kW by day (6 to 18 h) and 0 at night, 12 to 20 h are 6 kWh.
  func energy(from start: Timestamp, to end: Timestamp) -> Double {
    var energy = 0.0
    // Whole weeks are summed at once; at most 168 hours remain.
    let weeks = max(0, (end - start).nanoseconds / TimeSpan.days(7).nanoseconds)
    if weeks > 0 {
      let week = power.prefix(24).reduce(0) { $0 + Double($1) } * 5 + power.suffix(24).reduce(0) { $0 + Double($1) } * 2
      energy = week * Double(weeks)
    }
    forEachHour(from: start + .days(7) * weeks, to: end) { from, to, power in energy += power * (to - from).inHours }
    return energy
  }

  /// Calls `body` with the usual power [kW] of each hour between two times, cut to them.
  ///
  /// - Parameters:
  ///   - start: Start of the stretch.
  ///   - end: End of the stretch.
  ///   - body: Receives start, end and usual power of each piece.
  func forEachHour(
    from start: Timestamp, to end: Timestamp, body: (_ from: Timestamp, _ to: Timestamp, _ power: Double) -> Void
  ) {
    let shift = TimeSpan.seconds(utcOffset)
    var begin = start
    while begin < end {
      let hour = (begin + shift).floored(to: .hour)
      let next = min(end, hour - shift + .hour)
      body(begin, next, Double(power[UsualProfile.bin(hour.nanoseconds / TimeSpan.hour.nanoseconds)]))
      begin = next
    }
  }
}

extension UsualProfile {
  func write(into writer: inout SnapshotWriter) {
    writer.write(lag.nanoseconds)
    writer.write(courses) { writer, course in
      writer.write(course.until)
      writer.write(course.utcOffset)
      for bin in 0..<Self.bins {
        writer.write(course.power[bin].bitPattern)
        writer.write(course.counts[bin])
      }
    }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let lag = TimeSpan(nanoseconds: try reader.read(Int64.self))
    let courses = try reader.readArray(elementSize: 16 + 5 * Self.bins) { (reader) throws(SnapshotError) in
      var course = Course(
        until: try reader.readTimestamp(), utcOffset: try reader.read(Int64.self), power: [], counts: [])
      guard course.utcOffset.magnitude <= 86_400 else { throw .invalid("a local time that is days from UTC") }
      for _ in 0..<Self.bins {
        course.power.append(Float(bitPattern: try reader.read(UInt32.self)))
        course.counts.append(try reader.read(UInt8.self))
      }
      guard course.power.allSatisfy(\.isFinite) else { throw .invalid("a usual power that is no number") }
      return course
    }
    self.init(courses: courses, lag: lag)
  }
}
