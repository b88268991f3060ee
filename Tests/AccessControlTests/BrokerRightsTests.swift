import AccessControl
import CommandChannel
import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Synchronization
import Testing
import WattlineTime

/// Messages that users received, as `receiver<topic<sender`.
private final class Inbox: Sendable {
  private let messages = Mutex<[String]>([])
  var all: [String] { messages.withLock { $0 } }
  func put(_ message: String) { messages.withLock { $0.append(message) } }
}

/// A broker with an access list, and clients of its users.
private final class GuardedBroker {
  let broker: LocalBroker
  private let folder: TemporaryFolder
  private let inbox = Inbox()
  private var clients: [String: Publisher] = [:]

  init(_ list: AccessList) throws {
    folder = try TemporaryFolder(prefix: "wattline-acl")
    let (acl, passwords) = (folder.path + "/acl", folder.path + "/passwords")
    try Data(list.text.utf8).write(to: URL(fileURLWithPath: acl))
    for (position, user) in list.users.enumerated() {
      let child = try ChildProcess(
        program: "/usr/bin/mosquitto_passwd",
        arguments: (position == 0 ? ["-c"] : []) + ["-b", passwords, user, "secret"], log: folder.path + "/log")
      #expect(child.wait() == 0)
    }
    var options = LocalBroker.Options()
    // With an unbounded queue, Debian's 2.0.11 disconnects a client whose message is refused.
    options.furtherLines = [
      "max_queued_messages 1000000",
      "acl_file \(acl)", "password_file \(passwords)", "allow_anonymous false",
      "log_dest file \(folder.path)/broker.log",
      "log_type debug", "log_type notice", "connection_messages true",
    ]
    broker = try LocalBroker.started(options: options)
  }

  /// Publishes as a user, after a subscription as that user is in place, and waits for the broker's answer.
  func publish(_ user: String, to topics: [String]) throws {
    let client = client(user)
    for topic in topics { try client.publish(topic: topic, payload: user) }
    let isConfirmed = client.flush(timeout: .seconds(5))
    let log = try log().joined(separator: "\n")
    #expect(isConfirmed, "\(log)")
  }

  /// Connects a user that listens; what it receives is in ``heard(by:)``.
  @discardableResult
  func client(_ user: String, filters: [String] = []) -> Publisher {
    if let known = clients[user] { return known }
    var settings = broker.settings
    settings.clientID = "client of \(user)"
    settings.username = user
    settings.password = Secret("secret")
    let client = Publisher(
      settings: settings, filters: filters,
      onMessage: { [inbox] message in
        inbox.put("\(user)<\(message.topic)<\(String(decoding: message.payload, as: UTF8.self))")
      })
    Waiting.until { client.isConnected }
    clients[user] = client
    return client
  }

  /// Messages that a user received, as `topic<sender`.
  func heard(by user: String) -> [String] {
    inbox.all.filter { $0.hasPrefix(user + "<") }.map { String($0.dropFirst(user.count + 1)) }
  }

  /// Lines of the broker's log.
  func log() throws -> [String] {
    try String(contentsOfFile: folder.path + "/broker.log", encoding: .utf8).split(separator: "\n").map(String.init)
  }

  func stop() {
    for client in clients.values { client.stop(timeout: .zero) }
    broker.stop()
    folder.remove()
  }
}

/// What the generated list grants and refuses in a real mosquitto.
@Suite("rights at a real broker")
struct BrokerRightsTests {
  @Test func `devices with foreign prefixes and any name are admitted on their topics alone, and refusals are told`()
    throws
  {
    let list = try accessList([
      (
        "Hall  3/4 öst",
        [
          #"{match: "tele/{asset}/SENSOR", payload: json, values: {power: "/p"}}"#, #"{match: "{asset}/events/rpc"}"#,
          #"{match: "N/{portal}/battery/{asset}/{sensor}", payload: json, values: {"{sensor}": "/value"}}"#,
        ]
      ),
      ("a+b#c", [#"{match: "zigbee2mqtt/{asset}", payload: json, values: {power: "/p"}}"#]),
      ("scada", [#"{match: "spBv1.0/north/+/{edge}/{device}", payload: sparkplug}"#]),
      ("太陽", [#"{match: "solar/{asset}/0/{sensor}"}"#]),
    ])
    let guarded = try GuardedBroker(list)
    defer { guarded.stop() }
    guarded.client("wattline", filters: ["#", "$SYS/none"])
    guarded.client("Hall  3/4 öst", filters: ["wattline/#", "zigbee2mqtt/#", "R/#"])
    guarded.client("scada", filters: ["spBv1.0/#"])
    try guarded.publish(
      "Hall  3/4 öst",
      to: [
        "zigbee2mqtt/lamp", "tele/plug/LWT", "wattline/status", "wattline/太陽/alerts/set",
        "wattline/Hall  3%2F4 öst/alerts/set", "tele/plug/SENSOR", "shelly/events/rpc", "N/c06/battery/512/Soc",
        "Hall  3/4 öst/grid/power",
      ])
    try guarded.publish("a+b#c", to: ["tele/plug/SENSOR", "zigbee2mqtt/lamp"])
    try guarded.publish("太陽", to: ["solar/1/2/power", "solar/1/0/power", "太陽/x"])
    try guarded.publish(
      "scada",
      to: [
        "spBv1.0/south/DDATA/gw/pv", "spBv1.0/STATE/wattline", "spBv1.0/north/NBIRTH/gw", "spBv1.0/north/DDATA/gw/pv",
      ])
    try guarded.publish(
      "wattline",
      to: [
        "tele/plug/SENSOR", "spBv1.0/north/NCMD/gw", "spBv1.0/STATE/wattline", "R/c06/keepalive",
        "wattline/Hall  3%2F4 öst/a/command", "wattline/太陽/a/command",
      ])
    try guarded.publish("operator", to: ["zigbee2mqtt/lamp", "wattline/太陽/a/command", "wattline/太陽/alerts/set"])
    #expect(Waiting.until { guarded.heard(by: "wattline").contains("wattline/太陽/alerts/set<operator") })
    #expect(
      guarded.heard(by: "wattline") == [
        "tele/plug/SENSOR<Hall  3/4 öst", "shelly/events/rpc<Hall  3/4 öst", "N/c06/battery/512/Soc<Hall  3/4 öst",
        "Hall  3/4 öst/grid/power<Hall  3/4 öst", "zigbee2mqtt/lamp<a+b#c", "solar/1/0/power<太陽",
        "spBv1.0/north/NBIRTH/gw<scada", "spBv1.0/north/DDATA/gw/pv<scada", "spBv1.0/north/NCMD/gw<wattline",
        "spBv1.0/STATE/wattline<wattline", "R/c06/keepalive<wattline", "wattline/Hall  3%2F4 öst/a/command<wattline",
        "wattline/太陽/a/command<wattline", "wattline/太陽/alerts/set<operator",
      ])
    #expect(
      Waiting.until {
        guarded.heard(by: "Hall  3/4 öst") == [
          "R/c06/keepalive<wattline", "wattline/Hall  3%2F4 öst/a/command<wattline",
        ]
      })
    #expect(
      guarded.heard(by: "scada").filter { !$0.hasSuffix("<scada") } == [
        "spBv1.0/north/NCMD/gw<wattline", "spBv1.0/STATE/wattline<wattline",
      ])
    let refused = RefusedPublish.read(try guarded.log())
    #expect(
      refused.filter { $0.user == "Hall  3/4 öst" }.map(\.topic) == [
        "zigbee2mqtt/lamp", "tele/plug/LWT", "wattline/status", "wattline/太陽/alerts/set",
        "wattline/Hall  3%2F4 öst/alerts/set",
      ])
    #expect(
      refused.filter { $0.user == "scada" }.map(\.topic) == ["spBv1.0/south/DDATA/gw/pv", "spBv1.0/STATE/wattline"])
    #expect(refused.filter { $0.user == "wattline" }.map(\.topic) == ["tele/plug/SENSOR"])
    // '+/events/rpc' of the hall takes topics below every name, so that none is free for another plant.
    #expect(refused.filter { $0.user == "太陽" }.map(\.topic) == ["solar/1/2/power", "太陽/x"])
    #expect(refused.count == 13)
  }

  @Test func `a plant publishes below its own name only, Wattline reads all, and operators instruct`() throws {
    let list = try accessList([
      ("riverside", [#"{match: "riverside/{asset}/{sensor}"}"#]),
      ("lakeview", [#"{match: "lakeview/{asset}/{sensor}"}"#]),
    ])
    let guarded = try GuardedBroker(list)
    defer { guarded.stop() }
    guarded.client("wattline", filters: ["#"])
    guarded.client("riverside", filters: ["wattline/riverside/#", "wattline/lakeview/#", "lakeview/#"])
    try guarded.publish(
      "operator", to: ["wattline/riverside/bess/command", "riverside/pv/power", "wattline/riverside/alerts/set"])
    try guarded.publish(
      "riverside",
      to: [
        "wattline/riverside/alerts/set", "lakeview/pv/power", "wattline/riverside/bess/command", "riverside",
        "riverside/pv/power",
      ])
    try guarded.publish(
      "wattline", to: ["riverside/pv/power", "wattline/lakeview/bess/command", "wattline/riverside/bess/command"])
    #expect(
      Waiting.until {
        guarded.heard(by: "wattline") == [
          "wattline/riverside/alerts/set<operator", "riverside<riverside", "riverside/pv/power<riverside",
          "wattline/lakeview/bess/command<wattline", "wattline/riverside/bess/command<wattline",
        ]
      }, "\(guarded.heard(by: "wattline"))")
    #expect(
      Waiting.until {
        guarded.heard(by: "riverside") == [
          "wattline/riverside/alerts/set<operator", "wattline/riverside/bess/command<wattline",
        ]
      })
  }
}
