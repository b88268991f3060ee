import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

/// An outage at 1,000 points a second, with time running as fast as the disk allows. `WATTLINE_OUTAGE_SECONDS=10800`
/// makes it three hours and prints the figures; the test as it stands is two minutes of outage.
@Suite(
  "A long outage", .enabled(if: access("/usr/bin/influxd", X_OK) == 0, "influxdb is not installed"),
  .timeLimit(.minutes(20)))
struct OutageTests {
  private static let sensors = 500
  private let seconds = ProcessInfo.processInfo.environment["WATTLINE_OUTAGE_SECONDS"].flatMap { Int($0) } ?? 120

  @Test
  func `points cost a few bytes on disk, memory stays flat, and the spool drains faster than points come`() throws {
    let influx = try LocalInflux()
    let folder = try TemporaryFolder(prefix: "outage")
    defer {
      influx.stop()
      folder.remove()
    }
    var options = SinkOptions()
    options.longestBackoff = .milliseconds(100)
    let sink = try InfluxSink(
      influx.settings(), options: options,
      spool: SpoolSettings(directory: folder.path + "/spool", maximumBytes: 4 << 30),
      deadLetters: folder.path + "/dead"
    ) { _ in }
    defer { sink.stop(within: .zero) }
    var source = Source(sensors: Self.sensors)
    for second in 0..<10 { sink.submit(source.batch(second)) }
    let memoryBefore = Self.residentBytes()
    let started = ContinuousClock.now
    for second in 10..<seconds { sink.submit(source.batch(second)) }
    #expect(Waiting.until(seconds: 600) { sink.counts.accounts.queued.points == 0 })
    let filled = ContinuousClock.now
    let away = sink.counts
    let memoryAway = Self.residentBytes()
    let points = UInt64(seconds * Self.sensors * 2)
    #expect(away.accounts.spooled == PointTally(points: points, readings: points / 2))
    let bytesPerPoint = Double(away.spoolBytes) / Double(points)
    #expect(bytesPerPoint < 20)

    try influx.start()
    let back = ContinuousClock.now
    #expect(Waiting.until(seconds: 600) { sink.counts.accounts.spooled.points == 0 })
    let rate = Double(points) / ((ContinuousClock.now - back) / .seconds(1))
    let memoryAfter = Self.residentBytes()
    let accounts = sink.counts.accounts
    #expect(accounts.written.points == points && accounts.submitted == accounts.accounted)
    #expect(rate > 3000)
    #expect(max(memoryAway, memoryAfter) - memoryBefore < 96 << 20)
    #expect(sink.counts.spoolBytes <= 34 << 20)
    let rows = try influx.query("SELECT count(value) FROM raw")
    #expect(rows.first?.number("count") == Double(points / 2))
    guard ProcessInfo.processInfo.environment["WATTLINE_OUTAGE_SECONDS"] != nil else { return }
    print(
      """
      outage of \(seconds) s, \(points) points: \(bytesPerPoint) bytes a point on disk, \
      \(Int(Double(points) / ((filled - started) / .seconds(1)))) points/s in, \(Int(rate)) points/s out, \
      memory \(memoryBefore >> 20) MiB before, \(memoryAway >> 20) away, \(memoryAfter >> 20) after, \
      spool \(sink.counts.spoolBytes) bytes afterwards
      """)
  }

  /// Readings as a plant gives them: one a second of every sensor, each a random walk with two decimals.
  private struct Source {
    private var register = PlantRegister(
      plant: Plant(name: "riverside", location: Location(latitude: 0, longitude: 0, timezone: "UTC")))
    private var series: [SeriesIndex] = []
    private var values: [Double] = []
    private var encoder = LineEncoder()
    private var random = SplitMix(state: 1)

    init(sensors: Int) {
      for index in 0..<sensors {
        series.append(register.admit(asset: "inverter\(index / 10)", sensor: "sensor\(index % 10)"))
        values.append(Double(index))
      }
    }

    mutating func batch(_ second: Int) -> WriteBatch {
      var readings = ReadingBatch()
      for (index, series) in series.enumerated() {
        values[index] += Double(random.index(below: 201) - 100) / 100
        let value = (values[index] * 100).rounded() / 100
        let time = Timestamp(milliseconds: 1_700_000_000_000 + Int64(second) * 1000 + Int64(index))
        readings.append(series: series, time: time, raw: value, value: value, hasSourceTime: true)
      }
      encoder.append(readings, of: register)
      return encoder.drain(upTo: UInt64(second))
    }
  }

  private static func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }
}
