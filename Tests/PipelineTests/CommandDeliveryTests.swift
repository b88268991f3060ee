import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantTesting
import Testing

@testable import Pipeline

@Suite("Commands over MQTT", .serialized)
struct CommandDeliveryTests {
  private static let topic = "wattline/first/pv/command"

  private func document(_ text: String?) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data((text ?? "").utf8)) as? [String: Any])
  }

  @Test func `a command waits for a person, is given when he says yes, and never again when the journal is read again`()
    throws
  {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first", assets: "pv: {kind: pv, capacity_kw: 50}")
    let path = "\(site.folder)/first.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8) + "\ncommands: {mode: confirm}\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let listener = Listener(site.broker, filter: Self.topic)
    defer { listener.stop() }
    let first = try site.pipeline()
    try first.start()
    #expect(Waiting.until(seconds: 30) { first.status().intake.isSubscribed })
    for power in [40, 41, 40, 0, 0, 0] {
      try site.publisher.publish(topic: "first/pv/power", payload: "\(power)")
    }
    #expect(Waiting.until(seconds: 30) { listener.messages.count == 1 })
    let asked = try document(listener.messages.first?.text)
    #expect(asked["action"] as? String == "SHUTDOWN" && asked["execute"] as? Bool == false)
    let id = try #require(asked["id"] as? String)
    try site.publisher.publish(
      topic: "wattline/first/commands/set", payload: #"{"id": "\#(id)", "action": "confirm", "by": "Ada"}"#)
    #expect(Waiting.until(seconds: 30) { listener.messages.count == 2 })
    let given = try document(listener.messages.last?.text)
    #expect(given["id"] as? String == id && given["execute"] as? Bool == true)
    #expect(
      Waiting.until(seconds: 30, pause: 100) {
        let rows = try? site.influx.query("SELECT \"state\" FROM \"command\" WHERE \"plant\" = 'first'")
        // Once a minute is over, what was given has been followed.
        return rows?.contains { ["issued", "followed"].contains($0.text("state")) } == true
      })
    let records = first.status().stages.ledger.messages
    first.stop()

    // Without a checkpoint the whole journal is read again.
    for name in try FileManager.default.contentsOfDirectory(atPath: site.folder + "/journal")
    where name.contains("checkpoint") {
      try FileManager.default.removeItem(atPath: site.folder + "/journal/" + name)
    }
    let second = try site.pipeline()
    try second.start()
    defer { second.stop() }
    #expect(
      Waiting.until(seconds: 30) {
        second.status().intake.isSubscribed && second.status().stages.ledger.messages == records
      })
    try site.publisher.publish(topic: "first/pv/power", payload: "40")
    #expect(Waiting.until(seconds: 30) { second.status().stages.ledger.messages > records })
    #expect(listener.messages.filter { $0.text.contains("SHUTDOWN") }.count == 2)
  }
}
