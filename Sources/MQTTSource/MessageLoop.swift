import Glibc
import PlantModel
import StreamCore

/// The session's thread: reads what has come, hands it to the sink, and acknowledges after that.
///
/// A burst costs one read, one call of the sink and one write, however many messages it has. After a small burst the
/// loop rests for a millisecond, so that at high rates messages come in bursts at all; a message that comes after a quiet
/// time is read at once.
final class MessageLoop {
  /// What a loop starts from.
  struct Preparation {
    var settings: BrokerSettings
    var role = SessionRole()
    var memory: SessionMemory?
    var sink: any BurstSink
    var onEvent: @Sendable (SessionEvent) -> Void
    var duplicates = SessionDuplicates()
    var patience = VersionNegotiation.Patience()
  }

  /// Messages in a burst from which on the next read follows without rest. Below the smallest window that brokers have
  /// for messages on their way (20), so that the rest never holds up a broker that waits for acknowledgements.
  private static let largeBurst = 16
  /// From so many accepted connections in a row on that ended at once, a second client is thought of.
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
  /// Why the broker ends the connection, in its words.
  var refusal: String?
  var keepAlive = OutboundPackets.keepAlive
  /// Whether what comes was queued while the session was away, though the broker may mark it as retained.
  var isCatchingUp = false
  /// Whether the broker knows shared subscriptions, as far as it says.
  var knowsSharing = true
  /// When the last message or the last answer to a subscription came.
  var lastActivity = TimeSpan.zero
  private let sink: any BurstSink
  private let inbound: InboundBuffer
  private var burst = MessageFrameBuilder()
  private var received = SessionCounters()
  private var duplicates: SessionDuplicates
  private var nextIdentifier: UInt16 = 0
  private var isStalled = false
  private var isDrained = false
  private var backoff = ReconnectBackoff()
  private var lastSent = TimeSpan.zero
  private var lastHeard = TimeSpan.zero
  /// When CONNECT was made.
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

  /// Connects, serves and reconnects until the session is stopped, or drained where that is its role.
  func run() {
    blockBrokenPipe()
    while !control.isStopping, !isDrained {
      if isStalled { resume() }
      if !isStalled, let connection = open() { serve(connection) }
      // A sink is asked more often than a broker: asking costs nothing.
      if !control.isStopping, !isDrained { pause(seconds: isStalled ? min(1, backoff.next()) : backoff.next()) }
    }
    while isDrained, !control.isStopping, !endSession() { pause(seconds: backoff.next()) }
    control.isSubscribed.store(false, ordering: .sequentiallyConsistent)
  }

  /// Connects; CONNECT waits to be sent.
  func open(cleanStart: Bool = false) -> BrokerConnection? {
    refusal = nil
    isConnected = false
    inbound.removeAll()
    outbound.removeAll()
    keepAlive = OutboundPackets.keepAlive
    (isCatchingUp, knowsSharing) = (false, true)
    // A session that is to be ended is ended in the version in which it was kept.
    if !cleanStart { negotiation.begins(at: MessageLoop.monotonic()) }
    do throws(ConnectionError) {
      let control = control
      let connection = try BrokerConnection(settings) { control.isStopping }
      outbound.connect(settings, negotiation.version, cleanStart: cleanStart)
      opened = MessageLoop.monotonic()
      (lastSent, lastHeard) = (opened, opened)
      return connection
    } catch {
      if !control.isStopping { onEvent(.disconnected(reason: error.reason)) }
      return nil
    }
  }

  // MARK: One connection

  private func serve(_ connection: BrokerConnection) {
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
      // What was read from a connection that has ended since is kept too; it will be recognised when it comes again.
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
    // A broker of MQTT 3.1.1 closes without a word when another client comes with the same id.
    let isContested = isConnected && refusal == nil && backoff.shortLived >= Self.suspicious
    let contest =
      "the broker closes each connection soon after it stands, most likely because another client uses the client id "
      + "'\(settings.clientID)'; give each an mqtt.client_id of its own"
    disconnected(isContested ? contest : refusal ?? ending ?? "")
  }

  /// Reads until the connection is drained, for 5 ms at most or until the burst is as large as the sink likes it; why it
  /// ended, if it did. What was read and is beyond that size comes with the next burst.
  private func readBurst(_ connection: BrokerConnection) -> String? {
    let start = MessageLoop.monotonic()
    var ending = takePackets()
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
        ending = takePackets()
        // A read that did not fill the room has drained a plain connection.
        if !connection.isEncrypted, count < min(room.count, BrokerConnection.chunk) { return ending }
      }
    }
    return ending
  }

  /// Takes the packets that were read, as far as the burst has room; why the connection has to end, if so.
  private func takePackets() -> String? {
    do throws(MalformedPacket) {
      while burst.bytes.count < sink.burstBytes, let packet = try inbound.next() { try take(packet) }
    } catch {
      return "the broker sent a packet that does not follow MQTT"
    }
    return refusal
  }

  /// Sends what waits; why the connection ended, if it did.
  private func send(_ connection: BrokerConnection) -> String? {
    if outbound.isEmpty { return nil }
    lastSent = MessageLoop.monotonic()
    guard let reason = outbound.send(over: connection) else { return nil }
    // What the broker said before it closed tells more than that it closed.
    return readBurst(connection) ?? reason
  }

  /// Pings, and gives a silent broker up; why, if so.
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
    // The earlier of the two silences asks for a sign of life, well before the broker misses one.
    if now - min(lastSent, lastHeard) > TimeSpan(nanoseconds: interval.nanoseconds / 3 * 2),
      now - lastSent > TimeSpan(nanoseconds: interval.nanoseconds / 3)
    {
      outbound.ping()
    }
    return nil
  }

  /// Hands the burst to the sink; `false` when it was turned away and is kept for later.
  private func deliver() -> Bool {
    control.counters.add(received)
    received = SessionCounters()
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

  /// Offers the kept burst again; nothing may be read before it is kept, since it will not come again as new.
  private func resume() {
    guard sink.hasRoom else { return }
    isStalled = !deliver()
    if !isStalled {
      backoff.reset()
      onEvent(.sinkResumed)
    }
  }

  /// Says good-bye; the broker keeps the session. Who connects again before the broker has read every acknowledgement is
  /// sent messages anew, hence its closing is waited for.
  private func leave(_ connection: BrokerConnection) {
    guard isConnected else { return }
    isConnected = false
    outbound.disconnect()
    if outbound.send(over: connection) == nil { _ = isClosed(connection, within: .seconds(2)) }
  }

  private func disconnected(_ reason: String) {
    // A broker that misses a certificate may close before its reason is read.
    let mayMissCertificate = !isConnected && refusal == nil && settings.tls && settings.certificateFile == nil
    let hint =
      mayMissCertificate ? "; if the broker asks for a client certificate, name it in mqtt.cert and mqtt.key" : ""
    isConnected = false
    control.isSubscribed.store(false, ordering: .sequentiallyConsistent)
    control.isSettled.store(false, ordering: .sequentiallyConsistent)
    onEvent(.disconnected(reason: reason + hint))
  }

  // MARK: Messages

  /// The session is new at the broker, or was kept.
  func sessionBegins(isKept: Bool) {
    if !isKept { duplicates.removeAll() }
    lastActivity = MessageLoop.monotonic()
  }

  /// An identifier for a request; 0 is none.
  func newIdentifier() -> UInt16 {
    nextIdentifier = nextIdentifier == .max ? 1 : nextIdentifier + 1
    return nextIdentifier
  }

  /// Takes a PUBLISH: into the burst, and its acknowledgement behind it.
  func take(message packet: InboundBuffer.Packet) throws(MalformedPacket) {
    let qos = packet.header >> 1 & 3
    var reader = PacketReader(packet.body)
    let topic = try reader.field()
    // A topic is empty where it is known by an alias, which is never offered; QoS 2 is never asked for.
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
      duplicates.note(packetID: identifier, hash: hash)
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
