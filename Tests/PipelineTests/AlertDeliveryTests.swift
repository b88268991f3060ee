import CommandChannel
import Foundation
import LocalServers
import MQTTSource
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Synchronization
import Testing
import WattlineTime

@testable import Pipeline

/// A subscriber that keeps the messages of a broker.
final class Listener: BurstSink {
  struct Heard: Equatable {
    var topic: String
    var text: String
  }

  private let heard = Mutex<[Heard]>([])
  private let session = Mutex<BrokerSession?>(nil)

  var hasRoom: Bool { true }
  var messages: [Heard] { heard.withLock { $0 } }

  init(_ broker: LocalBroker, filter: String) {
    var settings = broker.settings
    settings.clientID = "listener-\(UUID().uuidString)"
    let own = BrokerSession(settings: settings, subscriptions: [filter], sink: self)
    own.start()
    session.withLock { $0 = own }
    Waiting.until(seconds: 30) { own.isSubscribed }
  }

  func stop() { session.withLock { $0.take() }?.stop() }

  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
    burst.bytes.withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      while let message = cursor.next() {
        let topic = String(decoding: message.topic, as: UTF8.self)
        let text = String(decoding: message.payload, as: UTF8.self)
        heard.withLock { $0.append(Heard(topic: topic, text: text)) }
      }
    }
    return .accepted
  }

  /// Members `status` and `id` of the messages on a topic, in the order of their coming.
  func alerts(on topic: String) -> [(status: String, id: String)] {
    messages.filter { $0.topic == topic }.map { message in
      let document = try? JSONSerialization.jsonObject(with: Data(message.text.utf8)) as? [String: Any]
      return (document?["status"] as? String ?? "?", document?["id"] as? String ?? "?")
    }
  }
}

@Suite("Alerts over MQTT", .serialized)
struct AlertDeliveryTests {
  private static let topic = "wattline/first/grid/alert"

  private func carry(_ kilowatts: Double, site: Site) throws {
    for _ in 0..<3 { try site.publisher.publish(topic: "first/grid/power", payload: "\(kilowatts)") }
    #expect(site.publisher.flush(timeout: .seconds(30)))
  }

  private func instruct(_ text: String, site: Site) throws {
    try site.publisher.publish(topic: "wattline/first/alerts/set", payload: text)
  }

  @Test("an alert is published, acknowledged, shelved and over, while the database is away, and each step is stored")
  func anAlertIsPublishedAcknowledgedShelvedAndOverWhileTheDatabaseIsAwayAnd() throws {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    let listener = Listener(site.broker, filter: "wattline/first/#")
    defer { listener.stop() }
    let pipeline = try site.pipeline()
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 30) { pipeline.status().intake.isSubscribed })
    site.influx.kill()
    func expect(_ statuses: [String]) throws -> String {
      #expect(Waiting.until(seconds: 30) { listener.alerts(on: Self.topic).count >= statuses.count })
      let heard = listener.alerts(on: Self.topic)
      #expect(heard.map(\.status) == statuses && Set(heard.map(\.id)).count == 1)
      return try #require(heard.first).id
    }
    try carry(310, site: site)
    let id = try expect(["raised"])
    try instruct(#"{"id": "\#(id)", "action": "acknowledge", "by": "Ada"}"#, site: site)
    _ = try expect(["raised", "acknowledged"])
    try carry(400, site: site)
    _ = try expect(["raised", "acknowledged", "escalated"])
    try carry(10, site: site)
    let whole = ["raised", "acknowledged", "escalated", "cleared"]
    _ = try expect(whole)
    try instruct(#"{"id": "\#(id)", "action": "shelve", "for": "forever"}"#, site: site)
    #expect(Waiting.until(seconds: 30) { pipeline.status().stages.ledger.refused == ["instruction_not_understood": 1] })

    // A later subscriber gets the alerts that stand.
    let late = Listener(site.broker, filter: "wattline/first/alerts")
    defer { late.stop() }
    #expect(Waiting.until(seconds: 30) { late.messages.last?.text.contains(#""state":"returned""#) == true })
    try instruct(#"{"id": "\#(id)", "action": "acknowledge"}"#, site: site)
    #expect(Waiting.until(seconds: 30) { late.messages.last?.text == #"{"alerts":[],"count":0}"# })
    try site.influx.start()
    #expect(
      Waiting.until(seconds: 30, pause: 100) {
        let rows = try? site.influx.query("SELECT \"status\" FROM \"alerts\" WHERE \"plant\" = 'first'")
        return rows?.count == whole.count + 1
      })
  }

  @Test func `neither a webhook and a mail server that hang, nor many alerts, nor broken instructions delay a reading`()
    throws
  {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first", sensors: "{match: \"*.voltage\", range: [0, 10]}")
    let hung = try LoopbackListener()
    defer { hung.close() }
    let pipeline = try site.pipeline(adjust: {
      $0.alerts.webhook = WebhookSettings(url: "http://127.0.0.1:\(hung.port)/")
      $0.alerts.email = EmailSettings(
        url: "smtp://127.0.0.1:\(hung.port)", from: "w@example.org", to: ["a@example.org"])
    })
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 30) { pipeline.status().intake.isSubscribed })
    let broken = [
      "", "{", "[1]", "null", #"{"id": 7}"#, #"{"id": "x", "action": "acknowledge"}"#, #"{"action": "shelve"}"#,
      String(repeating: "[", count: 4_000), String(repeating: "x", count: 5_000),
    ]
    for round in 0..<10 {
      for sensor in 0..<200 { try site.publisher.publish(topic: "first/a\(sensor)/voltage", payload: "9\(round)") }
      for text in broken { try instruct(text, site: site) }
      try site.publisher.publish(topic: "wattline/nobody/alerts/set", payload: "{}")
    }
    try site.publisher.publish(topic: "first/load/power", payload: "1")
    #expect(site.publisher.flush(timeout: .seconds(30)))
    #expect(
      Waiting.until(seconds: 30) { pipeline.status().stages.ledger.readings == 2_001 },
      "\(pipeline.status().stages.ledger)")
    #expect(Waiting.until(seconds: 30) { site.count("raw", plant: "first") == 2_001 })
    #expect(
      Waiting.until(seconds: 30) {
        pipeline.status().stages.ledger.refused.values.reduce(0, +) == UInt64(10 * broken.count)
      })
    #expect(Waiting.until(seconds: 60) { (pipeline.status().alerts?.output ?? 0) >= 200 })
  }

  @Test func `what happens while the broker is away, and over a restart, is published once and in order`() throws {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    let first = try site.pipeline()
    try first.start()
    #expect(Waiting.until(seconds: 30) { first.status().intake.isSubscribed })
    let listener = Listener(site.broker, filter: Self.topic)
    defer { listener.stop() }
    try carry(310, site: site)
    #expect(Waiting.until(seconds: 30) { listener.messages.count == 1 })
    // In the journal, and the broker goes before anything can be said.
    try carry(10, site: site)
    site.broker.halt()
    first.stop()
    let second = try site.pipeline()
    try second.start()
    try site.broker.start()
    #expect(Waiting.until(seconds: 60) { second.status().intake.isSubscribed && listener.messages.count >= 2 })
    try carry(400, site: site)
    // A broker that ends between passing a message on and acknowledging it is sent that message again.
    func told() -> [String] {
      let all = listener.alerts(on: Self.topic).map(\.status)
      return all.indices.filter { $0 == 0 || all[$0] != all[$0 - 1] }.map { all[$0] }
    }
    #expect(Waiting.until(seconds: 60) { told().count >= 3 })
    second.stop()
    #expect(told() == ["raised", "cleared", "raised"])
  }
}
