import Foundation
import InfluxSink
import PlantModel
import PointSchema
import Savings
import WattlineTime

/// Candidates for the cause of a deviation, in words: what other parts of Wattline know of that time.
struct InvestigationCandidates {
  /// Days before the deviation that are looked at too.
  private static let before = 7
  /// Days that are compared for a shifted schedule.
  private static let comparedDays = 28
  /// Most alerts that are named.
  private static let mostAlerts = 5
  /// Health below which an asset is a candidate.
  private static let poorHealth = 70.0

  private let account: SavingsAccount
  private let plant: Plant
  private let reader: DatabaseReader

  /// Creates the search.
  ///
  /// - Parameters:
  ///   - account: The meter's account.
  ///   - plant: Its plant.
  ///   - reader: Connection to the database.
  init(_ account: SavingsAccount, plant: Plant, reader: DatabaseReader) {
    (self.account, self.plant, self.reader) = (account, plant, reader)
  }

  /// Returns the candidates for a deviation, the likely ones first. What the database does not answer is left out.
  ///
  /// - Parameters:
  ///   - since: First day of the deviation.
  ///   - last: Last closed day.
  func words(since: Int, to last: Int) -> [String] {
    let span = since...max(since, last)
    return measures(since) + alerts(span) + health(span) + schedule(span) + daysOfRest(span) + outage(span)
      + weather(span)
  }

  private func measures(_ since: Int) -> [String] {
    account.plan.measures.filter { abs($0.date - since) <= Self.before }.map {
      "the measure '\($0.name)' of \(MeterDay.text(ofDate: $0.date)) has another effect than at first"
    }
  }

  // MARK: Other parts

  private func bounds(_ span: ClosedRange<Int>) -> String {
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    func start(_ date: Int) -> Int64 {
      let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
      return calendar.timestamp(of: CivilTime(year: year, month: month, day: day)).milliseconds
    }
    return "\(Tag.plant.quoted) = \(DatabaseReader.quoted(plant.name)) AND time >= "
      + "\(start(span.lowerBound - Self.before))ms AND time < \(start(span.upperBound + 1))ms"
  }

  private func alerts(_ span: ClosedRange<Int>) -> [String] {
    let statement =
      "SELECT \(FieldKey<String>.title.quoted), \(FieldKey<String>.severity.quoted), \(FieldKey<String>.status.quoted) "
      + "FROM \(Measurement.alerts.name) WHERE \(bounds(span)) GROUP BY \(Tag.asset.quoted), \(Tag.rule.quoted)"
    guard let rows = try? reader.rows(statement) else { return [] }
    let own = ["savings_deviation", "savings_silence"]
    let raised = rows.filter { row in
      row.text(FieldKey<String>.status.name) == "raised" && !own.contains(row.text(.rule) ?? "")
        && !(row.text(.rule) ?? "").hasPrefix("process_")
    }
    func severity(_ row: QueryRow) -> Severity {
      row.text(FieldKey<String>.severity.name).flatMap { Severity(rawValue: $0) } ?? .info
    }
    let sorted = raised.sorted { severity($0) > severity($1) }
    var seen: Set<String> = []
    let words = sorted.compactMap { row -> String? in
      let (asset, title) = (row.text(.asset) ?? "", row.text(FieldKey<String>.title.name) ?? "")
      guard seen.insert(asset + "\0" + title).inserted else { return nil }
      let time = row.number("time").map { Timestamp(milliseconds: Int64($0)) }
      let day = time.map { " since " + MeterDay.text(ofDate: SavingsAccountant.date(of: $0, at: plant)) } ?? ""
      return "alert\(asset == Plant.wholePlant ? "" : " of \(asset)")\(day): \(title)"
    }
    return Array(words.prefix(Self.mostAlerts))
  }

  private func health(_ span: ClosedRange<Int>) -> [String] {
    let statement =
      "SELECT MIN(\(FieldKey<Double>.index.quoted)) FROM \(Measurement.health.name) WHERE \(bounds(span)) GROUP BY "
      + Tag.asset.quoted
    guard let rows = try? reader.rows(statement) else { return [] }
    return rows.compactMap { row in
      guard let asset = row.text(.asset), let index = row.number("min"), index < Self.poorHealth else { return nil }
      return String(format: "the health of %@ fell to %.0f of 100", asset, index)
    }
  }

  // MARK: The meter itself

  private func outage(_ span: ClosedRange<Int>) -> [String] {
    let missing =
      account.allDays.filter { span.contains($0.date) && !$0.isComplete }.count
      + max(0, span.count - account.allDays.filter { span.contains($0.date) }.count)
    return missing == 0
      ? [] : ["the meter or the weather station was out: \(missing) of \(span.count) days are not known"]
  }

  private func weather(_ span: ClosedRange<Int>) -> [String] {
    let count = account.outlook.extrapolatedDays(span)
    return count == 0
      ? []
      : ["weather beyond the fit: \(count) of \(span.count) days are more than 3 °C colder or warmer than any before"]
  }

  /// Tells a deviation that concerns either working days or days of rest alone.
  private func daysOfRest(_ span: ClosedRange<Int>) -> [String] {
    var sums = (work: (excess: 0.0, expected: 0.0), rest: (excess: 0.0, expected: 0.0))
    for day in account.outlook.uses(span) {
      if (day.date + 3) % 7 > 4 {
        sums.rest = (sums.rest.excess + day.actual - day.expected, sums.rest.expected + day.expected)
      } else {
        sums.work = (sums.work.excess + day.actual - day.expected, sums.work.expected + day.expected)
      }
    }
    let (work, rest) = (sums.work.excess / sums.work.expected, sums.rest.excess / sums.rest.expected)
    guard work.isFinite, rest.isFinite else { return [] }
    let figures = String(format: "%+.0f %% on working days, %+.0f %% on weekends", 100 * work, 100 * rest)
    if abs(rest) > 0.05, abs(work) < abs(rest) / 3 { return ["weekends alone differ (\(figures)): a schedule of rest"] }
    if abs(work) > 0.05, abs(rest) < abs(work) / 3 { return ["working days alone differ (\(figures)): their schedule"] }
    return []
  }

  /// Tells a change that lies in a few hours of working days.
  private func schedule(_ span: ClosedRange<Int>) -> [String] {
    let last = span.upperBound
    let before = profile((span.lowerBound - Self.comparedDays)...(span.lowerBound - 1))
    let now = profile(max(span.lowerBound, last - Self.comparedDays + 1)...last)
    guard let before, let now else { return [] }
    let change = zip(now, before).map { $0 - $1 }
    let sign = change.reduce(0, +) < 0 ? -1.0 : 1
    let (total, top) = (change.reduce(0) { $0 + max(0, sign * $1) }, change.map { sign * $0 }.max() ?? 0)
    let hours = (0..<24).filter { sign * change[$0] > top / 2 }
    guard total > 0, let first = hours.first(where: { !hours.contains(($0 + 23) % 24) }), hours.count <= 8,
      hours.allSatisfy({ hour in (0..<hours.count).contains { (first + $0) % 24 == hour } })
    else { return [] }
    let share = hours.reduce(0) { $0 + sign * change[$1] } / total
    guard share > 0.6 else { return [] }
    func clock(_ hour: Int) -> String { String(format: "%02d:00", hour % 24) }
    return [
      "schedule: \(Int((100 * share).rounded())) % of the change lies from \(clock(first)) to "
        + "\(clock(first + hours.count)) of working days"
    ]
  }

  /// Returns the mean use of each local hour of working days [kWh]; `nil` if an hour is not known.
  private func profile(_ span: ClosedRange<Int>) -> [Double]? {
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    var (sums, counts) = ([Double](repeating: 0, count: 24), [Double](repeating: 0, count: 24))
    for reading in account.readings.spans where reading.use.isFinite {
      let local = calendar.civil(at: reading.start)
      let date = CivilTime.daysSinceEpoch(year: local.year, month: local.month, day: local.day)
      guard span.contains(date), (date + 3) % 7 <= 4 else { continue }
      sums[local.hour] += reading.use
      counts[local.hour] += (reading.end - reading.start).inHours
    }
    return counts.contains(0) ? nil : zip(sums, counts).map { $0 / $1 }
  }
}
