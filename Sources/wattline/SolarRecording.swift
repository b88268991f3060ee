import Foundation
import HealthIndex
import PlantModel

/// A defect of a recording: what, how often, and in words.
struct RecordingDefect: Encodable {
  var kind: String
  var count: Int
  var text: String
}

/// A recorded solar plant, one file of generators and one of weather, with the defects that were found in it.
///
/// Generators are summed by time, because nothing is known to tell them apart; where rows of a time are missing, those that
/// are there stand for them, as long as they are half of the usual number.
struct SolarRecording {
  /// One time of the sum.
  struct Moment {
    var time: Timestamp
    var sample: ExpectedPower.Sample
  }

  /// A power from which on a cell is none, in whatever unit.
  private static let mostPower = 1e12

  private(set) var moments: [Moment] = []
  private(set) var defects: [RecordingDefect] = []
  /// Rows that most times have.
  private(set) var generators = 0

  init(generation: PlainTable, weather: PlainTable) throws {
    let light = try weather.column("irradia", "ghi", "poa", "insolation")
    let module = try weather.column("module", "temperature")
    let power = try generation.column("ac_power", "power")
    for table in [generation, weather] where table.malformedCount > 0 {
      let name = URL(fileURLWithPath: table.path).lastPathComponent
      note("malformed_rows", table.malformedCount, "row", "of \(name) without the header's cells, left out")
    }
    let generationTimes = try RecordedTimes(generation)
    let weatherTimes = try RecordedTimes(weather)
    defects += generationTimes.defects + weatherTimes.defects
    // No sun has 10 kW/m², and no recording of days only less than 10 W/m².
    let brightest = weather.rows.indices.map { weather.number($0, light) }.filter(\.isFinite).max() ?? 0
    let scale = brightest > 10 ? 0.001 : 1
    if brightest > 10 {
      note("irradiance_unit", weather.rows.count, "row", "with an irradiance in W/m², taken as that")
    }
    var skies: [Timestamp: (light: Double, module: Double)] = [:]
    for (row, time) in weatherTimes.times.enumerated() {
      guard let time else { continue }
      skies[time] = (scale * weather.number(row, light), weather.number(row, module))
    }
    var sums: [Timestamp: (power: Double, rows: Int)] = [:]
    for (row, time) in generationTimes.times.enumerated() {
      let value = generation.number(row, power)
      guard let time, value.magnitude < SolarRecording.mostPower else { continue }
      sums[time, default: (0, 0)].power += value
      sums[time, default: (0, 0)].rows += 1
    }
    generators = generationTimes.usualRows
    noteIdentity(generation, generationTimes)
    noteDirectCurrent(generation, power)
    noteStandstill(generation, power, generationTimes, skies)
    for (time, sum) in sums.sorted(by: { $0.key < $1.key }) {
      guard let sky = skies[time], 2 * sum.rows >= generators else { continue }
      let civil = CivilTime(utc: time)
      let sample = ExpectedPower.Sample(
        irradiance: sky.light, moduleTemperature: sky.module, hour: Double(civil.hour) + Double(civil.minute) / 60,
        power: sum.power * Double(generators) / Double(sum.rows))
      moments.append(Moment(time: time, sample: sample))
    }
    let unlit = sums.keys.count { skies[$0] == nil }
    if unlit > 0 {
      note("no_weather", unlit, "time", "of generation without weather, left out")
    }
  }

  private mutating func note(_ kind: String, _ count: Int, _ noun: String, _ text: String) {
    defects.append(RecordingDefect(kind: kind, count: count, text: "\(count.counted(noun)) \(text)"))
  }

  /// Several rows of one time that no column tells apart.
  private mutating func noteIdentity(_ table: PlainTable, _ times: RecordedTimes) {
    guard generators > 1 else { return }
    let hasIdentity = table.columns.indices.contains { column in
      let names = Set(table.rows.map { $0[column] })
      guard names.count >= generators, names.count < 10 * generators else { return false }
      let pairs = Set(zip(times.times, table.rows).map { "\($0?.nanoseconds ?? 0) \($1[column])" })
      return pairs.count == table.rows.count
    }
    if hasIdentity { return }
    note(
      "no_id", generators,
      "row", "of each time, and no column tells which generator they are; they are judged by their sum alone")
  }

  /// Direct current that cannot be in the unit of the alternating one.
  private mutating func noteDirectCurrent(_ table: PlainTable, _ power: Int) {
    guard let direct = try? table.column("dc_power") else { return }
    let ratios = table.rows.indices.map { table.number($0, direct) / table.number($0, power) }
      .filter { $0.isFinite && $0 > 0 }.sorted()
    guard !ratios.isEmpty else { return }
    let median = ratios[ratios.count / 2]
    guard !(0.9...1.3).contains(median) else { return }
    note(
      "dc_unit", ratios.count,
      "row",
      "with a DC power of \(String(format: "%.1f", median)) times the AC power, where an inverter takes 1.0 to 1.1: "
        + "the column is in another unit")
  }

  /// Generators that give nothing in the light.
  private mutating func noteStandstill(
    _ table: PlainTable, _ power: Int, _ times: RecordedTimes, _ skies: [Timestamp: (light: Double, module: Double)]
  ) {
    var days: [String: Int] = [:]
    for (row, time) in times.times.enumerated() {
      guard let time, let sky = skies[time], sky.light > 0.3, table.number(row, power) == 0 else { continue }
      days[String("\(time)".prefix(10)), default: 0] += 1
    }
    guard !days.isEmpty else { return }
    let worst = days.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.prefix(2)
    note(
      "no_power_in_light", days.values.reduce(0, +),
      "row", "without power in bright light, most on " + worst.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
    )
  }
}

/// The times of a recording's rows, in whatever order their dates are written, and what is wrong with them.
struct RecordedTimes {
  private(set) var times: [Timestamp?] = []
  private(set) var defects: [RecordingDefect] = []
  /// Rows that most times have.
  private(set) var usualRows = 0

  init(_ table: PlainTable) throws {
    let column = try table.column("time", "date")
    let fields = table.rows.map { row in row[column].split { !$0.isNumber }.map { Int($0) ?? -1 } }
    let name = URL(fileURLWithPath: table.path).lastPathComponent
    // A year has four digits; of the two others, one above 12 is the day.
    let isYearLast = fields.contains { $0.count >= 3 && $0[2] > 31 }
    let isDayFirst = isYearLast && !fields.contains { $0.count >= 3 && $0[1] > 12 }
    if isDayFirst {
      let example = table.rows.first.map { String($0[column]) } ?? ""
      defects.append(
        RecordingDefect(
          kind: "day_first", count: fields.count, text: "\(name): dates are written day first, as \(example)"))
    }
    times = fields.map { RecordedTimes.time($0, isYearLast: isYearLast, isDayFirst: isDayFirst) }
    noteGaps(name)
  }

  private static func time(_ fields: [Int], isYearLast: Bool, isDayFirst: Bool) -> Timestamp? {
    guard fields.count >= 5 else { return nil }
    let date =
      isYearLast
      ? (fields[2], fields[isDayFirst ? 1 : 0], fields[isDayFirst ? 0 : 1]) : (fields[0], fields[1], fields[2])
    let civil = CivilTime(year: date.0, month: date.1, day: date.2, hour: fields[3], minute: fields[4])
    return civil.isValid ? civil.utc : nil
  }

  private mutating func noteGaps(_ name: String) {
    let unread = times.count { $0 == nil }
    if unread > 0 {
      note("unreadable_time", unread, "\(name): \(unread.counted("row")) with a time that cannot be read")
    }
    let counts = Dictionary(times.compactMap { $0 }.map { ($0, 1) }, uniquingKeysWith: +)
    let rows = counts.values.sorted()
    let moments = counts.keys.sorted()
    guard moments.count > 2, let first = moments.first, let last = moments.last else { return }
    usualRows = rows[rows.count / 2]
    let steps = zip(moments.dropFirst(), moments).map { $0 - $1 }.sorted()
    let step = steps[steps.count / 2]
    let gaps = zip(moments, moments.dropFirst()).filter { $1 - $0 > step }
    if let longest = gaps.max(by: { $0.1 - $0.0 < $1.1 - $1.0 }) {
      let due = Int((last - first).inSeconds / step.inSeconds) + 1
      note(
        "missing_times", due - moments.count,
        "\(name): missing \(due - moments.count) of \(due) times, in \(gaps.count.counted("gap")), the longest from "
          + "\(longest.0) to \(longest.1)")
    }
    let incomplete = rows.count { $0 != usualRows }
    if incomplete > 0 {
      note(
        "incomplete_times", incomplete,
        "\(name): \(incomplete.counted("time")) with another number of rows than \(usualRows)")
    }
  }

  private mutating func note(_ kind: String, _ count: Int, _ text: String) {
    defects.append(RecordingDefect(kind: kind, count: count, text: text))
  }
}
