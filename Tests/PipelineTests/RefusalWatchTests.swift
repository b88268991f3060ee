import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import AccessControl
@testable import Pipeline

@Suite("Publishers that the broker refuses", .serialized)
struct RefusalWatchTests {
  @Test func `the running process tells of them by an alert, a line of the log and a counter, and over a rotation`()
    throws
  {
    let folder = try TemporaryFolder(prefix: "wattline-refused")
    defer { folder.remove() }
    let (rights, log) = (folder.path + "/acl", folder.path + "/broker.log")
    try Data("topic readwrite #\nuser device\ntopic write first/#\n".utf8).write(to: URL(fileURLWithPath: rights))
    // mosquitto itself would make a log that only it may read. A file that is there keeps its mode.
    #expect(FileManager.default.createFile(atPath: log, contents: nil, attributes: [.posixPermissions: 0o640]))
    var options = LocalBroker.Options()
    options.furtherLines = [
      "max_queued_messages 1000000", "acl_file \(rights)", "log_dest file \(log)", "log_type debug", "log_type notice",
      "connection_messages true",
    ]
    let site = try Site(broker: options)
    defer { site.end() }
    try site.add(plant: "first")
    let notes = Locked<[LogEntry]>([])
    let pipeline = try site.pipeline(
      reportEvery: .seconds(1), adjust: { $0.watch.brokerLog = log }, note: { entry in notes.with { $0.append(entry) } }
    )
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 20) { pipeline.status().intake.isSubscribed })
    var settings = site.broker.settings
    (settings.clientID, settings.username) = ("gateway", "device")
    let device = Publisher(settings: settings)
    defer { device.stop() }
    for number in 0..<3 { try device.publish(topic: "other/roof/power", payload: "\(number)") }
    #expect(Waiting.until(seconds: 20) { pipeline.status().refusedPublishes == 3 }, "\(notes.value.map(\.message))")
    let isRaised = Waiting.until(seconds: 20) {
      pipeline.status().stages.plants.first?.alerts.map(\.title) == ["The broker refuses publishers"]
    }
    #expect(isRaised, "\(pipeline.status().stages.plants)")

    #expect(rename(log, log + ".1") == 0)
    #expect(kill(try #require(site.broker.processIdentifier), SIGHUP) == 0)
    #expect(Waiting.until(seconds: 10) { FileManager.default.fileExists(atPath: log) })
    try device.publish(topic: "other/roof/energy", payload: "4")
    #expect(Waiting.until(seconds: 20) { pipeline.status().refusedPublishes == 4 })
    let words =
      "user 'device' (client 'gateway') may not publish on 'other/roof/power'; 'device' is not a user of these plants; "
      + "give the device the user of its plant"
    let told = notes.value.map(\.message).filter { $0.hasPrefix("broker: user 'device'") }
    #expect(told == ["broker: \(words)"])
    let text = "SELECT \"text\", \"status\" FROM \"alerts\" WHERE \"rule\" = 'process_refused'"
    #expect(
      Waiting.until(seconds: 20) {
        (try? site.influx.query(text).first?.text("text"))??.contains(words) == true
      }, "\((try? site.influx.query(text)) ?? [])")
    let counter = "SELECT last(\"refused\") AS refused FROM \"pipeline\" WHERE \"stage\" = 'broker'"
    #expect(Waiting.until(seconds: 20) { (try? site.influx.query(counter).first?.number("refused")) == 4 })
    #expect(try FileManager.default.attributesOfItem(atPath: log + ".1")[.posixPermissions] as? Int == 0o640)
  }

  @Test func `a publisher is told once while it goes on, again after a calm, and their number is bounded`() {
    let lines = Locked<[String]>([])
    let watch = RefusalWatch("/nowhere", accounts: { nil }, note: { entry in lines.with { $0.append(entry.message) } })
    let start = Timestamp(seconds: 1_796_061_600)
    func take(_ client: String, topic: String, minutes: Int64) {
      watch.take(
        RefusedPublish(client: client, user: nil, topic: topic, count: 1), at: start + .minutes(minutes))
    }
    for minute in 0..<20 { take("a", topic: minute == 5 ? "q" : "p", minutes: Int64(minute)) }
    take("b\u{7}", topic: String(repeating: "t", count: 500), minutes: 20)
    #expect(lines.value.count == 2 && lines.value[1].contains("client 'b\\u{07}'"))
    #expect(lines.value.allSatisfy { $0.count < 300 })
    let all = watch.publishers(at: start + .minutes(33))
    #expect(all.map(\.count) == [1, 20] && all.map(\.hasOtherTopics) == [false, true])
    #expect(watch.publishers(at: start + .minutes(34)).count == 1)
    take("a", topic: "p", minutes: 34)
    #expect(lines.value.count == 3)
    #expect(watch.publishers(at: start + .minutes(35)).map(\.name) == ["an unknown user (client 'a')"])
    for number in 0..<1_000 { take("client \(number)", topic: "p", minutes: 35) }
    #expect(watch.publishers(at: start + .minutes(35)).count == RefusalWatch.most)
    #expect(watch.refused == 1_022)
  }

  @Test func `the text has the last three publishers, and its end clears the alert`() {
    var watch = HostWatch(WatchSettings())
    let start = Timestamp(seconds: 1_796_061_600)
    _ = watch.look(HostFacts(), at: start)
    var facts = HostFacts()
    facts.refused = (1...5).map { RefusedPublisher(name: "user 'u\($0)'", topic: "t", remedy: "r", last: start) }
    let raised = watch.look(facts, at: start + .seconds(10))
    #expect(raised.map(\.kind) == [.refused] && raised[0].isStanding && raised[0].value == 5)
    #expect(raised[0].text.contains("user 'u3' may not publish on 't'; r. Further publishers: 2."))
    let over = watch.look(HostFacts(), at: start + .seconds(20))
    #expect(over.map(\.kind) == [.refused] && !over[0].isStanding)
  }
}
