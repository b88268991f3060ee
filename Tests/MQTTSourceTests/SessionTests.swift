import Foundation
import LocalServers
import MQTTSource
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Testing

@Suite struct SessionTests {
  /// Sessions, identifiers and duplicates work alike in both.
  static let versions: [BrokerSettings.ProtocolVersion] = [.v5, .v311]

  @Test(arguments: versions)
  func `what was published before the session starts arrives, in order, once`(_ version: BrokerSettings.ProtocolVersion)
    throws
  {
    let fixture = try SessionFixture(version: version)
    defer { fixture.broker.stop() }
    fixture.establish()
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<3_000))
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { fixture.sink.payloads.count >= 3_000 })
    #expect(publisher.publish(3_000..<4_000))
    #expect(Waiting.until { fixture.sink.payloads.count >= 4_000 })
    session.stop()
    #expect(fixture.sink.payloads == (0..<4_000).map(String.init))
    #expect(fixture.sink.times == fixture.sink.times.sorted())
    let counters = session.counters
    #expect(counters.messages == 4_000 && counters.duplicates == 0 && counters.reconnects == 0)
    let digits = (0..<4_000).reduce(0) { $0 + String($1).utf8.count }
    #expect(counters.bytes == digits + 4_000 * "plant/asset/sensor".utf8.count)
    #expect(fixture.events.all.contains(.connected(sessionPresent: true)))
  }

  @Test(arguments: versions)
  func `what was acknowledged is not sent again, what was not is`(_ version: BrokerSettings.ProtocolVersion) throws {
    let fixture = try SessionFixture(version: version)
    defer { fixture.broker.stop() }
    fixture.establish()
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<100))
    let first = fixture.session()
    first.start()
    #expect(Waiting.until { fixture.sink.payloads.count >= 100 })
    first.stop()
    #expect(publisher.publish(100..<200))
    let second = fixture.session()
    second.start()
    #expect(Waiting.until { fixture.sink.payloads.count >= 200 })
    second.stop()
    #expect(fixture.sink.payloads == (0..<200).map(String.init))
  }

  @Test(arguments: versions)
  func `a full sink stops the acknowledgements; with room again everything arrives once`(
    _ version: BrokerSettings.ProtocolVersion
  ) throws {
    let fixture = try SessionFixture(version: version)
    defer { fixture.broker.stop() }
    fixture.establish()
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<100))
    fixture.sink.set(full: true)
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { fixture.events.all.contains(.sinkStalled(reason: "no room")) })
    #expect(Waiting.until { fixture.events.all.contains(.disconnected(reason: "the sink is full")) })
    #expect(fixture.sink.payloads.isEmpty && !session.isSubscribed)
    let turnedAway = fixture.sink.turnedAway
    #expect(publisher.publish(100..<200))
    fixture.sink.set(full: false)
    #expect(Waiting.until { fixture.sink.payloads.count >= 200 })
    session.stop()
    #expect(fixture.sink.payloads == (0..<200).map(String.init))
    // The broker has sent the burst again, as nothing of it was acknowledged.
    #expect(session.counters.duplicates == turnedAway)
    #expect(session.counters.messages == 200 + turnedAway)
  }

  @Test(arguments: versions)
  func `a burst that a dying process did not keep is delivered to the next one`(
    _ version: BrokerSettings.ProtocolVersion
  ) throws {
    let fixture = try SessionFixture(version: version)
    defer { fixture.broker.stop() }
    fixture.establish()
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<50))
    fixture.sink.set(full: false, failure: "disk gone")
    let first = fixture.session()
    first.start()
    #expect(Waiting.until { fixture.events.all.contains(.sinkStalled(reason: "disk gone")) })
    first.stop()
    fixture.sink.set(full: false)
    let second = fixture.session()
    second.start()
    #expect(Waiting.until { fixture.sink.payloads.count >= 50 })
    second.stop()
    #expect(fixture.sink.payloads == (0..<50).map(String.init))
    #expect(second.counters.duplicates == 0)
  }

  @Test(arguments: versions)
  func `what the journal's end already has is recognised when the broker sends it again`(
    _ version: BrokerSettings.ProtocolVersion
  ) throws {
    let fixture = try SessionFixture(version: version)
    defer { fixture.broker.stop() }
    fixture.establish()
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<10))
    // The messages reach a process that ends before it has acknowledged them.
    fixture.sink.set(full: true)
    let first = fixture.session()
    first.start()
    #expect(Waiting.until { fixture.sink.turnedAway > 0 })
    first.stop()
    fixture.sink.set(full: false)
    let second = fixture.session()
    for number in 0..<10 {
      let hash = Array("plant/asset/sensor".utf8).withUnsafeBytes { topic in
        Array(String(number).utf8).withUnsafeBytes { MessageHash.of(topic: topic, payload: $0) }
      }
      // The broker counts identifiers from 1.
      second.recordAppended(packetID: UInt16(number + 1), hash: hash)
    }
    second.start()
    #expect(publisher.publish(10..<20))
    #expect(Waiting.until { fixture.sink.payloads.last == "19" })
    second.stop()
    // How many the broker had sent before the first process ended depends on the moment; those come as duplicates.
    let known = Int(second.counters.duplicates)
    #expect(known > 0 && known <= 10)
    #expect(fixture.sink.payloads == (known..<20).map(String.init))
  }

  @Test
  func `a broker that is killed and comes back is found again, and nothing that it acknowledged is missing`() throws {
    var options = LocalBroker.Options()
    options.savesEveryChange = true
    let fixture = try SessionFixture(options: options)
    defer { fixture.broker.stop() }
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { session.isSubscribed })
    #expect(try #require(TestPublisher(fixture.settings)).publish(0..<20))
    fixture.broker.kill()
    #expect(Waiting.until { !session.isSubscribed })
    try fixture.broker.start()
    #expect(Waiting.until { session.isSubscribed })
    #expect(try #require(TestPublisher(fixture.settings)).publish(20..<40))
    #expect(Waiting.until { Set(fixture.sink.payloads).count == 40 })
    session.stop()
    #expect(fixture.events.count(.subscribed) == 2)
    #expect(session.counters.reconnects == 1)
  }

  @Test func `a refused password is told in words, and the session keeps trying`() throws {
    var options = LocalBroker.Options()
    options.credentials = ("plant", "right")
    var fixture = try SessionFixture(options: options)
    defer { fixture.broker.stop() }
    fixture.settings.password = Secret("wrong")
    let session = fixture.session()
    session.start()
    let refusal = SessionEvent.disconnected(
      reason: "the broker refuses the connection: not authorised; look at user, password and access rules")
    #expect(Waiting.until { fixture.events.count(refusal) >= 2 })
    session.stop()
    #expect(!fixture.events.all.contains(.subscribed))
  }

  @Test(arguments: versions)
  func `a filter that MQTT or the broker refuses is named, and the session is not called subscribed`(
    _ version: BrokerSettings.ProtocolVersion
  ) throws {
    var options = LocalBroker.Options()
    let folder = try TemporaryFolder(prefix: "wattline-acl")
    defer { folder.remove() }
    let list = folder.path + "/acl"
    try "topic readwrite plant/#\n".write(toFile: list, atomically: true, encoding: .utf8)
    options.furtherLines = ["acl_file \(list)"]
    let fixture = try SessionFixture(options: options, version: version)
    defer { fixture.broker.stop() }
    let session = fixture.session(["plant/#", "a/#/b"])
    session.start()
    #expect(Waiting.until { fixture.events.all.contains(.refused(filter: "a/#/b", reason: "it is not valid in MQTT")) })
    #expect(try #require(TestPublisher(fixture.settings)).publish(0..<1))
    #expect(Waiting.until { fixture.sink.payloads == ["0"] })
    #expect(!session.isSubscribed && !fixture.events.all.contains(.subscribed))
    // Without the bad filter the session becomes subscribed on the same connection.
    session.update(subscriptions: ["plant/#"])
    #expect(Waiting.until { session.isSubscribed })
    session.stop()
    #expect(session.counters.reconnects == 0)
  }

  @Test(arguments: versions)
  func `filters are added and removed on the same connection`(_ version: BrokerSettings.ProtocolVersion) throws {
    let fixture = try SessionFixture(version: version)
    defer { fixture.broker.stop() }
    let many = (0..<250).map { "plant/many/\($0)" }
    let session = fixture.session(["plant/a"] + many)
    session.start()
    #expect(Waiting.until { session.isSubscribed })
    session.update(subscriptions: ["plant/b"] + many)
    #expect(Waiting.until { fixture.events.count(.subscribed) == 2 })
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<1, topic: "plant/a"))
    #expect(publisher.publish(1..<2, topic: "plant/b"))
    #expect(publisher.publish(2..<3, topic: "plant/many/249"))
    #expect(Waiting.until { fixture.sink.payloads.count >= 2 })
    session.stop()
    #expect(fixture.sink.payloads == ["1", "2"])
    #expect(session.counters.reconnects == 0)
  }

  @Test func `retained messages are marked, others are not`() throws {
    let fixture = try SessionFixture()
    defer { fixture.broker.stop() }
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<1, retain: true))
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { fixture.sink.retained == [true] })
    #expect(publisher.publish(1..<2, qos: 0))
    #expect(Waiting.until { fixture.sink.retained == [true, false] })
    session.stop()
  }
}
