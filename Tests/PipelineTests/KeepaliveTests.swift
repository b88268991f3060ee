import CommandChannel
import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("Messages that keep devices publishing", .serialized)
struct KeepaliveTests {
  /// A device at a broker, which keeps what it is sent.
  private final class Device {
    private let seen = Locked<[String]>([])
    private let client: Publisher
    var payloads: [String] { seen.value }

    init(_ site: Site) {
      var settings = site.broker.settings
      settings.clientID = "gx"
      let seen = seen
      client = Publisher(
        settings: settings, filters: ["R/#"],
        onMessage: { message in
          let word = message.retain ? "retained " : ""
          seen.with { $0.append(word + String(decoding: message.payload, as: UTF8.self)) }
        })
      Waiting.until { client.isConnected }
    }

    func stop() { client.stop(timeout: .zero) }
  }

  private func add(_ site: Site, keepalive: String) throws {
    let text = """
      plant: first
      location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
      topics: [{match: "N/{portal}/battery/{asset}/{sensor}"}]
      keepalive: \(keepalive)
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(site.folder)/first.yaml"))
  }

  @Test func `the first one of each connection is its own, the others come regularly, and a reload changes them`()
    throws
  {
    let site = try Site()
    defer { site.end() }
    try add(site, keepalive: "{topic: R/c06/keepalive, every: 5s, payload: go on, first: all}")
    let device = Device(site)
    defer { device.stop() }
    let pipeline = try site.pipeline()
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 20) { device.payloads == ["all"] }, "\(device.payloads)")
    #expect(Waiting.until(seconds: 10) { device.payloads == ["all", "go on"] }, "\(device.payloads)")
    try site.broker.restart()
    #expect(Waiting.until(seconds: 20) { device.payloads.filter { $0 == "all" }.count == 2 }, "\(device.payloads)")
    try add(site, keepalive: "[{topic: R/c06/keepalive, every: 1h, payload: other}]")
    pipeline.reload()
    #expect(Waiting.until(seconds: 10) { device.payloads.last == "other" }, "\(device.payloads)")
  }
}
