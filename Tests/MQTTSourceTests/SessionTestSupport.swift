import CMosquitto
import LocalServers
import MQTTSource
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Synchronization
import WattlineTime

/// Keeps what a session hands over, or turns it away when told to.
final class RecordingSink: BurstSink {
  private struct State {
    var payloads: [String] = []
    var retained: [Bool] = []
    var packetIDs: [UInt16] = []
    var times: [Timestamp] = []
    var isFull = false
    var failure: String?
    var turnedAway = 0
    var offered = 0
    var largest = 0
  }
  private let state = Mutex(State())
  let burstBytes: Int

  init(burstBytes: Int = 4 << 20) { self.burstBytes = burstBytes }

  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
    burst.bytes.withUnsafeBytes { bytes in
      state.withLock { state in
        state.offered += 1
        state.largest = max(state.largest, bytes.count)
        if let failure = state.failure {
          state.turnedAway += burst.count
          return .failed(failure)
        }
        if state.isFull {
          state.turnedAway += burst.count
          return .full
        }
        var cursor = MessageFrameCursor(bytes)
        while let message = cursor.next() {
          state.payloads.append(String(decoding: message.payload, as: UTF8.self))
          state.retained.append(message.retained)
          state.packetIDs.append(message.packetID)
          state.times.append(received)
        }
        return .accepted
      }
    }
  }

  var hasRoom: Bool { state.withLock { !$0.isFull && $0.failure == nil } }
  /// 0 for messages at QoS 0.
  var packetIDs: [UInt16] { state.withLock { $0.packetIDs } }
  var payloads: [String] { state.withLock { $0.payloads } }
  var retained: [Bool] { state.withLock { $0.retained } }
  var times: [Timestamp] { state.withLock { $0.times } }
  /// Bytes of the largest burst.
  var largest: Int { state.withLock { $0.largest } }
  var turnedAway: Int { state.withLock { $0.turnedAway } }
  func set(full: Bool, failure: String? = nil) {
    state.withLock {
      $0.isFull = full
      $0.failure = failure
    }
  }
}

/// The events of a session, in order.
final class EventLog: Sendable {
  private let events = Mutex<[SessionEvent]>([])
  var all: [SessionEvent] { events.withLock { $0 } }
  func append(_ event: SessionEvent) { events.withLock { $0.append(event) } }
  func count(_ event: SessionEvent) -> Int { all.filter { $0 == event }.count }
}

/// A client that publishes at QoS 1 and waits for the broker's acknowledgement of everything.
final class TestPublisher {
  fileprivate let client: OpaquePointer
  fileprivate final class Confirmed: Sendable {
    let count = Atomic(0)
    let isConnected = Atomic(false)
  }
  fileprivate let confirmed = Confirmed()
  fileprivate var sent = 0

  init?(_ settings: BrokerSettings) {
    mosquitto_lib_init()
    guard let client = mosquitto_new(nil, true, Unmanaged.passUnretained(confirmed).toOpaque()) else { return nil }
    self.client = client
    mosquitto_username_pw_set(client, settings.username, settings.password?.text)
    if settings.tls { mosquitto_tls_set(client, settings.caFile, nil, settings.certificateFile, settings.keyFile, nil) }
    mosquitto_publish_callback_set(client) { _, context, _ in
      guard let context else { return }
      Unmanaged<Confirmed>.fromOpaque(context).takeUnretainedValue().count.add(1, ordering: .relaxed)
    }
    mosquitto_connect_callback_set(client) { _, context, _ in
      guard let context else { return }
      Unmanaged<Confirmed>.fromOpaque(context).takeUnretainedValue().isConnected.store(true, ordering: .relaxed)
    }
    guard mosquitto_connect(client, settings.host, Int32(settings.port), 30) == MOSQ_ERR_SUCCESS.rawValue else {
      mosquitto_destroy(client)
      return nil
    }
    mosquitto_loop_start(client)
    // The library sends again, on CONNACK, what was given to it before that, and the broker takes it for new messages.
    Waiting.until { confirmed.isConnected.load(ordering: .relaxed) }
  }

  deinit {
    mosquitto_disconnect(client)
    mosquitto_loop_stop(client, true)
    mosquitto_destroy(client)
  }

  /// Publishes numbers as payloads; whether the broker confirmed them all.
  func publish(_ numbers: Range<Int>, topic: String = "plant/asset/sensor", qos: Int32 = 1, retain: Bool = false)
    -> Bool
  {
    for number in numbers {
      let payload = String(number)
      mosquitto_publish(client, nil, topic, Int32(payload.utf8.count), payload, qos, retain)
    }
    sent += numbers.count
    return Waiting.until { confirmed.count.load(ordering: .relaxed) >= sent }
  }
}

extension TestPublisher {
  /// Publishes one payload without waiting.
  func hand(over payload: String, topic: String = "plant/asset/sensor") {
    mosquitto_publish(client, nil, topic, Int32(payload.utf8.count), payload, 1, false)
    sent += 1
  }

  /// Publishes one payload; whether the broker confirmed it and all before.
  func publish(payload: String, topic: String = "plant/asset/sensor") -> Bool {
    hand(over: payload, topic: topic)
    return Waiting.until { confirmed.count.load(ordering: .relaxed) >= sent }
  }
}

/// A broker, a sink and how to make sessions between them.
struct SessionFixture {
  let broker: LocalBroker
  var sink = RecordingSink()
  let events = EventLog()
  var settings: BrokerSettings

  init(
    options: LocalBroker.Options = LocalBroker.Options(), version: BrokerSettings.ProtocolVersion = .auto
  ) throws {
    broker = try LocalBroker.started(options: options)
    settings = broker.settings
    settings.protocolVersion = version
  }

  func session(_ subscriptions: [String] = ["plant/#"]) -> BrokerSession {
    let events = events
    return BrokerSession(settings: settings, subscriptions: subscriptions, sink: sink) { events.append($0) }
  }

  /// Makes the broker keep a session for the client's id.
  func establish() {
    let session = session()
    session.start()
    Waiting.until { session.isSubscribed }
    session.stop()
  }
}
