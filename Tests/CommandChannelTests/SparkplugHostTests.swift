import CommandChannel
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Synchronization
import Testing
import WattlineTime

/// The host application's `STATE`, with a real broker.
struct SparkplugHostTests {
  private let topic = "spBv1.0/STATE/wattline-1"

  private func settings(_ broker: LocalBroker) -> BrokerSettings {
    var settings = broker.settings
    settings.clientID = "wattline-1-sparkplug"
    return settings
  }

  private func words(_ subscriber: TestSubscriber) -> [String] {
    subscriber.messages.filter { $0.topic == topic }.map(\.payload)
  }

  @Test(
    "a host is announced once it is told to, with the time of its connection, and leaves a retained word that it is gone"
  )
  func aHostIsAnnouncedOnceItIsToldToWithTheTimeOfItsConnectionAndLeavesA() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let subscriber = TestSubscriber(broker.settings, filter: "spBv1.0/#")
    #expect(Waiting.until { subscriber.isSubscribed })
    let host = SparkplugHost(settings: settings(broker), hostID: "wattline-1") { Timestamp(milliseconds: 1_700) }
    #expect(host.topic == topic)
    #expect(Waiting.until { host.isConnected })
    #expect(words(subscriber).isEmpty)
    host.goOnline()
    let online = #"{"online":true,"timestamp":1700}"#
    let offline = #"{"online":false,"timestamp":1700}"#
    #expect(Waiting.until { words(subscriber) == [online] })
    // Somebody says that it is gone, as the broker does with an older will.
    let other = Publisher(settings: broker.settings)
    try other.publish(topic: topic, payload: #"{"online":false,"timestamp":3}"#, retain: true)
    #expect(Waiting.until { words(subscriber) == [online, #"{"online":false,"timestamp":3}"#, online] })
    // Any other word is not answered.
    try other.publish(topic: topic, payload: "nonsense")
    #expect(other.flush())
    other.stop()
    host.stop()
    #expect(Waiting.until { words(subscriber).last == offline })
    #expect(words(subscriber).filter { $0 == online }.count == 2)
    let late = TestSubscriber(broker.settings, filter: topic)
    #expect(Waiting.until { late.messages.map(\.payload) == [offline] })
    #expect(late.messages.first?.retain == true)
  }

  @Test func `after a broken connection the host is announced again, with the time of the new connection`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let clock = Mutex(Int64(0))
    let host = SparkplugHost(settings: settings(broker), hostID: "wattline-1") {
      clock.withLock { now in
        now += 1
        return Timestamp(milliseconds: now)
      }
    }
    defer { host.stop(timeout: .zero) }
    host.goOnline()
    let first = TestSubscriber(broker.settings, filter: topic)
    #expect(Waiting.until(seconds: 30) { first.messages.last?.payload.hasPrefix(#"{"online":true"#) == true })
    // Another client of the same name takes the connection away, so that the broker publishes the will.
    let thief = Publisher(settings: settings(broker))
    #expect(Waiting.until(seconds: 30) { first.messages.contains { $0.payload.hasPrefix(#"{"online":false"#) } })
    thief.stop()
    #expect(
      Waiting.until(seconds: 60) {
        guard let last = first.messages.last?.payload, last.hasPrefix(#"{"online":true"#) else { return false }
        return last != first.messages.first { $0.payload.contains("true") }?.payload
      })
  }
}
