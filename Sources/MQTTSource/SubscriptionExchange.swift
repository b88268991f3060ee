import PlantModel
import Settings
import StreamCore
import Synchronization

/// The exchange of a session's subscriptions with the broker: sends requests, processes answers and reports the state.
///
/// The filters that the broker's session may have are stored in the ``SessionMemory``.
final class SubscriptionExchange {
  private let settings: BrokerSettings
  private let control: SessionControl
  private let role: SessionRole
  private let memory: SessionMemory?
  private let onEvent: @Sendable (SessionEvent) -> Void
  private let packets: PacketStream
  private var subscriptions = SessionSubscriptions([])
  private var lastIdentifier: UInt16 = 0

  /// Creates an exchange whose requests go to `packets`.
  init(_ preparation: SessionPreparation, control: SessionControl, packets: PacketStream) {
    settings = preparation.settings
    role = preparation.role
    memory = preparation.memory
    onEvent = preparation.onEvent
    self.control = control
    self.packets = packets
  }

  /// Whether every filter is confirmed and every surplus filter is removed.
  var isComplete: Bool { subscriptions.isComplete }

  /// Filters of the broker's session according to the memory; `nil` if unknown.
  private var remembered: Set<String>? { memory?.filters(of: settings.clientID) }

  /// Starts a new connection. Returns whether the broker has lost a session with filters.
  func begin(isSessionKept: Bool) -> Bool {
    let known = remembered ?? []
    subscriptions.reset(remembered: isSessionKept ? known : [])
    return !isSessionKept && !known.isEmpty
  }

  /// Records that the connection has ended.
  func end() {
    control.isSubscribed.store(false, ordering: .sequentiallyConsistent)
    control.isSettled.store(false, ordering: .sequentiallyConsistent)
  }

  /// Sends new subscriptions. Once every session of the process is settled, unsubscribes from surplus filters. This
  /// order keeps a filter subscribed while it moves to another session.
  ///
  /// - Parameters:
  ///   - version: protocol version.
  ///   - knowsSharing: whether the broker supports shared subscriptions.
  func update(version: OutboundPackets.Version, knowsSharing: Bool) {
    if let list = control.drainSubscriptions() {
      subscriptions.replace(by: list)
      control.isSubscribed.store(false, ordering: .sequentiallyConsistent)
    }
    let unsent = subscriptions.drainUnsent()
    if !unsent.isEmpty { remember() }
    for filters in unsent { subscribe(filters, version: version, knowsSharing: knowsSharing) }
    if control.isSettled.load(ordering: .relaxed) != subscriptions.isSettled {
      control.isSettled.store(subscriptions.isSettled, ordering: .sequentiallyConsistent)
      role.settlementChanged()
    }
    guard subscriptions.isSettled else { return }
    if role.mayUnsubscribe() {
      for filters in subscriptions.drainSurplus() {
        let identifier = newIdentifier()
        packets.outbound.unsubscribe(filters, identifier: identifier, version: version)
        subscriptions.markRemoved(filters, as: identifier)
      }
    }
    announceIfComplete()
  }

  private func subscribe(_ filters: [String], version: OutboundPackets.Version, knowsSharing: Bool) {
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
    packets.outbound.subscribe(valid, identifier: identifier, qos: settings.qos, version: version)
    subscriptions.markSent(valid, as: identifier)
  }

  /// Returns an identifier for a request, never 0.
  private func newIdentifier() -> UInt16 {
    lastIdentifier = lastIdentifier == .max ? 1 : lastIdentifier + 1
    return lastIdentifier
  }

  /// Processes the answer to a SUBSCRIBE.
  func confirm(_ answer: SubscribeAnswer) {
    for refusal in subscriptions.confirm(answer.identifier, codes: answer.codes) {
      onEvent(.refused(filter: refusal.filter, reason: ReasonCode.text(refusal.code)))
    }
    announceIfComplete()
  }

  /// Processes the answer to the UNSUBSCRIBE with an identifier.
  func confirmRemoval(_ identifier: UInt16) {
    subscriptions.confirmRemoval(identifier)
    remember()
    announceIfComplete()
  }

  /// Clears the memory of a session that has ended at the broker.
  func forget() { memory?.forget(settings.clientID) }

  private func remember() {
    guard let memory, remembered != subscriptions.held else { return }
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
}
