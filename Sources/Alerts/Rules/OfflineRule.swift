import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// An asset is offline, as its gateway or the broker reports.
  static let offline = AlertRuleID("offline", concernsData: true)
}

/// Rule about the availability that gateways report, and the broker by last wills. It is known at once, while silence
/// takes time to detect. The `no_data` alerts of the asset are therefore its consequences.
struct OfflineRule: AlertRule {
  static let ids = [AlertRuleID.offline]
  static let guide = [
    AlertGuide(
      "a gateway or the broker reports an asset offline; critical after 5 minutes; cleared when it is online",
      remedy: "Look at its power supply, its gateway and its network.")
  ]

  /// Time offline after which the alert is critical.
  static let critical = TimeSpan.minutes(5)

  mutating func begin(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
    if frame.availability.isEmpty { return }
    // Copied, because the loop appends transitions to the frame; there are few changes.
    let changes = frame.availability
    for change in changes where register.assets.indices.contains(change.asset.position) {
      let key = AlertKey(rule: .offline, asset: change.asset)
      if change.isOnline {
        context.book.clear(key, at: frame.received, text: "It is online again.", into: &frame)
      } else {
        let name = register.assets[change.asset.position].name
        let message = Self.message(name, since: "since \(frame.received)", seconds: 0)
        context.book.raise(key, severity: .warning, at: frame.received, message: message, into: &frame, in: register)
      }
    }
  }

  mutating func finish(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
    if frame.cause == .tick, !context.isCatchingUp { escalate(&context, into: &frame, in: register) }
  }

  private func escalate(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
    let due = context.book.explainers.filter { key in
      guard key.rule == .offline, let alert = context.book.alerts[key], context.book.isActive(key) else { return false }
      return alert.severity < .critical && frame.received - alert.raised >= Self.critical
    }
    if due.isEmpty { return }
    for key in due.sorted(by: { $0.order < $1.order }) {
      guard let asset = key.asset, let raised = context.book.alerts[key]?.raised else { continue }
      let span = frame.received - raised
      let since = "for \(AlertRegistry.duration(span)), since \(raised)"
      let message = Self.message(register.assets[asset.position].name, since: since, seconds: span.inSeconds)
      context.book.raise(key, severity: .critical, at: frame.received, message: message, into: &frame, in: register)
    }
  }

  private static func message(_ name: String, since: String, seconds: Double) -> AlertMessage {
    AlertMessage(
      title: "\(name) is offline",
      text:
        "\(name) has been offline \(since), as its gateway or the broker reports. Look at its power supply, its gateway "
        + "and its network.", value: seconds)
  }
}

extension AlertRegistry {
  /// Returns whether an asset is reported offline.
  func isOffline(_ asset: AssetIndex) -> Bool {
    let key = AlertKey(rule: .offline, asset: asset)
    return explainers.contains(key) && isActive(key)
  }
}
