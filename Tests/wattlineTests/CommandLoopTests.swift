import CommandChannel
import Foundation
import LocalServers
import PlantTesting
import Settings
import Synchronization
import Testing
import WattlineTime

@Suite("wattline run and wattline simulate", .serialized)
struct CommandLoopTests {
  @Test func `a simulated PV generator that trips is shut down over the broker, and stays off when it could run again`()
    throws
  {
    let site = try Site()
    defer { site.stop() }
    // Somewhere it is noon.
    let hours = Date().timeIntervalSince1970.truncatingRemainder(dividingBy: 86_400) / 3600
    try site.write(
      "noon.yaml",
      text: """
        plant: noon
        location: {latitude: 0, longitude: \(15 * (12 - hours)), timezone: UTC}
        topics: [{match: "noon/{asset}/{sensor}", payload: number}]
        assets: {pv: {kind: pv, capacity_kw: 50}, load: {kind: load}, grid: {kind: grid}}
        commands: {mode: automatic}
        """)
    let heard = Mutex<(powers: [Double], commands: [String])>(([], []))
    var settings = site.broker.settings
    settings.clientID = "ear"
    let ear = Publisher(
      settings: settings, filters: ["noon/pv/power", CommandMessage.filter(plant: "noon")],
      onMessage: { message in
        let text = String(decoding: message.payload, as: UTF8.self)
        heard.withLock { heard in
          if message.topic == "noon/pv/power" {
            heard.powers.append(Double(text) ?? .nan)
          } else {
            heard.commands.append(text)
          }
        }
      })
    defer { ear.stop(timeout: .zero) }
    try site.runOnline()
    #expect(Waiting.until(seconds: 30) { ear.isConnected })
    let simulator = try ChildProcess(
      program: Program.path,
      arguments: ["simulate", "--config", site.folder.path, "--fault", "pv:trip@8s+12s", "--for", "40"],
      log: site.folder.path + "/simulate.log")
    defer { simulator.kill() }
    #expect(Waiting.until(seconds: 60, pause: 50) { heard.withLock { $0.powers.count >= 30 } }, "\(site.logTail)")
    let (powers, commands) = heard.withLock { ($0.powers, $0.commands) }
    // A reading a second from the start, but for the first, at which the ear may not have been open.
    #expect(powers.prefix(6).allSatisfy { $0 > 0 }, "\(powers)")
    #expect(powers.dropFirst(22).allSatisfy { $0 == 0 }, "\(powers)")
    #expect(commands.contains { $0.contains("SHUTDOWN") && $0.contains("\"execute\":true") }, "\(commands)")
  }
}
