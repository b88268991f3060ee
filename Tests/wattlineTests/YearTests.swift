import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantPhysics
import PlantTesting
import Recordings
import Testing
import WattlineTime

@Suite("A recorded year", .serialized)
struct YearTests {
  /// A home's load and PV with prices and weather, hourly means over a year. It lies beside the package, or where
  /// `WATTLINE_DATA` says; it is not part of the package, so that the test is skipped where it is absent.
  static let recording = PackageFolder.recordings().appendingPathComponent("citylearn/building_01.csv").path

  @Test(
    "a year of a real building, replayed as fast as the broker takes it, arrives whole, and its energy is the file's",
    .enabled(if: FileManager.default.isReadableFile(atPath: recording), "the recording is not here"))
  func aYearOfARealBuildingReplayedAsFastAsTheBrokerTakesItArrivesWholeAndIts() throws {
    try replay(Self.recording)
  }

  private func replay(_ path: String) throws {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "building", further: Self.assets)
    try site.runOnline()
    let expected = try Recorded(path)
    let result = try Program.run("replay", path, "--config", site.folder.path, "--plant", "building")
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output == "\(expected.rows) rows, \(expected.readings) messages published\n")
    try close(after: expected, site: site)
    let arrived = Waiting.until(seconds: 600) {
      usleep(200_000)
      return site.count("raw", plant: "building") == expected.readings + 2
    }
    #expect(arrived, "\(site.count("raw", plant: "building")) of \(expected.readings + 2)\n\(site.logTail)")
    #expect(site.end() == 0, "\(site.logTail)")
    for (name, values) in expected.columns { try check(name, values: values, site: site) }
  }

  private static let assets = """
    assets:
      load: {kind: load}
      pv1: {kind: pv, capacity_kw: 5}
      grid: {kind: grid}
      weather: {kind: weather}
    sensors: [{match: "*", sampling: interval_start, forecast: false}]
    """

  /// The last hour of a recording is whole when a later reading says so.
  private func close(after recorded: Recorded, site: Site) throws {
    let publisher = site.publisher()
    for asset in ["load", "pv1"] {
      let payload = "{\"value\":1,\"ts\":\(recorded.end + 7_200_000)}"
      try publisher.publish(topic: "building/\(asset)/power", payload: payload)
    }
    #expect(publisher.flush())
    publisher.stop()
  }

  private func check(_ name: String, values: [Int64: Double], site: Site) throws {
    let parts = name.split(separator: ".")
    let place = "\"asset\" = '\(parts[0])' AND \"sensor\" = '\(parts[1])'"
    let isPower = parts[1] == "power"
    let raw = try site.influx.query("SELECT \"value\" FROM \"raw\" WHERE \(place)")
    #expect(raw.count == values.count + (isPower ? 1 : 0), "\(name)")
    for row in raw {
      if let time = row.number("time"), let value = values[Int64(time)] { #expect(row.number("value") == value) }
    }
    guard isPower else { return }
    for source in ["FROM \"clean_1h\" WHERE \(place)", "FROM \"feature\" WHERE \"window\" = '1h' AND \(place)"] {
      let hours = try site.influx.query("SELECT \"energy_kwh\" \(source)")
      let energy = Dictionary(hours.map { (Int64($0.number("time") ?? 0), $0.number("energy_kwh") ?? .nan) }) { $1 }
      let wrong = values.filter { abs((energy[$0.key] ?? .nan) - $0.value) > 1e-6 || energy[$0.key] == nil }
      #expect(wrong.isEmpty, "\(name) \(source): \(wrong.count) hours, \(wrong.sorted { $0.key < $1.key }.prefix(5))")
      let sum = values.keys.reduce(0) { $0 + (energy[$1] ?? 0) }
      let total = values.values.reduce(0, +)
      #expect(abs(sum - total) < 1e-6 * total, "\(name) \(source): \(sum) kWh, the file has \(total)")
    }
  }
}

/// A recording as its file has it.
struct Recorded {
  /// Values by column and time [ms].
  private(set) var columns: [String: [Int64: Double]] = [:]
  private(set) var rows = 0
  private(set) var end: Int64 = 0

  var readings: Int { columns.values.reduce(0) { $0 + $1.count } }

  init(_ path: String) throws {
    let file = try RecordingFile(path: path)
    let recording = file.rows(of: Array(file.columns.indices))
    rows = recording.count
    for (row, time) in recording.times.enumerated() {
      end = time.milliseconds
      for (column, values) in zip(recording.columns, recording.values) where !values[row].isNaN {
        columns[column.name, default: [:]][end] = values[row]
      }
    }
  }
}
