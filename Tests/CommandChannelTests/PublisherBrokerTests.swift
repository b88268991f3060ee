import CommandChannel
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Testing
import WattlineTime

/// The publisher with each broker that is installed; it speaks MQTT 3.1.1, which all of them know.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PublisherBrokerTests {
  @Test(.enabled(if: MosquittoProgram().isInstalled, "mosquitto is not installed"))
  func `a publisher works with mosquitto`() throws { try publish(MosquittoProgram()) }

  @Test(.enabled(if: RabbitProgram().isInstalled, "rabbitmq-server is not installed"))
  func `a publisher works with RabbitMQ`() throws { try publish(RabbitProgram()) }

  @Test(.enabled(if: NATSProgram().isInstalled, "nats-server is not installed"))
  func `a publisher works with nats-server`() throws { try publish(NATSProgram()) }

  @Test(.enabled(if: AmqttProgram().isInstalled, "amqtt is not installed"))
  func `a publisher works with amqtt`() throws { try publish(AmqttProgram()) }

  private func publish(_ program: any BrokerProgram) throws {
    let broker = try InstalledBroker(program)
    defer { broker.stop() }
    let words = TestSubscriber(broker.settings, filter: "wattline/status")
    let numbers = TestSubscriber(broker.settings, filter: "wattline/+/number")
    #expect(Waiting.until(seconds: 30) { words.isSubscribed && numbers.isSubscribed })
    var settings = broker.settings
    settings.clientID = "wattline-publisher"
    let publisher = Publisher(settings: settings, will: .offline)
    try publisher.announce(.online)
    for number in 0..<100 { try publisher.publish(topic: "wattline/p/number", payload: String(number)) }
    #expect(publisher.flush(timeout: .seconds(30)))
    #expect(Waiting.until(seconds: 30) { numbers.messages.count >= 100 && words.messages.count >= 1 })
    #expect(numbers.messages.compactMap { Int($0.payload) }.sorted() == Array(0..<100))
    // It goes without a word, so that the broker says the last one and keeps it.
    publisher.stop(timeout: .zero)
    #expect(Waiting.until(seconds: 30) { words.messages.map(\.payload) == ["online", "offline"] })
    guard program.retainsWills else { return }
    let late = TestSubscriber(broker.settings, filter: "wattline/status")
    #expect(Waiting.until(seconds: 30) { late.messages.map(\.payload) == ["offline"] })
  }
}
