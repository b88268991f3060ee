import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Testing

@testable import MQTTSource

/// Subscriptions that several clients share.
@Suite struct SharedSubscriptionTests {
  static let filter = "$share/workers/plant/+/+"

  private func session(
    _ fixture: SessionFixture, name: String, sink: RecordingSink, events: EventLog = EventLog()
  ) -> BrokerSession {
    var settings = fixture.settings
    settings.clientID = name
    return BrokerSession(settings: settings, subscriptions: [Self.filter], sink: sink) { events.append($0) }
  }

  @Test(arguments: SessionTests.versions)
  func `two sessions of a group share the messages, each of which comes once`(_ version: BrokerSettings.ProtocolVersion)
    throws
  {
    let fixture = try SessionFixture(version: version)
    defer { fixture.broker.stop() }
    let sinks = [RecordingSink(), RecordingSink()]
    let sessions = [session(fixture, name: "one", sink: sinks[0]), session(fixture, name: "two", sink: sinks[1])]
    for session in sessions { session.start() }
    #expect(Waiting.until { sessions.allSatisfy { $0.isSubscribed } })
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<300))
    #expect(Waiting.until { sinks[0].payloads.count + sinks[1].payloads.count >= 300 })
    #expect(sinks.allSatisfy { $0.payloads.count >= 50 })
    // A subscriber that was away gets its share when it comes back, or the other one has it.
    sessions[0].stop()
    #expect(publisher.publish(300..<400))
    let back = session(fixture, name: "one", sink: sinks[0])
    back.start()
    #expect(Waiting.until { sinks[0].payloads.count + sinks[1].payloads.count >= 400 })
    sessions[1].stop()
    back.stop()
    let all = sinks.flatMap(\.payloads).compactMap { Int($0) }.sorted()
    #expect(all == Array(0..<400))
  }

  @Test
  func `a message that the broker had kept is told as such on a shared subscription, if it comes at all`() throws {
    let fixture = try SessionFixture()
    defer { fixture.broker.stop() }
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<1, retain: true))
    let session = session(fixture, name: "one", sink: fixture.sink)
    session.start()
    #expect(Waiting.until { session.isSubscribed })
    #expect(publisher.publish(1..<2))
    #expect(Waiting.until { fixture.sink.payloads.contains("1") })
    session.stop()
    // MQTT 5 has none sent (4.8.2); mosquitto before 2.0.12 sends it.
    let fresh = zip(fixture.sink.payloads, fixture.sink.retained).filter { !$0.1 }.map(\.0)
    #expect(fresh == ["1"])
  }

  @Test
  func `a broker that says that it has no shared subscriptions is not asked for one, and the filter is named`() throws {
    let broker = try FakeBroker { packet in
      packet[0] == 0x10 ? .bytes([0x20, 5, 0, 0, 2, 0x2A, 0]) : FakeBroker.polite(packet, version: 5)
    }
    defer { broker.stop() }
    var settings = BrokerSettings()
    settings.port = broker.port
    let events = EventLog()
    let session = BrokerSession(settings: settings, subscriptions: [Self.filter, "a"], sink: RecordingSink()) {
      events.append($0)
    }
    session.start()
    let refusal = SessionEvent.refused(filter: Self.filter, reason: "it does not support shared subscriptions")
    #expect(Waiting.until { broker.packets.contains { $0[0] == 0x82 } })
    session.stop()
    #expect(events.count(refusal) == 1 && !events.all.contains(.subscribed))
    #expect(broker.packets.filter { $0[0] == 0x82 } == [[0x82, 7, 0, 1, 0, 0, 1] + Array("a".utf8) + [0x11]])
  }

  @Test(arguments: [
    ("$share/g/a", true), ("$share/g/#", true), ("$share/g//", true), ("$share/g/", false), ("$share/g", false),
    ("$share", false), ("$share//a", false), ("$share/+/a", false), ("$share/a#/b", false), ("$shared/a", true),
  ])
  func `MQTT allows a shared filter with a group and something to share`(_ item: (String, Bool)) {
    #expect(SessionSubscriptions.isValid(item.0) == item.1)
  }
}
