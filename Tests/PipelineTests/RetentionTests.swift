import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import PointSchema
import Settings
import SinkCore
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("Retention", .serialized)
struct RetentionTests {
  @Test func `only whole UTC days that have reached the age are deleted, oldest first, never anything newer`() {
    let now = Timestamp(seconds: 1_796_061_600)  // 2026-11-30T18:00:00Z
    let age = TimeSpan.days(90)
    let limit = RetentionPlan.limit(age: age, at: now)
    #expect(limit.description == "2026-09-01T00:00:00Z")
    #expect(RetentionPlan.next(age: age, oldest: nil, at: now) == nil)
    #expect(RetentionPlan.next(age: age, oldest: limit, at: now) == nil)
    #expect(RetentionPlan.next(age: age, oldest: now, at: now) == nil)
    let old = Timestamp(seconds: 1_780_000_000)  // 2026-05-28T20:26:40Z
    #expect(RetentionPlan.next(age: age, oldest: old, at: now)?.description == "2026-05-29T00:00:00Z")
    #expect(RetentionPlan.next(age: age, oldest: limit - .milliseconds(1), at: now) == limit)
    for hours in stride(from: 0, to: 5_000, by: 7) {
      let oldest = now - .hours(Int64(hours))
      let end = RetentionPlan.next(age: .zero, oldest: oldest, at: now)
      #expect(end.map { $0 <= (now - .day) && $0 > oldest && $0 - oldest <= .day } ?? (now - oldest < .days(2)))
    }
  }

  @Test func `quiet hours are those of the plants' zone, also across midnight`() {
    var settings = RetentionSettings(ages: ["raw": .day])
    let now = Timestamp(seconds: 1_796_061_600)  // 18:00 UTC, 03:00 in Tokyo
    #expect(RetentionPlan.isQuiet(settings, at: now, zone: "Asia/Tokyo"))
    #expect(!RetentionPlan.isQuiet(settings, at: now, zone: "UTC"))
    (settings.quietFrom, settings.quietTo) = (17 * 60, 60)
    #expect(RetentionPlan.isQuiet(settings, at: now, zone: "UTC"))
    #expect(!RetentionPlan.isQuiet(settings, at: now + .hours(7), zone: "UTC"))
    (settings.quietFrom, settings.quietTo) = (60, 60)
    #expect(RetentionPlan.isQuiet(settings, at: now, zone: "nowhere"))
  }

  @Test func `every measurement is either bounded by retention or known to stay`() {
    let names = RetentionSettings.bounded.filter { $0 != "feature_1m" } + RetentionSettings.kept
    #expect(names.sorted() == Measurement.all.map(\.name).sorted())
  }

  @Test func `old days of raw leave a real database, rollups and newer points stay, and a restart goes on`() throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    let now = SystemClock.now()
    let ages: [Int64] = [100, 99, 95, 94, 91, 89, 10, 0]
    let lines = ages.flatMap { days in
      ["raw,plant=p", "feature,plant=p,window=1m", "feature,plant=p,window=15m"].map {
        "\($0) value=1 \((now - .days(days)).milliseconds)"
      }
    }
    try influx.write(lines.joined(separator: "\n"))
    func count(_ measurement: String) -> Int {
      Int((try? influx.query("SELECT count(value) FROM \(measurement)").first?.number("count")) ?? 0)
    }
    #expect(count("raw") == 8 && count("feature") == 16)
    let sink = StillSink()
    let notes = Locked<[LogEntry]>([])
    func keeper(pause: TimeSpan, withMinutes: Bool = false) -> RetentionKeeper {
      var settings = RetentionSettings(ages: ["raw": .days(90)])
      if withMinutes { settings.ages["feature_1m"] = .days(90) }
      settings.quietTo = settings.quietFrom
      return RetentionKeeper(
        settings, database: influx.settings(), sink: sink, pause: pause, zone: { "UTC" },
        note: { entry in notes.with { $0.append(entry) } })
    }
    // While points wait, nothing is deleted; then one day at a time.
    sink.state.set(.away("no route"))
    let first = keeper(pause: .hours(1))
    try first.start()
    Thread.sleep(forTimeInterval: 0.2)
    #expect(count("raw") == 8)
    first.stop()
    sink.state.set(.ok)
    let second = keeper(pause: .hours(1))
    try second.start()
    #expect(Waiting.until(seconds: 10) { second.counts.value.days == 1 }, "\(notes.value)")
    second.stop()
    #expect(count("raw") == 7)
    let third = keeper(pause: .milliseconds(1))
    try third.start()
    #expect(Waiting.until(seconds: 20) { third.counts.value.days == 4 }, "\(notes.value)")
    #expect(count("raw") == 3)
    // A point that comes late is deleted with the next look.
    third.stop()
    try influx.write("raw,plant=p value=1 \((now - .days(200)).milliseconds)")
    let fourth = keeper(pause: .milliseconds(1))
    try fourth.start()
    #expect(Waiting.until(seconds: 10) { fourth.counts.value.days == 1 }, "\(notes.value)")
    fourth.stop()
    #expect(count("raw") == 3 && count("feature") == 16)
    let minutes = keeper(pause: .milliseconds(1), withMinutes: true)
    try minutes.start()
    #expect(Waiting.until(seconds: 20) { minutes.counts.value.days == 5 }, "\(notes.value)")
    minutes.stop()
    #expect(count("feature") == 11)
    let kept = try influx.query("SELECT count(value) FROM feature WHERE \"window\" = '15m'").first?.number("count")
    #expect(kept == 8)
    #expect(notes.value.allSatisfy { $0.level == .info && $0.message.hasPrefix("retention: points of ") })
    var status = PipelineStatus()
    status.retention = third.counts.value
    var reporter = Reporter(instance: "wattline")
    let text = String(decoding: reporter.report(status, at: now).bytes, as: UTF8.self)
    #expect(text.contains("pipeline,instance=wattline,stage=retention out=4i,"), "\(text)")
  }

  @Test func `a version that deletes nothing, and a clock that is far off, are errors that are told once`() throws {
    let cases: [(headers: [String], body: String, words: String)] = [
      ([], #"{"version":"3.0.1"}"#, "InfluxDB 3 Core deletes no points"),
      (["X-Influxdb-Version: 1.8.10", "Date: Sun, 06 Nov 1994 08:49:37 GMT"], "", "differ by more than a day"),
    ]
    for (headers, body, words) in cases {
      let asked = Locked<[String]>([])
      let server = try ScriptedServer { connection in
        while let line = connection.line() {
          asked.with { $0.append(line) }
          while let header = connection.line(), !header.isEmpty {}
          let head = ["HTTP/1.1 200 OK", "Content-Length: \(body.utf8.count)"] + headers
          connection.say(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }
      }
      defer { server.stop() }
      var database = DatabaseSettings()
      database.url = "http://127.0.0.1:\(server.port)"
      var settings = RetentionSettings(ages: ["raw": .days(90)])
      settings.quietTo = settings.quietFrom
      let notes = Locked<[LogEntry]>([])
      let keeper = RetentionKeeper(
        settings, database: database, sink: StillSink(), zone: { "UTC" },
        note: { entry in notes.with { $0.append(entry) } })
      try keeper.start()
      #expect(Waiting.until(seconds: 10) { keeper.counts.value.failures == 1 })
      keeper.stop()
      #expect(notes.value.count == 1 && notes.value[0].message.contains(words) && notes.value[0].level == .error)
      #expect(asked.value.allSatisfy { $0.contains("/ping") }, "\(asked.value)")
    }
  }

  /// A sink that takes nothing and has a state.
  private final class StillSink: Sink {
    let state = Locked(SinkState.ok)
    var counts: SinkCounts {
      var counts = SinkCounts()
      counts.state = state.value
      return counts
    }
    var acceptedUpTo: UInt64? { nil }
    func submit(_ batch: WriteBatch) -> Bool { false }
    func offer(_ batch: WriteBatch) -> Bool { false }
    func stop(within span: TimeSpan) -> UInt64? { nil }
  }
}
