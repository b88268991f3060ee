import Foundation
import HealthIndex
import PlantModel
import Recordings
import WattlineTime

/// Defect of a recording: kind, number of occurrences and description.
struct RecordingDefect: Encodable {
  var kind: String
  var count: Int
  var text: String
}

/// Recording of a solar plant, one file of generators and one of weather, with its defects.
///
/// Generators are summed by time, because no column is known to identify them. If rows of a time are missing, the
/// present ones are scaled up, provided that they are at least half of the usual number.
struct SolarRecording {
  /// Sum of the generators at one time, with the weather.
  struct Moment {
    var time: Timestamp
    var sample: ExpectedPower.Sample
  }

  /// Magnitude from which a cell is not a power, in any unit.
  private static let mostPower = 1e12

  private(set) var moments: [Moment] = []
  private(set) var defects: [RecordingDefect] = []
  /// Usual number of rows per time.
  private(set) var generators = 0

  init(generation: RecordingFile, weather: RecordingFile, zone: LocalCalendar) throws {
    let light = try weather.column(withWord: "irradia", "ghi", "poa", "insolation")
    let module = try weather.column(withWord: "module", "temperature")
    let power = try generation.column(withWord: "ac_power", "power")
    let direct = try? generation.column(withWord: "dc_power")
    let sky = weather.rows(of: [light, module])
    let generated = generation.rows(of: [power] + (direct.map { [$0] } ?? []))
    for (file, rows) in [(generation, generated), (weather, sky)] where rows.tally.unreadable > 0 {
      let name = URL(fileURLWithPath: file.name).lastPathComponent
      record(
        "malformed_rows", count: rows.tally.unreadable, noun: "row", text: "of \(name) that cannot be read, left out")
    }
    let generationTimes = RecordedTimes(generation, rows: generated)
    defects += generationTimes.defects + RecordedTimes(weather, rows: sky).defects
    // Sunlight never reaches 10 kW/m², and recordings of whole days always exceed 10 W/m².
    let brightest = sky.values[0].filter(\.isFinite).max() ?? 0
    let scale = brightest > 10 ? 0.001 : 1
    if brightest > 10 {
      record("irradiance_unit", count: sky.count, noun: "row", text: "with an irradiance in W/m², taken as that")
    }
    var skies: [Timestamp: (light: Double, module: Double)] = [:]
    for (row, time) in sky.times.enumerated() { skies[time] = (scale * sky.values[0][row], sky.values[1][row]) }
    var sums: [Timestamp: (power: Double, rows: Int)] = [:]
    for (time, value) in zip(generated.times, generated.values[0]) where value.magnitude < SolarRecording.mostPower {
      sums[time, default: (0, 0)].power += value
      sums[time, default: (0, 0)].rows += 1
    }
    generators = generationTimes.usualRows
    recordIdentity(generation, rows: generated)
    if direct != nil { recordDirectCurrent(generated) }
    recordStandstill(generated, skies: skies)
    var zone = zone
    for (time, sum) in sums.sorted(by: { $0.key < $1.key }) {
      guard let sky = skies[time], 2 * sum.rows >= generators else { continue }
      let civil = zone.civil(at: time)
      let sample = ExpectedPower.Sample(
        irradiance: sky.light, moduleTemperature: sky.module, hour: Double(civil.hour) + Double(civil.minute) / 60,
        power: sum.power * Double(generators) / Double(sum.rows))
      moments.append(Moment(time: time, sample: sample))
    }
    let unlit = sums.keys.count { skies[$0] == nil }
    if unlit > 0 {
      record("no_weather", count: unlit, noun: "time", text: "of generation without weather, left out")
    }
  }

  private mutating func record(_ kind: String, count: Int, noun: String, text: String) {
    defects.append(RecordingDefect(kind: kind, count: count, text: "\(count.counted(noun)) \(text)"))
  }

  /// Notes a defect if rows of the same time are not identified by any column.
  private mutating func recordIdentity(_ file: RecordingFile, rows: Recording) {
    guard generators > 1 else { return }
    let wanted = rows.columns.compactMap { file.columns.firstIndex(of: $0) }
    let hasIdentity = file.columns.indices.contains { column in
      let texts = file.texts(of: column, besides: wanted)
      let names = Set(texts)
      guard names.count >= generators, names.count < 10 * generators else { return false }
      let pairs = Set(zip(rows.times, texts).map { "\($0.nanoseconds) \($1)" })
      return pairs.count == rows.count
    }
    if hasIdentity { return }
    record(
      "no_id", count: generators,
      noun: "row",
      text: "of each time, and no column tells which generator they are; they are judged by their sum alone")
  }

  /// Notes a defect if the DC power cannot be in the unit of the AC power.
  private mutating func recordDirectCurrent(_ rows: Recording) {
    let ratios = zip(rows.values[1], rows.values[0]).map { $0 / $1 }.filter { $0.isFinite && $0 > 0 }.sorted()
    guard !ratios.isEmpty else { return }
    let median = ratios[ratios.count / 2]
    guard !(0.9...1.3).contains(median) else { return }
    record(
      "dc_unit", count: ratios.count,
      noun: "row",
      text:
        "with a DC power of \(String(format: "%.1f", median)) times the AC power, where an inverter takes 1.0 to 1.1: "
        + "the column is in another unit")
  }

  /// Notes a defect if generators produce nothing in bright light, above 0.3 kW/m².
  private mutating func recordStandstill(
    _ rows: Recording, skies: [Timestamp: (light: Double, module: Double)]
  ) {
    var days: [String: Int] = [:]
    for (time, power) in zip(rows.times, rows.values[0]) {
      guard let sky = skies[time], sky.light > 0.3, power == 0 else { continue }
      days[String("\(time)".prefix(10)), default: 0] += 1
    }
    guard !days.isEmpty else { return }
    let worst = days.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.prefix(2)
    record(
      "no_power_in_light", count: days.values.reduce(0, +),
      noun: "row",
      text: "without power in bright light, most on " + worst.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
    )
  }
}

/// Defects in the times of a recording's rows.
struct RecordedTimes {
  private(set) var defects: [RecordingDefect] = []
  /// Usual number of rows per time.
  private(set) var usualRows = 0

  init(_ file: RecordingFile, rows: Recording) {
    let name = URL(fileURLWithPath: file.name).lastPathComponent
    if file.layout.dates == .dayFirst {
      record("day_first", count: rows.count, text: "\(name): dates are written day first")
    }
    recordGaps(name, times: rows.times)
  }

  private mutating func recordGaps(_ name: String, times: [Timestamp]) {
    let counts = Dictionary(times.map { ($0, 1) }, uniquingKeysWith: +)
    let rows = counts.values.sorted()
    let moments = counts.keys.sorted()
    guard moments.count > 2, let first = moments.first, let last = moments.last else { return }
    usualRows = rows[rows.count / 2]
    let steps = zip(moments.dropFirst(), moments).map { $0 - $1 }.sorted()
    let step = steps[steps.count / 2]
    let gaps = zip(moments, moments.dropFirst()).filter { $1 - $0 > step }
    if let longest = gaps.max(by: { $0.1 - $0.0 < $1.1 - $1.0 }) {
      let due = Int((last - first).inSeconds / step.inSeconds) + 1
      record(
        "missing_times", count: due - moments.count,
        text:
          "\(name): missing \(due - moments.count) of \(due) times, in \(gaps.count.counted("gap")), the longest from "
          + "\(longest.0) to \(longest.1)")
    }
    let incomplete = rows.count { $0 != usualRows }
    if incomplete > 0 {
      record(
        "incomplete_times", count: incomplete,
        text: "\(name): \(incomplete.counted("time")) with another number of rows than \(usualRows)")
    }
  }

  private mutating func record(_ kind: String, count: Int, text: String) {
    defects.append(RecordingDefect(kind: kind, count: count, text: text))
  }
}
