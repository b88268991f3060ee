import CommandChannel
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Synchronization
import Testing
import WattlineTime

@Suite struct TopicNameTests {
  @Test(arguments: [
    ("Hall 3/4", "Hall 3%2F4"), ("a+b#c", "a%2Bb%23c"), ("100 %", "100 %25"), ("Wärme.pumpe", "Wärme.pumpe"),
    ("", ""),
    ("\0", "%00"),
  ])
  func `only what MQTT gives a meaning to is percent-encoded`(name: String, topic: String) {
    #expect(TopicName.encode(name) == topic)
  }
}

@Suite struct PublisherTests {
  private func subscriber(_ broker: LocalBroker, filter: String = "#") -> TestSubscriber {
    let subscriber = TestSubscriber(broker.settings, filter: filter)
    #expect(Waiting.until { subscriber.isSubscribed })
    return subscriber
  }

  private func settings(_ broker: LocalBroker, name: String) -> BrokerSettings {
    var settings = broker.settings
    settings.clientID = name
    return settings
  }

  @Test(arguments: [0, 1])
  func `every message of a flood arrives once and in order`(qos: Int) throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let subscriber = subscriber(broker, filter: "flood")
    let publisher = Publisher(settings: settings(broker, name: "flood"), window: 500)
    let clock = ContinuousClock.now
    for number in 0..<5_000 { try publisher.publish(topic: "flood", payload: String(number), qos: qos) }
    #expect(publisher.flush())
    print("5,000 messages at QoS \(qos) in \(ContinuousClock.now - clock)")
    #expect(Waiting.until { subscriber.messages.count >= 5_000 })
    #expect(subscriber.messages.map(\.payload) == (0..<5_000).map(String.init))
    let counters = publisher.counters
    #expect(counters.confirmed == 5_000 && counters.lost == 0 && counters.connections == 1)
    publisher.stop()
  }

  @Test func `who publishes hears what is meant for it, also after the broker was away`() throws {
    let heard = Mutex<[String]>([])
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let device = Publisher(
      settings: settings(broker, name: "device"), filters: ["wattline/p/+/command"],
      onMessage: { message in
        let text = String(decoding: message.payload, as: UTF8.self)
        heard.withLock { $0.append("\(message.topic) \(text)") }
      })
    defer { device.stop(timeout: .zero) }
    func say(_ word: String) throws {
      let publisher = Publisher(settings: settings(broker, name: "voice-\(word)"))
      #expect(Waiting.until(seconds: 30) { publisher.isConnected })
      // The subscription may be confirmed a moment after the connection.
      #expect(
        Waiting.until(seconds: 30, pause: 50) {
          try? publisher.publish(topic: "wattline/p/bess/command", payload: word)
          return heard.withLock { $0.contains("wattline/p/bess/command \(word)") }
        })
      publisher.stop()
    }
    try say("one")
    try broker.restart()
    try say("two")
  }

  @Test("the broker publishes the will when the connection breaks, and the announcement returns with the connection")
  func theBrokerPublishesTheWillWhenTheConnectionBreaksAndTheAnnouncement() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let subscriber = subscriber(broker, filter: "wattline/status")
    let first = Publisher(settings: settings(broker, name: "same"), will: .offline)
    try first.announce(.online)
    #expect(first.flush())
    #expect(Waiting.until { subscriber.messages.map(\.payload) == ["online"] })
    // A second client of the same name makes the broker cut the first one off.
    let second = Publisher(settings: settings(broker, name: "same"))
    #expect(Waiting.until { second.isConnected })
    second.stop()
    #expect(Waiting.until { subscriber.messages.map(\.payload).prefix(3) == ["online", "offline", "online"] })
    first.stop()
    #expect(Waiting.until { subscriber.messages.last?.payload == "offline" })
    let late = self.subscriber(broker, filter: "wattline/status")
    let kept = TestSubscriber.Message(topic: "wattline/status", payload: "offline", retain: true)
    #expect(Waiting.until { late.messages == [kept] })
  }

  @Test func `a publisher that goes without waiting leaves the last word to the broker`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let subscriber = subscriber(broker, filter: "wattline/status")
    let publisher = Publisher(settings: settings(broker, name: "short"), will: .offline)
    try publisher.announce(.online)
    #expect(publisher.flush())
    publisher.stop(timeout: .zero)
    #expect(Waiting.until { subscriber.messages.map(\.payload) == ["online", "offline"] })
  }

  @Test func `messages wait while the broker is away, and a full window says so in time`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    broker.halt()
    let publisher = Publisher(settings: settings(broker, name: "away"), window: 2)
    try publisher.publish(topic: "t", payload: "1", retain: true)
    try publisher.publish(topic: "u", payload: "2", qos: 0, retain: true)
    #expect(throws: PublishError.timedOut) {
      try publisher.publish(topic: "t", payload: "3", timeout: .milliseconds(50))
    }
    #expect(!publisher.flush(timeout: .milliseconds(20)))
    try broker.start()
    #expect(publisher.flush())
    let subscriber = subscriber(broker)
    #expect(Waiting.until { subscriber.messages.map(\.payload).sorted() == ["1", "2"] })
    publisher.stop()
    #expect(throws: PublishError.stopped) { try publisher.publish(topic: "t", payload: "4") }
  }

  @Test func `a wrong password is reported in words`() throws {
    var options = LocalBroker.Options()
    options.credentials = ("plant", "right")
    let broker = try LocalBroker.started(options: options)
    defer { broker.stop() }
    var wrong = settings(broker, name: "wrong")
    wrong.password = Secret("wrong")
    let reasons = Reasons()
    let refused = Publisher(settings: wrong) { event in
      if case .disconnected(let reason) = event { reasons.list.withLock { $0.append(reason) } }
    }
    #expect(Waiting.until { reasons.list.withLock { $0.first?.contains("not authorised") } == true })
    refused.stop()
    let accepted = Publisher(settings: settings(broker, name: "right"))
    #expect(Waiting.until { accepted.isConnected })
    accepted.stop()
  }

  private final class Reasons: Sendable {
    let list = Mutex<[String]>([])
  }

  @Test(arguments: ["", "a/+", "#", "a\0b"])
  func `a topic that MQTT does not allow is refused`(topic: String) throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let publisher = Publisher(settings: settings(broker, name: "topics"))
    defer { publisher.stop() }
    #expect(throws: PublishError.invalid(topic: topic)) { try publisher.publish(topic: topic, payload: "1") }
  }
}
