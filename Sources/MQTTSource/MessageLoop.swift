import CMosquitto
import Foundation
import PlantModel
import StreamCore

/// The session's thread: the only one that touches its libmosquitto client.
///
/// libmosquitto queues a PUBACK before it calls the message callback. With `mosquitto_threaded_set(true)` queueing never
/// writes, so that acknowledgements stay until `mosquitto_loop_write`, which is called after the sink has the burst.
final class MessageLoop {
  /// What a loop starts from.
  struct Preparation {
    var settings: BrokerSettings
    var sink: any BurstSink
    var onEvent: @Sendable (SessionEvent) -> Void
    var duplicates = SessionDuplicates()
  }

  /// Initialises the library once; it is never cleaned up, because other clients may live.
  private static let isLibraryReady = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

  let settings: BrokerSettings
  let control: SessionControl
  let onEvent: @Sendable (SessionEvent) -> Void
  let client: OpaquePointer?
  var subscriptions = SessionSubscriptions([])
  var isConnected = false
  var sessionPresent = false
  var refusal: String?
  private let sink: any BurstSink
  private var burst = MessageFrameBuilder()
  private var received = 0
  private var receivedBytes = 0
  private var duplicatesFound = 0
  private var duplicates: SessionDuplicates
  /// Whether re-delivered messages may still come: from the connect to the first message that is not one.
  private(set) var expectsRedelivery = false
  /// The DUP flag of the message that is about to be delivered, where it is known.
  private var isMarkedDuplicate: Bool?
  var isListeningToLog = false
  private let logPrefix: [UInt8]
  /// Set while a connection is being abandoned: what still comes from it is not acknowledged, hence not kept.
  private var discards = false
  private var isStalled = false
  private var backoff: SessionBackoff

  init(_ preparation: Preparation, control: SessionControl) {
    settings = preparation.settings
    sink = preparation.sink
    onEvent = preparation.onEvent
    duplicates = preparation.duplicates
    self.control = control
    logPrefix = Array("Client \(settings.clientID) received PUBLISH (d".utf8)
    backoff = SessionBackoff(seed: UInt64(truncatingIfNeeded: MessageLoop.now().nanoseconds))
    client = MessageLoop.isLibraryReady ? mosquitto_new(settings.clientID, false, nil) : nil
    configure()
  }

  deinit { if let client { mosquitto_destroy(client) } }

  /// Connects, serves and reconnects until the session is stopped.
  func run() {
    blockBrokenPipe()
    while !control.isStopping {
      if isStalled { resume() }
      if !isStalled, connect() { serve() }
      // A sink is asked more often than a broker: asking costs nothing.
      if !control.isStopping { pause(seconds: isStalled ? min(1, backoff.next()) : backoff.next()) }
    }
    if let client, mosquitto_socket(client) >= 0, isConnected, !discards {
      mosquitto_disconnect(client)
      mosquitto_loop_write(client, 1)
    }
    control.isSubscribed.store(false, ordering: .releasing)
  }

  /// Starts over with short pauses.
  func succeeded() { backoff.reset() }

  /// Real time.
  static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec)) + TimeSpan(nanoseconds: Int64(time.tv_nsec))
  }

  static func monotonic() -> TimeSpan {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(Int64(time.tv_sec)) + TimeSpan(nanoseconds: Int64(time.tv_nsec))
  }

  // MARK: One connection

  private func serve() {
    guard let client else { return }
    let opened = MessageLoop.monotonic()
    var nextCare = opened + .second
    var code = MOSQ_ERR_SUCCESS.rawValue
    var isOpening = true
    discards = false
    while code == MOSQ_ERR_SUCCESS.rawValue, mosquitto_socket(client) >= 0, !control.isStopping {
      if isConnected { bringSubscriptionsUpToDate() }
      let ready = poll(client, forWriting: isOpening || mosquitto_want_write(client))
      if ready != 0 {
        isOpening = false
        code = readBurst(client)
      }
      if !deliver() {
        abandon(client)
        return
      }
      if code == MOSQ_ERR_SUCCESS.rawValue, mosquitto_want_write(client) { code = write(client) }
      let now = MessageLoop.monotonic()
      if now > nextCare {
        nextCare = now + .second
        mosquitto_loop_misc(client)
        // A broker that takes the connection and says nothing.
        if !isConnected, now - opened > .seconds(15) { code = MOSQ_ERR_CONN_LOST.rawValue }
      }
    }
    if !control.isStopping { disconnected(code) }
  }

  /// Reads until a call brings no message, 5 ms have passed or the burst is large.
  ///
  /// `errno` does not tell when the connection is drained: the library's internal wake-up pipe overwrites it once that is
  /// full. One call in vain a burst is the price of knowing.
  private func readBurst(_ client: OpaquePointer) -> Int32 {
    let start = MessageLoop.monotonic()
    var vain = 0
    var calls = 0
    while true {
      let before = received
      let code = mosquitto_loop_read(client, 1)
      if code != MOSQ_ERR_SUCCESS.rawValue || mosquitto_socket(client) < 0 { return code }
      if !expectsRedelivery { stopListeningToLog() }
      calls += 1
      vain = received == before ? vain + 1 : 0
      // Under TLS a record may hold packets that `poll` no longer sees; one more call takes them.
      if vain > (settings.tls ? 1 : 0) || burst.bytes.count > 4 << 20 { return code }
      if calls & 31 == 0, MessageLoop.monotonic() - start > .milliseconds(5) { return code }
    }
  }

  /// Hands the burst to the sink; `false` when it was turned away and is kept for later.
  private func deliver() -> Bool {
    publishCounters()
    if burst.count == 0 { return true }
    switch sink.accept(burst, received: MessageLoop.now()) {
    case .accepted:
      burst.removeAll()
      return true
    case .full: stall("no room")
    case .failed(let reason): stall(reason)
    }
    return false
  }

  private func stall(_ reason: String) {
    if !isStalled { onEvent(.sinkStalled(reason: reason)) }
    isStalled = true
  }

  /// Offers the kept burst again; it was read from the connection, so that nothing may be read before it is kept.
  private func resume() {
    guard sink.hasRoom else { return }
    isStalled = !deliver()
    if !isStalled {
      backoff.reset()
      onEvent(.sinkResumed)
    }
  }

  /// Ends the connection without sending what is queued: neither acknowledgements nor a good-bye.
  private func abandon(_ client: OpaquePointer) {
    discards = true
    let socket = mosquitto_socket(client)
    if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
    while mosquitto_socket(client) >= 0, mosquitto_loop_read(client, 1) == MOSQ_ERR_SUCCESS.rawValue {}
    disconnected(MOSQ_ERR_SUCCESS.rawValue)
  }

  private func disconnected(_ code: Int32) {
    isConnected = false
    control.isSubscribed.store(false, ordering: .releasing)
    onEvent(.disconnected(reason: isStalled ? "the sink is full" : refusal ?? MessageLoop.reason(code)))
  }

  private func publishCounters() {
    control.counters.messages.add(received, ordering: .relaxed)
    control.counters.bytes.add(receivedBytes, ordering: .relaxed)
    control.counters.duplicates.add(duplicatesFound, ordering: .relaxed)
    (received, receivedBytes, duplicatesFound) = (0, 0, 0)
  }

  // MARK: Callbacks

  /// A new connection stands.
  func expectRedelivery() {
    if !sessionPresent { duplicates.removeAll() }
    expectsRedelivery = sessionPresent
  }

  func messageArrived(_ message: borrowing mosquitto_message) {
    if discards { return }
    let topic = UnsafeRawBufferPointer(start: message.topic, count: strlen(message.topic))
    let payload = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
    let packetID = UInt16(truncatingIfNeeded: message.mid)
    received += 1
    receivedBytes += topic.count + payload.count
    if packetID != 0 {
      let hash = MessageHash.of(topic: topic, payload: payload)
      if expectsRedelivery, isRedelivered(packetID, hash, retained: message.retain) {
        duplicatesFound += 1
        return
      }
      duplicates.note(packetID: packetID, hash: hash)
    }
    burst.append(topic: topic, payload: payload, packetID: packetID, retained: message.retain)
  }

  /// The broker sends what was on its way first, marked as duplicate; the first other message ends that.
  private func isRedelivered(_ packetID: UInt16, _ hash: UInt64, retained: Bool) -> Bool {
    defer { isMarkedDuplicate = nil }
    if isMarkedDuplicate == false {
      if !retained { expectsRedelivery = false }
      return false
    }
    return duplicates.contains(packetID: packetID, hash: hash)
  }

  /// The library keeps the DUP flag to itself, but for its debug log: `Client ID received PUBLISH (d1, q1, …`.
  func logged(_ line: UnsafePointer<CChar>) {
    let matches = logPrefix.withUnsafeBufferPointer { prefix in
      prefix.indices.allSatisfy { UInt8(bitPattern: line[$0]) == prefix[$0] }
    }
    if matches { isMarkedDuplicate = line[logPrefix.count] == CChar(bitPattern: UInt8(ascii: "1")) }
  }
}
