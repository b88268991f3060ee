import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Synchronization
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("Alerts about the process", .serialized)
struct ProcessAlarmTests {
  @Test func `a database that is away is an alert on every plant, by webhook too, and is cleared when it is back`()
    throws
  {
    let hook = try Webhook()
    defer { hook.stop() }
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    try site.add(plant: "second")
    let notes = Locked<[LogEntry]>([])
    let pipeline = try site.pipeline(
      reportEvery: .seconds(1),
      adjust: {
        $0.watch.database = .seconds(1)
        $0.alerts.webhook = WebhookSettings(url: hook.url)
      }, note: { entry in notes.with { $0.append(entry) } })
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 20) { pipeline.status().intake.isSubscribed })
    site.influx.halt()
    for number in 0..<5 { try site.publisher.publish(topic: "first/load/power", payload: "\(number)") }
    #expect(
      Waiting.until(seconds: 45) { hook.bodies.contains { $0.contains("process_database") } },
      "\(notes.value.map(\.message))")
    #expect(Set(pipeline.status().stages.plants.map { $0.alerts.count }) == [1])
    #expect(
      notes.value.contains { $0.level == .warning && $0.message.hasPrefix("process: The database does not answer") })
    try site.influx.start()
    #expect(Waiting.until(seconds: 45) { pipeline.status().stages.plants.allSatisfy(\.alerts.isEmpty) })
    let query = "SELECT \"status\" FROM \"alerts\" WHERE \"rule\" = 'process_database'"
    #expect(
      Waiting.until(seconds: 20) {
        (try? site.influx.query(query))?.compactMap { $0.text("status") } == ["raised", "raised", "cleared", "cleared"]
      }, "\((try? site.influx.query(query))?.compactMap { $0.text("status") } ?? [])")
  }

  @Test func `this machine's own memory and disk raise alerts where the bounds are low, and none where they are off`()
    throws
  {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    let pipeline = try site.pipeline(
      reportEvery: .seconds(1), adjust: { ($0.watch.memory, $0.watch.disk) = (1e-6, 1e-6) })
    try pipeline.start()
    let titles = ["The disk of Wattline fills up", "Wattline runs out of memory"]
    let areRaised = Waiting.until(seconds: 20) {
      pipeline.status().stages.plants.first.map { Set($0.alerts.map(\.title)) } == Set(titles)
    }
    #expect(areRaised, "\(pipeline.status().stages.plants)")
    pipeline.stop()
    // The next process ends what the one before left standing.
    let calm = try site.pipeline(reportEvery: .seconds(1), adjust: { ($0.watch.memory, $0.watch.disk) = (nil, nil) })
    try calm.start()
    defer { calm.stop() }
    #expect(
      Waiting.until(seconds: 20) {
        calm.status().stages.plants.first.map { $0.readings == 0 && $0.alerts.isEmpty } == true
      })
    let query = "SELECT \"status\" FROM \"alerts\" WHERE \"rule\" = 'process_disk'"
    #expect(
      Waiting.until(seconds: 20) {
        (try? site.influx.query(query))?.compactMap { $0.text("status") } == ["raised", "cleared"]
      })
  }

  /// A receiver of webhooks that accepts everything.
  private final class Webhook: Sendable {
    private let server: ScriptedServer
    private let seen: Locked<[String]>
    var url: String { "http://127.0.0.1:\(server.port)/alerts" }
    var bodies: [String] { seen.value }

    init() throws {
      let seen = Locked<[String]>([])
      self.seen = seen
      server = try ScriptedServer { connection in
        while connection.line() != nil {
          var length = 0
          while let header = connection.line(), !header.isEmpty {
            let parts = header.lowercased().split(separator: ":", maxSplits: 1)
            if parts.first == "content-length" { length = Int(parts[1].filter(\.isNumber)) ?? 0 }
          }
          guard let body = connection.text(length) else { return }
          seen.with { $0.append(body) }
          connection.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
      }
    }

    func stop() { server.stop() }
  }
}
