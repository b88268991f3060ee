import LocalServers
import MQTTSource
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Testing

/// The same life of a session with each broker that is installed: what a broker promises of sessions is kept with all
/// of them, and what one of them does not promise is known.
@Suite(.serialized, .timeLimit(.minutes(5))) struct BrokerCompatibilityTests {
  private static let filters = ["plant/+/sensor", "kept"]

  @Test(.enabled(if: MosquittoProgram().isInstalled, "mosquitto is not installed"))
  func `a session lives with mosquitto`() throws { try live(MosquittoProgram()) }

  @Test(.enabled(if: RabbitProgram().isInstalled, "rabbitmq-server is not installed"))
  func `a session lives with RabbitMQ`() throws { try live(RabbitProgram()) }

  @Test(.enabled(if: NATSProgram().isInstalled, "nats-server is not installed"))
  func `a session lives with nats-server`() throws { try live(NATSProgram()) }

  @Test(.enabled(if: AmqttProgram().isInstalled, "amqtt is not installed"))
  func `a session lives with amqtt`() throws { try live(AmqttProgram()) }

  /// One process of the program: its session, what it kept and what it was told.
  private final class Process {
    let sink = RecordingSink()
    let events = EventLog()
    let session: BrokerSession

    init(_ settings: BrokerSettings) {
      let events = events
      session = BrokerSession(settings: settings, subscriptions: filters, sink: sink) { events.append($0) }
      session.start()
    }

    /// Numbers that were not retained, in the order in which they came.
    var numbers: [Int] { zip(sink.payloads, sink.retained).filter { !$0.1 }.compactMap { Int($0.0) } }

    /// Whether all of `expected` come.
    func hears(_ expected: Range<Int>) -> Bool {
      Waiting.until(seconds: 30, pause: 20) { Set(numbers).isSuperset(of: expected) }
    }

    var isSubscribed: Bool { Waiting.until(seconds: 30, pause: 20) { session.isSubscribed } }

    /// Whether the broker has read every acknowledgement so far: it answers a subscription after them.
    func isSettled(_ number: Int) -> Bool {
      session.update(subscriptions: filters + ["other/\(number)"])
      return isSubscribed
    }
  }

  private func live(_ program: any BrokerProgram) throws {
    let broker = try InstalledBroker(program)
    defer { broker.stop() }
    let relay = try Relay(to: broker.port)
    defer { relay.stop() }
    let publisher = try #require(TestPublisher(broker.settings))
    #expect(publisher.publish(1_000..<1_001, topic: "kept", retain: true))
    var settings = broker.settings
    settings.port = relay.port

    // It is new, and hears what is published at QoS 1 and what is kept.
    let first = Process(settings)
    #expect(first.isSubscribed)
    #expect(first.events.all.contains(.connected(sessionPresent: false)))
    #expect(first.events.count(.olderProtocol) == (program is MosquittoProgram ? 0 : 1))
    #expect(
      Waiting.until(seconds: 30) { zip(first.sink.payloads, first.sink.retained).contains { $0 == ("1000", true) } })
    #expect(publisher.publish(0..<50))
    #expect(first.hears(0..<50))
    #expect(!first.sink.packetIDs.contains(0) && first.session.counters.duplicates == 0)
    #expect(first.isSettled(1))

    // It is killed before its acknowledgements have left; messages are published while it is away.
    relay.holdBack()
    #expect(publisher.publish(50..<60))
    #expect(first.hears(50..<60))
    #expect(first.numbers.sorted() == Array(0..<60))
    relay.cut()
    first.session.stop()
    #expect(publisher.publish(60..<100))
    relay.mend()

    // The next process is sent what was not acknowledged and what was queued, and nothing else.
    let second = Process(settings)
    #expect(second.isSubscribed)
    #expect(second.events.all.contains(.connected(sessionPresent: true)))
    #expect(second.hears(60..<100))
    if program.sendsUnacknowledgedAgain { #expect(second.hears(50..<60)) }
    #expect(publisher.publish(100..<110))
    #expect(second.hears(100..<110))
    let due = program.sendsUnacknowledgedAgain ? 50..<110 : 60..<110
    #expect(second.numbers.sorted() == Array(due))
    #expect(second.isSettled(2))

    // Within a process a connection that breaks costs nothing, and what comes again is recognised.
    relay.holdBack()
    #expect(publisher.publish(110..<120))
    #expect(second.hears(110..<120))
    relay.cut()
    #expect(publisher.publish(120..<130))
    relay.mend()
    #expect(second.hears(120..<130))
    #expect(second.isSubscribed && second.isSettled(3))
    #expect(publisher.publish(130..<131))
    #expect(second.hears(130..<131))
    // Nothing is lost with any; nothing comes twice where what comes again can be recognised.
    #expect(Set(second.numbers) == Set(due.lowerBound..<131))
    if program.keepsIdentifiers { #expect(second.numbers.count == due.lowerBound.distance(to: 131)) }
    second.session.stop()
    #expect(second.session.counters.reconnects == 1)
  }
}
