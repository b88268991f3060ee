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

  let settings: BrokerSettings
  let control: SessionControl
  let role: SessionRole
  let memory: SessionMemory?
  let onEvent: @Sendable (SessionEvent) -> Void
  var subscriptions = SessionSubscriptions([])
  var outbound = OutboundPackets()
  var negotiation: VersionNegotiation
  /// Whether the broker has accepted the connection.
  var isConnected = false
  /// The broker's reason for ending the connection.
  var refusal: String?
  var keepAlive = OutboundPackets.keepAlive
  /// Whether messages come from the queue of the time offline, which the broker may mark as retained.
  var isCatchingUp = false
  /// Whether the broker supports shared subscriptions, assumed unless it denies it.
  var knowsSharing = true
  /// Monotonic time of the last message or answer to a subscription.
  var lastActivity = TimeSpan.zero
  private let sink: any BurstSink
  private let inbound: InboundBuffer
  private var burst = MessageFrameBuilder()
  private var received = SourceCounters()
  private var duplicates: SessionDuplicates
  private var nextIdentifier: UInt16 = 0
  private var isStalled = false
  private var isDrained = false
  private var backoff = Backoff()
  private var lastSent = TimeSpan.zero
  private var lastHeard = TimeSpan.zero
  /// Monotonic time at which CONNECT was prepared.
  private(set) var opened = TimeSpan.zero

  init(_ preparation: Preparation, control: SessionControl) {
    settings = preparation.settings
    role = preparation.role
    memory = preparation.memory
    sink = preparation.sink
    onEvent = preparation.onEvent
    duplicates = preparation.duplicates
    self.control = control
    negotiation = VersionNegotiation(settings.protocolVersion, patience: preparation.patience)
    inbound = InboundBuffer(longestBody: settings.maximumPayload + 128 << 10)
  }

  /// Connects, serves and reconnects until the session is stopped, or drained if that is its role.
  func run() {
    blockBrokenPipe()
    while !control.isStopping, !isDrained {
      if isStalled { resume() }
      if !isStalled, let connection = open() { serve(connection) }
      // Checking the sink costs nothing, so it is retried more often than the broker.
      if !control.isStopping, !isDrained { pause(for: isStalled ? min(.second, backoff.next()) : backoff.next()) }
    }
    while isDrained, !control.isStopping, !endSession() { pause(for: backoff.next()) }
    control.isSubscribed.store(false, ordering: .sequentiallyConsistent)
  }

  /// Connects and queues CONNECT.
  func open(cleanStart: Bool = false) -> ByteStream? {
    refusal = nil
    isConnected = false
    inbound.removeAll()
    outbound.removeAll()
    keepAlive = OutboundPackets.keepAlive
    (isCatchingUp, knowsSharing) = (false, true)
    // A session is ended in the protocol version in which it was kept.
    if !cleanStart { negotiation.begins(at: MessageLoop.monotonic()) }
    do throws(ConnectionError) {
      let control = control
      let connection = try ByteStream(settings.address) { control.isStopping }
      outbound.connect(settings, version: negotiation.version, cleanStart: cleanStart)
      opened = MessageLoop.monotonic()
      (lastSent, lastHeard) = (opened, opened)
      return connection
    } catch {
      if !control.isStopping { onEvent(.disconnected(reason: error.reason)) }
      return nil
    }
  }

  // MARK: One connection

  private func serve(_ connection: ByteStream) {
    var ending: String?
    var isLarge = false
    while ending == nil, !control.isStopping {
      if isConnected { bringSubscriptionsUpToDate() }
      ending = send(connection)
      if !isLarge, ending == nil { poll(connection) }
      let count = received.messages
      if ending == nil { ending = readBurst(connection) }
      isLarge = received.messages - count >= Self.largeBurst || burst.bytes.count >= sink.burstBytes
      let isSmall = received.messages > count && !isLarge
      // Messages read before the connection ended are kept too, and are recognised when re-delivered.
      guard deliver() else { return disconnected("the sink is full") }
      if ending == nil { ending = send(connection) }
      if isSmall, ending == nil { usleep(1_000) }
      ending = ending ?? care()
      if role.isDraining, isConnected, isQuiet {
        isDrained = true
        break
      }
    }
    if control.isStopping || isDrained { return leave(connection) }
    if isConnected { backoff.ended(after: MessageLoop.monotonic() - opened) }
    // An MQTT 3.1.1 broker closes without a reason when another client connects with the same ID.
    let isContested = isConnected && refusal == nil && backoff.shortLived >= Self.suspicious
    let contest =
      "the broker closes each connection soon after it stands, most likely because another client uses the client id "
      + "'\(settings.clientID)'; give each an mqtt.client_id of its own"
    disconnected(isContested ? contest : refusal ?? ending ?? "")
  }

  /// Reads until the connection is drained, for at most 5 ms, or until the burst has the sink's preferred size. Data
  /// beyond that size goes into the next burst.
  ///
  /// - Returns: the reason if the connection ended.
  private func readBurst(_ connection: ByteStream) -> String? {
    let start = MessageLoop.monotonic()
    var ending = handlePackets()
    while ending == nil, burst.bytes.count < sink.burstBytes, MessageLoop.monotonic() - start < .milliseconds(5) {
      let room = inbound.room()
      switch connection.read(into: room) {
      case .later: return nil
      case .ended(let reason):
        if !isConnected, refusal == nil { negotiation.wasClosed() }
        return reason
      case .bytes(let count):
        inbound.filled(count)
        lastHeard = start
        ending = handlePackets()
        // On a plain connection, a read that does not fill the room has drained it.
        if !connection.isEncrypted, count < min(room.count, ByteStream.chunk) { return ending }
      }
    }
    return ending
  }

  /// Parses the packets read, up to the burst's size limit. Returns the reason if the connection must end.
  private func handlePackets() -> String? {
    do throws(MalformedPacket) {
      while burst.bytes.count < sink.burstBytes, let packet = try inbound.next() { try handle(packet) }
    } catch {
      return "the broker sent a packet that does not follow MQTT"
    }
    return refusal
  }

  /// Sends queued packets. Returns the reason if the connection ended.
  private func send(_ connection: ByteStream) -> String? {
    if outbound.isEmpty { return nil }
    lastSent = MessageLoop.monotonic()
    guard let reason = outbound.send(over: connection) else { return nil }
    // The broker's last packets give a better reason than the closed connection.
    return readBurst(connection) ?? reason
  }

  /// Sends pings and detects an unresponsive broker. Returns the reason if the connection must end.
  private func care() -> String? {
    let now = MessageLoop.monotonic()
    if !isConnected {
      guard now - opened > negotiation.patience else { return nil }
      let asked = negotiation.version == .v5 ? "5" : "3.1.1"
      guard negotiation.metNoAnswer() else { return "the broker does not answer" }
      return "the broker does not answer MQTT \(asked); \(asked == "5" ? "3.1.1" : "5") is tried next"
    }
    let interval = TimeSpan.seconds(Int64(max(1, keepAlive)))
    if now - lastHeard > interval + .seconds(10) { return "the broker has fallen silent" }
    // The longer of the two silences triggers a ping, well before the broker's timeout.
    if now - min(lastSent, lastHeard) > TimeSpan(nanoseconds: interval.nanoseconds / 3 * 2),
      now - lastSent > TimeSpan(nanoseconds: interval.nanoseconds / 3)
    {
      outbound.ping()
    }
    return nil
  }

  /// Passes the burst to the sink. Returns `false` if it was refused and is kept for later.
  private func deliver() -> Bool {
    control.counters.add(received)
    received = SourceCounters()
    if burst.count == 0 { return true }
    switch sink.accept(burst, received: SystemClock.now()) {
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

  /// Offers the refused burst again. Nothing may be read before it is stored, because the broker would not send it as
  /// new.
  private func resume() {
    guard sink.hasRoom else { return }
    isStalled = !deliver()
    if !isStalled {
      backoff.reset()
      onEvent(.sinkResumed)
    }
  }

  /// Disconnects cleanly; the broker keeps the session. A client that reconnects before the broker has read every
  /// acknowledgement receives messages again. The loop therefore waits for the broker to close.
  private func leave(_ connection: ByteStream) {
    guard isConnected else { return }
    isConnected = false
    outbound.disconnect()
    if outbound.send(over: connection) == nil { _ = isClosed(connection, within: .seconds(2)) }
  }

  private func disconnected(_ reason: String) {
    // A broker that requires a certificate may close before its reason is read.
    let mayMissCertificate = !isConnected && refusal == nil && settings.tls && settings.certificateFile == nil
    let hint =
      mayMissCertificate ? "; if the broker asks for a client certificate, name it in mqtt.cert and mqtt.key" : ""
    isConnected = false
    control.isSubscribed.store(false, ordering: .sequentiallyConsistent)
    control.isSettled.store(false, ordering: .sequentiallyConsistent)
    onEvent(.disconnected(reason: reason + hint))
  }

  // MARK: Messages

  /// Initialises the state after CONNACK; `isKept` is `false` if the session is new at the broker.
  func sessionBegins(isKept: Bool) {
    if !isKept { duplicates.removeAll() }
    lastActivity = MessageLoop.monotonic()
  }

  /// Returns an identifier for a request, never 0.
  func newIdentifier() -> UInt16 {
    nextIdentifier = nextIdentifier == .max ? 1 : nextIdentifier + 1
    return nextIdentifier
  }

  /// Processes a PUBLISH: appends the message to the burst and queues its acknowledgement.
  func handle(message packet: InboundBuffer.Packet) throws(MalformedPacket) {
    let qos = packet.header >> 1 & 3
    var reader = PacketReader(packet.body)
    let topic = try reader.field()
    // An empty topic means a topic alias, which the session never offers; QoS 2 is never requested.
    guard qos < 2, !topic.isEmpty else { throw MalformedPacket() }
    let identifier = qos == 0 ? 0 : try reader.short()
    if qos == 1 {
      if identifier == 0 { throw MalformedPacket() }
      outbound.acknowledge(identifier)
    }
    received.messages += 1
    if role.isDraining { lastActivity = lastHeard }
    if !packet.isCut {
      if negotiation.version == .v5 { _ = try reader.properties() }
      received.bytes += topic.count + reader.rest.count
    }
    guard !packet.isCut, reader.rest.count <= settings.maximumPayload else { return refuse(topic) }
    if qos == 1 {
      let hash = MessageHash.of(topic: topic, payload: reader.rest)
      if packet.header & 8 != 0, duplicates.contains(packetID: identifier, hash: hash) {
        received.duplicates += 1
        return
      }
      duplicates.record(packetID: identifier, hash: hash)
    }
    let isRetained = packet.header & 1 != 0 && !(isCatchingUp && qos == 1)
    burst.append(
      topic: topic, payload: reader.rest, packetID: identifier, retained: isRetained, connection: role.connection)
  }

  private func refuse(_ topic: UnsafeRawBufferPointer) {
    if control.counters.value.oversized + received.oversized == 0 {
      onEvent(.oversized(topic: String(decoding: topic, as: UTF8.self), limit: settings.maximumPayload))
    }
    received.oversized += 1
  }
}
