import CMosquitto
import Foundation
import LocalServers
import MQTTSource
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Testing

/// The example of access rules in `docker/mosquitto/acl`, tried on a real broker.
@Suite struct AccessListTests {
  private static let list = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../docker/mosquitto/acl").standardizedFileURL.path

  @Test("a plant publishes below its own name only, Wattline reads all and writes below its own, operators instruct")
  func aPlantPublishesBelowItsOwnNameOnlyWattlineReadsAllAndWritesBelowItsOwn() throws {
    let folder = try TemporaryFolder(prefix: "wattline-acl")
    defer { folder.remove() }
    let passwords = folder.path + "/passwords"
    for (position, user) in ["wattline", "riverside", "lakeview", "operator"].enumerated() {
      let child = try ChildProcess(
        program: "/usr/bin/mosquitto_passwd",
        arguments: (position == 0 ? ["-c"] : []) + ["-b", passwords, user, "secret"], log: folder.path + "/log")
      #expect(child.wait() == 0)
    }
    var options = LocalBroker.Options()
    options.furtherLines = ["acl_file \(Self.list)", "password_file \(passwords)"]
    let fixture = try SessionFixture(options: options)
    defer { fixture.broker.stop() }
    func user(_ name: String) -> BrokerSettings {
      var settings = fixture.settings
      settings.clientID = "client-of-\(name)"
      settings.username = name
      settings.password = Secret("secret")
      return settings
    }
    func session(_ name: String, filters: [String], sink: RecordingSink) -> BrokerSession {
      let session = BrokerSession(settings: user(name), subscriptions: filters, sink: sink)
      session.start()
      Waiting.until { session.counters.reconnects >= 0 && session.isSubscribed }
      return session
    }
    let everything = RecordingSink()
    let commands = RecordingSink()
    let wattline = session("wattline", filters: ["#"], sink: everything)
    let plant = session(
      "riverside", filters: ["wattline/riverside/#", "wattline/lakeview/#", "lakeview/#"], sink: commands)
    let riverside = try #require(TestPublisher(user("riverside")))
    let other = try #require(TestPublisher(user("wattline")))
    let person = try #require(TestPublisher(user("operator")))
    #expect(person.publish(7..<8, topic: "wattline/riverside/alerts/set"))
    #expect(person.publish(8..<9, topic: "wattline/riverside/bess/command"))
    #expect(person.publish(9..<10, topic: "riverside/pv/power"))
    #expect(riverside.publish(10..<11, topic: "wattline/riverside/alerts/set"))
    #expect(riverside.publish(0..<1, topic: "lakeview/pv/power"))
    #expect(riverside.publish(1..<2, topic: "wattline/riverside/bess/command"))
    #expect(riverside.publish(2..<3, topic: "riverside"))
    #expect(riverside.publish(3..<4, topic: "riverside/pv/power"))
    #expect(other.publish(4..<5, topic: "riverside/pv/power"))
    #expect(other.publish(5..<6, topic: "wattline/lakeview/bess/command"))
    #expect(other.publish(6..<7, topic: "wattline/riverside/bess/command"))
    #expect(Waiting.until { ["6", "7"].allSatisfy(everything.payloads.contains) && commands.payloads.contains("6") })
    wattline.stop()
    plant.stop()
    #expect(Set(everything.payloads).isSubset(of: ["2", "3", "5", "6", "7"]) && everything.payloads.contains("3"))
    #expect(Set(commands.payloads) == ["6", "7"])
  }
}
