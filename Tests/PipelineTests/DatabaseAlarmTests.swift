import Foundation
import InfluxSink
import MQTTSource
import PlantModel
import PlantTesting
import StreamCore
import Synchronization
import Testing

@testable import Pipeline

@Suite("A database that takes nothing", .serialized)
struct DatabaseAlarmTests {
  private let plants = ["a", "b"].map {
    Plant(name: $0, location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
  }

  @Test("is every plant's alert, whose state is written every minute, and which ends when points are taken again")
  func transitions() {
    var alarm = DatabaseAlarm(isSuspected: false, at: Timestamp(seconds: 0))
    let limit = SinkState.held(.limit, "max-series-per-database limit exceeded")
    #expect(lines(&alarm, .ok, 1).isEmpty)
    #expect(lines(&alarm, .away("no route"), 2).isEmpty)
    let raised = lines(&alarm, limit, 3)
    #expect(raised.count == 4)
    #expect(raised[0].hasPrefix(#"alerts,plant=a,asset=_plant,rule=database status="raised",severity="critical","#))
    #expect(raised[0].contains(#"id="a/_plant/database/3000""#) && raised[0].contains("limit exceeded"))
    #expect(
      raised[1]
        == #"alert_state,plant=a,asset=_plant,rule=database active=1i,severity="critical",state="unacknowledged" 3000"#)
    #expect(raised[2].hasPrefix("alerts,plant=b,") && raised[3].hasPrefix("alert_state,plant=b,"))
    #expect(lines(&alarm, limit, 62).isEmpty)
    #expect(lines(&alarm, limit, 63).allSatisfy { $0.hasPrefix("alert_state,") && $0.contains("active=1i") })
    #expect(lines(&alarm, .away("it restarts"), 70).isEmpty)
    #expect(lines(&alarm, .held(.credentials, "401"), 71).count == 4)
    let cleared = lines(&alarm, .ok, 80)
    #expect(cleared.count == 4 && cleared[0].contains(#"status="cleared""#))
    #expect(cleared[0].contains(#"id="a/_plant/database/3000""#) && cleared[1].contains("active=0i"))
    #expect(lines(&alarm, .ok, 200).isEmpty)
    var suspected = DatabaseAlarm(isSuspected: true, at: Timestamp(seconds: 0))
    #expect(lines(&suspected, .ok, 1).count == 4)
  }

  private func lines(_ alarm: inout DatabaseAlarm, _ state: SinkState, _ second: Int64) -> [String] {
    var encoder = LineEncoder()
    alarm.step(state, of: plants, at: Timestamp(seconds: second), into: &encoder)
    return String(decoding: encoder.take(upTo: 0).bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test("at its limit of series it is said on stderr, over MQTT and as an alert, and every point arrives afterwards")
  func limit() throws {
    var options = LocalInflux.Options()
    options.maximumSeries = 1_000
    let site = try Site(influx: options)
    defer { site.end() }
    try site.influx.createDatabase()
    try site.influx.write((0..<990).map { "junk,n=\($0) v=1 1" }.joined(separator: "\n"))
    try site.add(plant: "first")
    let (told, notes) = (Words(), Words())
    var listening = site.broker.settings
    listening.clientID = "listener"
    let listener = BrokerSession(settings: listening, subscriptions: [DatabaseWatch.topic], sink: told)
    listener.start()
    let pipeline = try site.pipeline(note: { notes.append($0) })
    try pipeline.start()
    #expect(Waiting.until(seconds: 30) { pipeline.status().isSubscribed && listener.isSubscribed })
    for number in 0..<200 { try site.publisher.publish(topic: "first/s\(number % 20)/power", payload: "\(number)") }
    #expect(Waiting.until(seconds: 30) { told.all.last == "held: limit" }, "\(told.all) \(notes.all)")
    #expect(Waiting.until(seconds: 30) { pipeline.status().accounts.spooled.readings == 200 })
    #expect(notes.all.contains { $0.hasPrefix("database: takes nothing (limit)") })
    #expect(pipeline.status().deadLetters == 0)
    pipeline.stop()

    _ = try site.influx.query("DROP MEASUREMENT \"junk\"")
    _ = try site.influx.query("DROP MEASUREMENT \"pipeline\"")
    let again = try site.pipeline()
    try again.start()
    defer { again.stop() }
    #expect(Waiting.until(seconds: 30) { site.count("raw", plant: "first") == 200 }, "\(again.status())")
    #expect(Waiting.until(seconds: 30) { told.all.last == "ok" }, "\(told.all)")
    let alerts = try site.influx.query("SELECT \"status\" FROM \"alerts\" WHERE \"rule\" = 'database'")
    let statuses = alerts.compactMap { $0.text("status") }
    #expect(statuses.first == "raised" && statuses.last == "cleared", "\(statuses)")
    #expect(again.status().deadLetters == 0)
  }

  /// Payloads or lines, in order.
  private final class Words: BurstSink {
    private let words = Mutex<[String]>([])
    var all: [String] { words.withLock { $0 } }
    var hasRoom: Bool { true }
    func append(_ word: String) { words.withLock { $0.append(word) } }

    func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
      burst.bytes.withUnsafeBytes { bytes in
        var cursor = MessageFrameCursor(bytes)
        while let message = cursor.next() { append(String(decoding: message.payload, as: UTF8.self)) }
      }
      return .accepted
    }
  }
}
