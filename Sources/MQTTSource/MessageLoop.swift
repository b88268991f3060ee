import CurlTransport
import Glibc
import PlantModel
import Settings
import StreamCore
import Synchronization
import SystemCore
import WattlineTime

/// The loop of the session's thread: reads, passes bursts to the sink, then acknowledges.
///
/// A burst costs one read, one call of the sink and one write, independent of its number of messages. After a small
/// burst the loop sleeps for one millisecond, so that messages group into bursts at high rates. A message after a quiet
/// time is read at once.
final class MessageLoop {
  /// Number of messages from which the next read follows without a sleep. It is below the smallest in-flight window of
  /// brokers (20), so that the sleep never delays a broker that waits for acknowledgements.
  private static let largeBurst = 16
  /// Number of consecutive short-lived connections after which a client ID conflict is reported.
  private static let suspicious = 3

  private var settings: BrokerSettings
  private let credentials: Renewable<BrokerSettings>?
  private let role: SessionRole
  private let onEvent: @Sendable (SessionEvent) -> Void
  private let control: SessionControl
  private let wait: SessionWait
  private let packets: PacketStream
  private let subscriptions: SubscriptionExchange
  private let delivery: BurstDelivery
  private let publishes: PublishReceiver
  private var negotiation: VersionNegotiation
  private var backoff = Backoff()
  private var state = ConnectionState()
  /// Monotonic time of the last message or answer to a subscription.
  private var lastActivity = TimeSpan.zero
  /// Whether a session that is no longer in use has nothing left to fetch.
  private var isDrained = false

  /// Creates a loop for the session of `control`.
  init(_ preparation: SessionPreparation, control: SessionControl) {
    settings = preparation.settings
    credentials = preparation.credentials
    role = preparation.role
    onEvent = preparation.onEvent
    self.control = control
    wait = SessionWait(control: control)
    negotiation = VersionNegotiation(settings.protocolVersion, patience: preparation.patience)
    packets = PacketStream(longestBody: settings.maximumPayload + 128 << 10)
    subscriptions = SubscriptionExchange(preparation, control: control, packets: packets)
    delivery = BurstDelivery(sink: preparation.sink, counters: control.counters, onEvent: onEvent)
    publishes = PublishReceiver(preparation, packets: packets, delivery: delivery)
  }

  /// Connects, serves and reconnects until the session is stopped, or drained if that is its role.
  func run() {
    SessionWait.blockBrokenPipe()
    while !control.isStopping, !isDrained {
      if delivery.isStalled, delivery.resume() {
        backoff.reset()
        onEvent(.sinkResumed)
      }
      if !delivery.isStalled, let connection = open() { serve(connection) }
      if control.isStopping || isDrained { break }
      if control.isReconnecting { backoff.reset() }
      // Checking the sink costs nothing, so it is retried more often than the broker.
      wait.pause(for: delivery.isStalled ? min(.second, backoff.next()) : backoff.next())
    }
    while isDrained, !control.isStopping, !endSession() { wait.pause(for: backoff.next()) }
    control.isSubscribed.store(false, ordering: .sequentiallyConsistent)
  }

  // MARK: Connecting

  /// Connects and queues CONNECT.
  private func open(cleanStart: Bool = false) -> ByteStream? {
    control.beginConnection()
    if let fresh = credentials?.value { settings = settings.taking(credentialsOf: fresh) }
    state = ConnectionState()
    packets.removeAll()
    // A session is ended in the protocol version in which it was kept.
    if !cleanStart { negotiation.begins(at: SessionClock.monotonic()) }
    do throws(ConnectionError) {
      let control = control
      let connection = try ByteStream(settings.address) { control.isStopping }
      packets.outbound.connect(settings, version: negotiation.version, cleanStart: cleanStart)
      state.opened = SessionClock.monotonic()
      packets.keepAlive = KeepAlive(at: state.opened)
      return connection
    } catch {
      if !control.isStopping { onEvent(.disconnected(reason: error.reason)) }
      return nil
    }
  }

  /// Processes CONNACK.
  private func handle(_ answer: ConnectAnswer) {
    if let refusal = answer.refusal {
      state.refusal = refusal
      if ReasonCode.refusesVersion(answer.code) { negotiation.wasRefused() }
      return
    }
    if let interval = answer.properties.keepAlive { packets.keepAlive.setInterval(interval) }
    state.knowsSharing = answer.properties.knowsSharing
    state.isAccepted = true
    let now = SessionClock.monotonic()
    let isNewlyLowered = negotiation.wasAccepted(at: now, after: now - state.opened)
    // Retained messages follow a subscription, so they come after SUBSCRIBE. Brokers that do not answer MQTT 5 mark
    // messages queued at QoS 1 as retained, and retained messages would be ignored.
    state.isCatchingUp = answer.isSessionKept && negotiation.version == .v311 && negotiation.isSilentOnNewer
    if !answer.isSessionKept { publishes.beginNewSession() }
    lastActivity = SessionClock.monotonic()
    let isForgotten = subscriptions.begin(isSessionKept: answer.isSessionKept)
    control.counters.connections.add(1, ordering: .relaxed)
    onEvent(.connected(sessionPresent: answer.isSessionKept))
    if isForgotten { onEvent(.forgotten) }
    if isNewlyLowered { onEvent(.olderProtocol) }
  }

  // MARK: One connection

  private func serve(_ connection: ByteStream) {
    var ending: String?
    var isLarge = false
    while ending == nil, !control.isStopping, !control.isReconnecting {
      if state.isAccepted { subscriptions.update(version: negotiation.version, knowsSharing: state.knowsSharing) }
      ending = send(connection)
      if !isLarge, ending == nil { wait.poll(connection, sends: !packets.outbound.isEmpty) }
      let count = delivery.received.messages
      if ending == nil { ending = readBurst(connection) }
      isLarge = delivery.received.messages - count >= Self.largeBurst || delivery.isFull
      let isSmall = delivery.received.messages > count && !isLarge
      // Messages read before the connection ended are kept too, and are recognised when re-delivered.
      guard delivery.deliver() else { return disconnected("the sink is full") }
      if ending == nil { ending = send(connection) }
      if isSmall, ending == nil { usleep(1_000) }
      ending = ending ?? checkSilence()
      if role.isDraining, state.isAccepted, isQuiet {
        isDrained = true
        break
      }
    }
    if control.isStopping || isDrained { return leave(connection) }
    if control.isReconnecting {
      leave(connection)
      return disconnected("credentials have changed")
    }
    if state.isAccepted { backoff.ended(after: SessionClock.monotonic() - state.opened) }
    // An MQTT 3.1.1 broker closes without a reason when another client connects with the same ID.
    let isContested = state.isAccepted && state.refusal == nil && backoff.shortLived >= Self.suspicious
    let contest =
      "the broker closes each connection soon after it stands, most likely because another client uses the client id "
      + "'\(settings.clientID)'; give each an mqtt.client_id of its own"
    disconnected(isContested ? contest : state.refusal ?? ending ?? "")
  }

  /// Reads until the connection is drained, for at most 5 ms, or until the burst has the sink's preferred size. Data
  /// beyond that size goes into the next burst.
  ///
  /// - Returns: the reason if the connection ended.
  private func readBurst(_ connection: ByteStream) -> String? {
    let start = SessionClock.monotonic()
    var ending = handlePackets()
    while ending == nil, !delivery.isFull, SessionClock.monotonic() - start < .milliseconds(5) {
      let (result, hasDrained) = packets.read(from: connection, at: start)
      switch result {
      case .later: return nil
      case .ended(let reason):
        if !state.isAccepted, state.refusal == nil { negotiation.wasClosed() }
        return reason
      case .bytes:
        ending = handlePackets()
        if hasDrained { return ending }
      }
    }
    return ending
  }

  /// Handles the packets read, up to the burst's size limit. Returns the reason if the connection must end.
  private func handlePackets() -> String? {
    do throws(MalformedPacket) {
      while !delivery.isFull, let packet = try packets.inbound.next() { try handle(packet) }
    } catch {
      return "the broker sent a packet that does not follow MQTT"
    }
    return state.refusal
  }

  private func handle(_ packet: InboundBuffer.Packet) throws(MalformedPacket) {
    if packet.type == 3, state.isAccepted {
      try publishes.receive(packet, version: negotiation.version, isCatchingUp: state.isCatchingUp)
      if role.isDraining { lastActivity = packets.keepAlive.lastHeard }
      return
    }
    guard !packet.isCut else { throw MalformedPacket() }
    switch packet.type {
    case 2 where !state.isAccepted: handle(try ConnectAnswer(packet.body, version: negotiation.version))
    case 9 where state.isAccepted:
      subscriptions.confirm(try SubscribeAnswer(packet.body, version: negotiation.version))
      state.isCatchingUp = false
      lastActivity = SessionClock.monotonic()
    case 11 where state.isAccepted:
      var reader = PacketReader(packet.body)
      subscriptions.confirmRemoval(try reader.short())
      lastActivity = SessionClock.monotonic()
    case 13 where state.isAccepted: break
    case 14 where negotiation.version == .v5:
      state.refusal = try DisconnectNotice(packet.body).text(clientID: settings.clientID)
    default: throw MalformedPacket()
    }
  }

  /// Sends queued packets. Returns the reason if the connection ended.
  private func send(_ connection: ByteStream) -> String? {
    guard let reason = packets.send(over: connection) else { return nil }
    // The broker's last packets give a better reason than the closed connection.
    return readBurst(connection) ?? reason
  }

  /// Detects an unresponsive broker, and sends pings. Returns the reason if the connection must end.
  private func checkSilence() -> String? {
    let now = SessionClock.monotonic()
    if state.isAccepted {
      switch packets.keepAlive.need(at: now) {
      case .nothing: break
      case .ping: packets.outbound.ping()
      case .end: return "the broker has fallen silent"
      }
      return nil
    }
    guard now - state.opened > negotiation.patience else { return nil }
    let asked = negotiation.version == .v5 ? "5" : "3.1.1"
    guard negotiation.metNoAnswer() else { return "the broker does not answer" }
    return "the broker does not answer MQTT \(asked); \(asked == "5" ? "3.1.1" : "5") is tried next"
  }

  private func disconnected(_ reason: String) {
    // A broker that requires a certificate may close before its reason is read.
    let mayMissCertificate =
      !state.isAccepted && state.refusal == nil && settings.tls && settings.certificateFile == nil
    let hint =
      mayMissCertificate ? "; if the broker asks for a client certificate, name it in mqtt.cert and mqtt.key" : ""
    state.isAccepted = false
    subscriptions.end()
    onEvent(.disconnected(reason: reason + hint))
  }

  // MARK: Leaving

  /// Disconnects cleanly; the broker keeps the session. A client that reconnects before the broker has read every
  /// acknowledgement receives messages again. The loop therefore waits for the broker to close.
  private func leave(_ connection: ByteStream) {
    guard state.isAccepted else { return }
    state.isAccepted = false
    packets.outbound.disconnect()
    if packets.outbound.send(over: connection) == nil { _ = isClosed(connection, within: .seconds(2)) }
  }

  /// Whether no subscription remains and no message or answer came within the last second. The broker sends its queue
  /// as fast as it is acknowledged, so the queue is then empty.
  private var isQuiet: Bool { subscriptions.isComplete && SessionClock.monotonic() - lastActivity > .seconds(1) }

  /// Ends the session at the broker by starting a clean one that expires with its connection.
  private func endSession() -> Bool {
    guard let connection = open(cleanStart: true) else { return false }
    packets.outbound.disconnect()
    if let reason = packets.outbound.send(over: connection) {
      onEvent(.disconnected(reason: reason))
      return false
    }
    guard isClosed(connection, within: .seconds(10)) else { return false }
    subscriptions.forget()
    onEvent(.drained)
    return true
  }

  /// Waits for the broker to close, which it does after reading DISCONNECT. Data received before is discarded.
  private func isClosed(_ connection: ByteStream, within span: TimeSpan) -> Bool {
    let deadline = SessionClock.monotonic() + span
    var answer = [UInt8](repeating: 0, count: 4_096)
    while SessionClock.monotonic() < deadline {
      switch answer.withUnsafeMutableBytes({ connection.read(into: $0) }) {
      case .ended: return true
      case .bytes: continue
      case .later: wait.poll(connection, sends: !packets.outbound.isEmpty)
      }
    }
    return false
  }
}
