import CurlTransport
import PlantModel
import Settings
import StreamCore
import Synchronization
import WattlineTime

/// Handling of packets other than messages, and the subscriptions.
extension MessageLoop {
  func handle(_ packet: InboundBuffer.Packet) throws(MalformedPacket) {
    if packet.type == 3, isConnected { return try handle(message: packet) }
    guard !packet.isCut else { throw MalformedPacket() }
    switch packet.type {
    case 2 where !isConnected: try handleConnectAnswer(PacketReader(packet.body))
    case 9 where isConnected: try handleSubscribeAnswer(PacketReader(packet.body))
    case 11 where isConnected:
      var reader = PacketReader(packet.body)
      subscriptions.confirmRemoval(try reader.short())
      lastActivity = MessageLoop.monotonic()
      remember()
      announceIfComplete()
    case 13 where isConnected: break
    case 14 where negotiation.version == .v5: try handleDisconnect(PacketReader(packet.body))
    default: throw MalformedPacket()
    }
  }

  /// Processes CONNACK.
  private func handleConnectAnswer(_ body: PacketReader) throws(MalformedPacket) {
    var reader = body
    let isKept = try reader.byte() & 1 != 0
    let code = try reader.byte()
    guard code == 0 else {
      // A broker of MQTT 3.1.1 answers version 5 in its own format, without properties.
      let own = reader.isAtEnd ? nil : try BrokerProperties(try reader.properties()).reason
      refusal = "the broker refuses the connection: \(ReasonCode.text(code))\(own.map { " (\($0))" } ?? "")"
      if ReasonCode.refusesVersion(code) { negotiation.wasRefused() }
      return
    }
    if negotiation.version == .v5 {
      let stated = try BrokerProperties(try reader.properties())
      keepAlive = stated.keepAlive ?? keepAlive
      knowsSharing = stated.knowsSharing
    }
    isConnected = true
    let now = MessageLoop.monotonic()
    let isNewlyLowered = negotiation.wasAccepted(at: now, after: now - opened)
    // Retained messages follow a subscription, so they come after SUBSCRIBE. Brokers that do not answer MQTT 5 mark
    // messages queued at QoS 1 as retained, and retained messages would be ignored.
    isCatchingUp = isKept && negotiation.version == .v311 && negotiation.isSilentOnNewer
    sessionBegins(isKept: isKept)
    subscriptions.reset(remembered: isKept ? memory?.filters(of: settings.clientID) ?? [] : [])
    control.counters.connections.add(1, ordering: .relaxed)
    onEvent(.connected(sessionPresent: isKept))
    if !isKept, memory?.filters(of: settings.clientID)?.isEmpty == false { onEvent(.forgotten) }
    if isNewlyLowered { onEvent(.olderProtocol) }
  }

  /// Processes SUBACK.
  private func handleSubscribeAnswer(_ body: PacketReader) throws(MalformedPacket) {
    var reader = body
    let identifier = try reader.short()
    isCatchingUp = false
    if negotiation.version == .v5 { _ = try reader.properties() }
    for refusal in subscriptions.confirm(identifier, codes: reader.rest) {
      onEvent(.refused(filter: refusal.filter, reason: ReasonCode.text(refusal.code)))
    }
    lastActivity = MessageLoop.monotonic()
    announceIfComplete()
  }

  /// Processes DISCONNECT, which an MQTT 5 broker sends before it closes.
  private func handleDisconnect(_ body: PacketReader) throws(MalformedPacket) {
    var reader = body
    let code = reader.isAtEnd ? 0 : try reader.byte()
    let own = reader.isAtEnd ? nil : try BrokerProperties(try reader.properties()).reason
    refusal =
      code == ReasonCode.takenOver
      ? "another client uses the client id '\(settings.clientID)' and has taken the session over; "
        + "give each an mqtt.client_id of its own"
      : "the broker ends the connection: \(ReasonCode.text(code))\(own.map { " (\($0))" } ?? "")"
  }

  // MARK: Subscriptions

  /// Sends new subscriptions. Once every session of the process is settled, unsubscribes from surplus filters. This
  /// order keeps a filter subscribed while it moves to another session.
  func bringSubscriptionsUpToDate() {
    if let list = control.drainSubscriptions() {
      subscriptions.replace(by: list)
      control.isSubscribed.store(false, ordering: .sequentiallyConsistent)
    }
    let unsent = subscriptions.drainUnsent()
    if !unsent.isEmpty { remember() }
    for filters in unsent { subscribe(filters) }
    if control.isSettled.load(ordering: .relaxed) != subscriptions.isSettled {
      control.isSettled.store(subscriptions.isSettled, ordering: .sequentiallyConsistent)
      role.settlementChanged()
    }
    guard subscriptions.isSettled else { return }
    if role.mayUnsubscribe() {
      for filters in subscriptions.drainSurplus() {
        let identifier = newIdentifier()
        outbound.unsubscribe(filters, identifier: identifier, version: negotiation.version)
        subscriptions.markRemoved(filters, as: identifier)
      }
    }
    announceIfComplete()
  }

  private func subscribe(_ filters: [String]) {
    let valid = filters.filter { filter in
      var mistake = SessionSubscriptions.isValid(filter) ? nil : "it is not valid in MQTT"
      // The broker would end the connection otherwise (MQTT 5.0, section 3.2.2.3.13).
      if !knowsSharing, SharedSubscription(filter) != nil { mistake = ReasonCode.text(ReasonCode.sharingUnknown) }
      guard let mistake else { return true }
      subscriptions.markRefused(filter)
      onEvent(.refused(filter: filter, reason: mistake))
      return false
    }
    if valid.isEmpty { return }
    let identifier = newIdentifier()
    outbound.subscribe(valid, identifier: identifier, qos: settings.qos, version: negotiation.version)
    subscriptions.markSent(valid, as: identifier)
  }

  private func remember() {
    guard let memory, memory.filters(of: settings.clientID) != subscriptions.held else { return }
    if let reason = memory.remember(subscriptions.held, of: settings.clientID) {
      onEvent(.memoryFailed(reason: reason))
    }
  }

  private func announceIfComplete() {
    guard subscriptions.isComplete, !control.hasNewSubscriptions,
      !control.isSubscribed.load(ordering: .sequentiallyConsistent)
    else { return }
    control.isSubscribed.store(true, ordering: .sequentiallyConsistent)
    remember()
    onEvent(.subscribed)
  }

  // MARK: The end of a session

  /// Whether no subscription remains and no message or answer came within the last second. The broker sends its queue
  /// as fast as it is acknowledged, so the queue is then empty.
  var isQuiet: Bool { subscriptions.isComplete && MessageLoop.monotonic() - lastActivity > .seconds(1) }

  /// Ends the session at the broker by starting a clean one that expires with its connection.
  func endSession() -> Bool {
    guard let connection = open(cleanStart: true) else { return false }
    outbound.disconnect()
    if let reason = outbound.send(over: connection) {
      onEvent(.disconnected(reason: reason))
      return false
    }
    guard isClosed(connection, within: .seconds(10)) else { return false }
    memory?.forget(settings.clientID)
    onEvent(.drained)
    return true
  }

  /// Waits for the broker to close, which it does after reading DISCONNECT. Data received before is discarded.
  func isClosed(_ connection: ByteStream, within span: TimeSpan) -> Bool {
    let deadline = MessageLoop.monotonic() + span
    var answer = [UInt8](repeating: 0, count: 4_096)
    while MessageLoop.monotonic() < deadline {
      switch answer.withUnsafeMutableBytes({ connection.read(into: $0) }) {
      case .ended: return true
      case .bytes: continue
      case .later: poll(connection)
      }
    }
    return false
  }
}
