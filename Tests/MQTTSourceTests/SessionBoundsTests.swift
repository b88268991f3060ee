import Foundation
import LocalServers
import MQTTSource
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Testing

/// Sizes, sessions of earlier configurations, several connections.
@Suite struct SessionBoundsTests {
  static let versions: [BrokerSettings.ProtocolVersion] = [.v5, .v311]

  @Test(arguments: versions)
  func `payloads that are too long are acknowledged, dropped and counted; the others arrive`(
    _ version: BrokerSettings.ProtocolVersion
  ) throws {
    var fixture = try SessionFixture()
    defer { fixture.broker.stop() }
    fixture.settings.protocolVersion = version
    fixture.settings.maximumPayload = 1_024
    fixture.establish()
    let publisher = try #require(TestPublisher(fixture.settings))
    // One fits the buffer, one does not and is passed over, some end exactly at the limit.
    for size in [1_024, 1_025, 3_000_000, 1_024] {
      #expect(publisher.publish(payload: String(repeating: "x", count: size)))
    }
    #expect(publisher.publish(0..<50))
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { fixture.sink.payloads.count >= 52 })
    session.stop()
    #expect(fixture.sink.payloads.suffix(50) == (0..<50).map(String.init)[...])
    #expect(session.counters.oversized == 2 && session.counters.messages == 54)
    #expect(fixture.events.count(.oversized(topic: "plant/asset/sensor", limit: 1_024)) == 1)
    // They were acknowledged: the next session gets nothing.
    let next = fixture.session()
    next.start()
    #expect(publisher.publish(50..<51))
    #expect(Waiting.until { fixture.sink.payloads.last == "50" })
    next.stop()
    #expect(next.counters.messages == 1)
  }

  @Test(arguments: versions)
  func `bursts are as large as the sink likes them, however much waits at the broker`(
    _ version: BrokerSettings.ProtocolVersion
  ) throws {
    var options = LocalBroker.Options()
    options.maximumInflight = 0
    var fixture = try SessionFixture(options: options, version: version)
    defer { fixture.broker.stop() }
    fixture.sink = RecordingSink(burstBytes: 1_000)
    fixture.establish()
    let publisher = try #require(TestPublisher(fixture.settings))
    let payloads = (0..<2_000).map { "\($0) " + String(repeating: "x", count: $0 % 300) }
    for payload in payloads.dropLast() { publisher.hand(over: payload) }
    #expect(publisher.publish(payload: payloads[1_999]))
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { fixture.sink.payloads.count >= 2_000 })
    session.stop()
    #expect(fixture.sink.payloads == payloads)
    #expect(fixture.sink.largest > 700 && fixture.sink.largest < 1_400)
  }

  @Test(arguments: versions)
  func `a session is kept when the protocol changes`(_ version: BrokerSettings.ProtocolVersion) throws {
    var fixture = try SessionFixture()
    defer { fixture.broker.stop() }
    fixture.settings.protocolVersion = version
    fixture.establish()
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<100))
    fixture.settings.protocolVersion = version == .v5 ? .v311 : .v5
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { fixture.sink.payloads.count >= 100 })
    session.stop()
    #expect(fixture.sink.payloads == (0..<100).map(String.init))
    #expect(fixture.events.all.contains(.connected(sessionPresent: true)))
  }

  @Test func `with MQTT 5 a retained message comes with a new subscription, and not with each connection`() throws {
    let fixture = try SessionFixture()
    defer { fixture.broker.stop() }
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<1, retain: true))
    fixture.establish()
    #expect(fixture.sink.retained == [true])
    fixture.establish()
    #expect(publisher.publish(1..<2))
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { fixture.sink.payloads.last == "1" })
    session.stop()
    #expect(fixture.sink.retained == [true, false])
  }

  @Test(arguments: versions)
  func `filters of an earlier configuration are unsubscribed, whatever ended the process`(
    _ version: BrokerSettings.ProtocolVersion
  ) throws {
    let folder = try TemporaryFolder(prefix: "wattline-memory")
    defer { folder.remove() }
    var fixture = try SessionFixture()
    defer { fixture.broker.stop() }
    fixture.settings.protocolVersion = version
    let memory = SessionMemory(folder: folder.path + "/sessions", broker: fixture.settings)
    func session(_ filters: [String]) -> BrokerSession {
      BrokerSession(settings: fixture.settings, subscriptions: filters, memory: memory, sink: fixture.sink)
    }
    let first = session(["old/#", "plant/#"])
    first.start()
    #expect(Waiting.until { first.isSubscribed })
    first.stop()
    let second = session(["plant/#"])
    second.start()
    #expect(Waiting.until { second.isSubscribed })
    second.stop()
    // Without the change of configuration the broker would have kept this one too.
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<1, topic: "old/a") && publisher.publish(1..<2, topic: "plant/a"))
    let third = session(["plant/#"])
    third.start()
    #expect(Waiting.until { fixture.sink.payloads.count >= 1 })
    third.stop()
    #expect(fixture.sink.payloads == ["1"])
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/sessions")
    #expect(attributes[.posixPermissions] as? Int == 0o700)
  }

  @Test
  func `a broker that has forgotten the session is told as that, and one that meets it for the first time is not`()
    throws
  {
    let folder = try TemporaryFolder(prefix: "wattline-memory")
    defer { folder.remove() }
    let fixture = try SessionFixture()
    defer { fixture.broker.stop() }
    let (memory, events) = (SessionMemory(folder: folder.path, broker: fixture.settings), fixture.events)
    let session = BrokerSession(
      settings: fixture.settings, subscriptions: ["plant/#"], memory: memory, sink: fixture.sink
    ) { events.append($0) }
    session.start()
    #expect(Waiting.until { session.isSubscribed })
    #expect(!events.all.contains(.forgotten))
    fixture.broker.kill()
    #expect(Waiting.until { !session.isSubscribed })
    try fixture.broker.start()
    #expect(Waiting.until { session.isSubscribed })
    session.stop()
    #expect(events.count(.forgotten) == 1)
  }

  private func plants(_ count: Int) -> [Plant] {
    (0..<count).map { number in
      Plant(
        name: "site\(number)", location: Location(latitude: 52, longitude: 13, timezone: "UTC"),
        topics: [TopicRule(match: "site\(number)/{asset}/{sensor}")])
    }
  }

  private func sessions(
    _ fixture: SessionFixture, connections: Int, folder: String, plants: [Plant], events: EventLog = EventLog()
  ) -> BrokerSessions {
    var settings = fixture.settings
    settings.connections = connections
    return BrokerSessions(
      settings: settings, plants: plants, memory: SessionMemory(folder: folder, broker: settings), sink: fixture.sink
    ) { events.append($1) }
  }

  @Test func `with fewer or more connections nothing is lost, and left sessions are drained and ended`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-memory")
    defer { folder.remove() }
    let fixture = try SessionFixture()
    defer { fixture.broker.stop() }
    let plants = plants(8)
    let publisher = try #require(TestPublisher(fixture.settings))
    var next = 0
    func publish() {
      for plant in plants.indices {
        #expect(publisher.publish(next..<next + 20, topic: "site\(plant)/a/b"))
        next += 20
      }
    }
    for connections in [1, 3, 2, 1] {
      let events = EventLog()
      let sessions = sessions(fixture, connections: connections, folder: folder.path, plants: plants, events: events)
      sessions.start()
      #expect(Waiting.until { sessions.isReady })
      #expect(Waiting.until(seconds: 10) { FileManager.default.fileCount(folder.path) == connections })
      publish()
      #expect(Waiting.until { Set(fixture.sink.payloads).count == next })
      sessions.stop()
      #expect(!events.all.contains(.drained) || connections < 3)
      // Queued for the sessions that the next round may not have.
      publish()
    }
    let last = sessions(fixture, connections: 1, folder: folder.path, plants: plants)
    last.start()
    #expect(Waiting.until { Set(fixture.sink.payloads).count == next })
    last.stop()
    #expect(Set(fixture.sink.payloads) == Set((0..<next).map(String.init)))
    #expect(fixture.sink.payloads.count == next)
  }
}

extension FileManager {
  fileprivate func fileCount(_ folder: String) -> Int { (try? contentsOfDirectory(atPath: folder).count) ?? 0 }
}
