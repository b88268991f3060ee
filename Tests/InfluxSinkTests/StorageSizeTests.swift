import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Testing
import WattlineTime

@testable import InfluxSink

/// Measures disk space and the cost of retention on InfluxDB 1.x, for the figures of docker/README.md:
///
///     WATTLINE_STORAGE_SENSORS=20 swift test --filter StorageSizeTests
@Suite(
  "Disk space of a real InfluxDB 1.x", .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["WATTLINE_STORAGE_SENSORS"] != nil))
struct StorageSizeTests {
  /// Rollups of a sensor, with their interval and fields as the encoder writes them.
  private static let rollups: [(name: String, tags: String, interval: Int64, fields: Int)] = [
    ("feature", ",window=1m", 60, 10), ("feature", ",window=15m", 900, 10), ("feature", ",window=1h", 3_600, 10),
    ("clean_1h", "", 3_600, 5),
    ("clean_1d", "", 86_400, 5),
  ]

  private let sensors = Int(ProcessInfo.processInfo.environment["WATTLINE_STORAGE_SENSORS"] ?? "") ?? 10

  @Test func `a week of raw and clean, what a deleted day costs, and a month of rollups`() throws {
    // Written blocks are compacted at once, so that the size is the final one.
    setenv("INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION", "1s", 1)
    setenv("INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION", "2s", 1)
    let folder = try TemporaryFolder(prefix: "wattline-storage")
    defer { folder.remove() }
    var options = LocalInflux.Options()
    options.keep = folder.path
    let influx = try LocalInflux.started(options: options)
    defer { influx.stop() }
    try influx.createDatabase()
    let start = Timestamp(seconds: 1_780_000_000).floored(to: .day)
    let readings = try write(to: influx, from: start, days: 7, interval: 10) { sensor, value in
      "raw,plant=site,asset=a\(sensor),sensor=power,unit=kW value=\(value)"
    }
    let raw = try settled(folder.path)
    print("raw: \(readings) points, \(raw) bytes, \(Self.ratio(raw, readings)) bytes each")
    let cleaned = try write(to: influx, from: start, days: 7, interval: 10) { sensor, value in
      "clean,plant=site,asset=a\(sensor),sensor=power,unit=kW value=\(value),quality=0i,flags=0i,imputed=false"
    }
    let both = try settled(folder.path)
    print("clean: \(cleaned) points, \(both - raw) bytes, \(Self.ratio(both - raw, cleaned)) bytes each")
    for day in 1...3 {
      let began = ContinuousClock.now
      let remover = try PointRemover(influx.settings()) { false }
      let end = start + .days(Int64(day))
      #expect(try remover.oldest(of: "raw", before: end) != nil)
      let asked = ContinuousClock.now
      try remover.remove("raw", before: end)
      print("deleting day \(day): asked in \(asked - began), deleted in \(ContinuousClock.now - asked)")
      print("  \(try settled(folder.path)) bytes of \(both) on disk after it")
    }
    let before = try settled(folder.path)
    for rollup in Self.rollups {
      let size = try settled(folder.path)
      let points = try write(to: influx, from: start, days: 28, interval: rollup.interval) { sensor, value in
        let fields = (0..<rollup.fields).map { "f\($0)=\(value + Double($0))" }.joined(separator: ",")
        return "\(rollup.name),plant=site,asset=a\(sensor),sensor=power\(rollup.tags),unit=kW \(fields)"
      }
      let grown = try settled(folder.path) - size
      print(
        "\(rollup.name)\(rollup.tags): \(points) points in 28 days, \(grown) bytes, \(Self.ratio(grown, points)) each")
    }
    print("rollups of \(sensors) sensors in 28 days: \(try settled(folder.path) - before) bytes")
  }

  /// Writes a random walk with two decimals for each sensor, an hour at a time; returns the number of points.
  private func write(
    to influx: LocalInflux, from start: Timestamp, days: Int, interval: Int64,
    line: (_ sensor: Int, _ value: Double) -> String
  ) throws -> Int {
    var values = [Double](repeating: 50, count: sensors)
    var generator = SplitMix(state: 7)
    var lines: [String] = []
    var points = 0
    for offset in stride(from: Int64(0), to: Int64(days) * 86_400, by: Int(interval)) {
      let time = (start + .seconds(offset)).milliseconds
      for sensor in values.indices {
        values[sensor] = ((values[sensor] + generator.step()) * 100).rounded() / 100
        lines.append(line(sensor, values[sensor]) + " \(time)")
      }
      if lines.count >= 20_000 {
        try influx.write(lines.joined(separator: "\n"))
        points += lines.count
        lines.removeAll(keepingCapacity: true)
      }
    }
    if !lines.isEmpty { try influx.write(lines.joined(separator: "\n")) }
    return points + lines.count
  }

  /// Returns the size of the data once it stays the same for some seconds [bytes].
  private func settled(_ folder: String) throws -> Int {
    var (last, same) = (-1, 0)
    for _ in 0..<120 where same < 4 {
      Thread.sleep(forTimeInterval: 2)
      let now = bytes(folder + "/data") + bytes(folder + "/wal")
      same = now == last ? same + 1 : 0
      last = now
    }
    return last
  }

  private func bytes(_ folder: String) -> Int {
    guard let names = FileManager.default.enumerator(atPath: folder) else { return 0 }
    return names.reduce(0) { sum, name in
      var status = stat()
      return lstat("\(folder)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        ? sum + Int(status.st_blocks) * 512 : sum
    }
  }

  private static func ratio(_ bytes: Int, _ points: Int) -> String {
    String(format: "%.2f", Double(bytes) / Double(max(points, 1)))
  }

  private struct SplitMix {
    var state: UInt64
    mutating func step() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((mixed ^ (mixed >> 31)) >> 11) / 9_007_199_254_740_992 - 0.5
    }
  }
}
