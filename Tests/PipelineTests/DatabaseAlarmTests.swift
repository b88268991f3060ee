import CommandChannel
import Foundation
import InfluxSink
import Journal
import LocalServers
import MQTTSource
import PlantConfig
import PlantModel
import PlantTesting
import Settings
import SinkCore
import StreamCore
import Synchronization
import Testing
import WattlineTime

@testable import Pipeline

@Suite("A database that takes nothing", .serialized)
struct DatabaseAlarmTests {
  @Test func `a record about it survives the journal, and one that is none is told of`() throws {
    let trouble = try #require(DatabaseTrouble(.held(.limit, "max-series-per-database limit exceeded")))
    let read = try trouble.bytes.withUnsafeBytes { try DatabaseTrouble(record: $0) }
    #expect(read == trouble && read.reason == "limit")
    #expect(DatabaseTrouble(.ok)?.reason == "" && DatabaseTrouble(.away("no route")) == nil)
    var processor = RecordProcessor(sources: PlantSources())
    for bytes in [[], [9], trouble.bytes.dropLast()] as [[UInt8]] {
      let notes = bytes.withUnsafeBytes {
        processor.process(kind: .database, received: Timestamp(seconds: 1), body: $0)
      }
      #expect(notes.count == 1)
    }
  }

  @Test("at its limit of series it is said on stderr, over MQTT and as an alert, and every point arrives afterwards")
  func atItsLimitOfSeriesItIsSaidOnStderrOverMQTTAndAsAnAlertAndEveryPoint() throws {
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
    let published = Listener(site.broker, filter: "wattline/first/#")
    defer { published.stop() }
    let pipeline = try site.pipeline(note: { notes.append("\($0)") })
    try pipeline.start()
    #expect(Waiting.until(seconds: 30) { pipeline.status().intake.isSubscribed && listener.isSubscribed })
    for number in 0..<200 { try site.publisher.publish(topic: "first/s\(number % 20)/power", payload: "\(number)") }
    #expect(Waiting.until(seconds: 30) { told.all.last == "held: limit" }, "\(told.all) \(notes.all)")
    #expect(Waiting.until(seconds: 30) { pipeline.status().sink.accounts.spooled.readings == 200 })
    // As any other alert it is published, and can be acknowledged though nothing can be stored.
    let topic = "wattline/first/_plant/alert"
    #expect(Waiting.until(seconds: 30) { published.alerts(on: topic).map(\.status) == ["raised"] })
    let id = published.alerts(on: topic).first?.id ?? ""
    try site.publisher.publish(
      topic: "wattline/first/alerts/set", payload: #"{"id": "\#(id)", "action": "acknowledge", "by": "Ada"}"#)
    #expect(Waiting.until(seconds: 30) { published.alerts(on: topic).map(\.status) == ["raised", "acknowledged"] })
    #expect(notes.all.contains { $0.hasPrefix("database: takes nothing (limit)") })
    #expect(pipeline.status().sink.deadLetters.isEmpty)
    pipeline.stop()

    _ = try site.influx.query("DROP MEASUREMENT \"junk\"")
    _ = try site.influx.query("DROP MEASUREMENT \"pipeline\"")
    let again = try site.pipeline()
    try again.start()
    defer { again.stop() }
    #expect(Waiting.until(seconds: 30) { site.count("raw", plant: "first") == 200 }, "\(again.status())")
    #expect(Waiting.until(seconds: 30) { told.all.last == "ok" }, "\(told.all)")
    let wanted = ["raised", "acknowledged", "cleared"]
    let query = "SELECT \"status\" FROM \"alerts\" WHERE \"rule\" = 'database'"
    #expect(
      Waiting.until(seconds: 30) { (try? site.influx.query(query))?.compactMap { $0.text("status") } == wanted },
      "\((try? site.influx.query(query))?.compactMap { $0.text("status") } ?? [])")
    #expect(again.status().sink.deadLetters.isEmpty)
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
