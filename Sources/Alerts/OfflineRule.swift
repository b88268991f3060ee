import PlantModel
import StreamCore

/// Assets that are said to be gone: by their gateway, or by the broker that keeps their last will. It is known at once,
/// while silence has to be waited for, and so `no_data` of the asset follows from it.
extension AlertStage {
  /// Raises an alert about each asset that is gone, and clears it when the asset is there again.
  mutating func judgeAvailability(_ frame: inout Frame, _ register: PlantRegister) {
    if frame.availability.isEmpty { return }
    // A copy, since the frame takes what comes of it; there are few.
    let changes = frame.availability
    for change in changes where register.assets.indices.contains(change.asset.position) {
      let key = AlertKey(rule: .offline, asset: change.asset)
      if change.isOnline {
        book.clear(key, at: frame.received, "It is online again.", &frame)
      } else {
        let message = AlertStage.offlineMessage(
          register.assets[change.asset.position].name, "since \(frame.received)", 0)
        book.raise(key, .warning, at: frame.received, message, &frame, register)
      }
    }
  }

  /// Whether an asset is said to be gone.
  func isOffline(_ asset: AssetIndex) -> Bool {
    let key = AlertKey(rule: .offline, asset: asset)
    return book.explainers.contains(key) && book.isActive(key)
  }

  /// Calls what stays offline critical; called on ticks.
  mutating func escalateOffline(_ frame: inout Frame, _ register: PlantRegister) {
    let due = book.explainers.filter { key in
      guard key.rule == .offline, let alert = book.alerts[key], book.isActive(key) else { return false }
      return alert.severity < .critical && frame.received - alert.raised >= thresholds.criticalOffline
    }
    if due.isEmpty { return }
    for key in due.sorted(by: { $0.order < $1.order }) {
      guard let asset = key.asset, let raised = book.alerts[key]?.raised else { continue }
      let span = frame.received - raised
      let since = "for \(AlertBook.duration(span)), since \(raised)"
      let message = AlertStage.offlineMessage(register.assets[asset.position].name, since, span.inSeconds)
      book.raise(key, .critical, at: frame.received, message, &frame, register)
    }
  }

  private static func offlineMessage(_ name: String, _ since: String, _ seconds: Double) -> AlertMessage {
    AlertMessage(
      title: "\(name) is offline",
      text:
        "\(name) has been offline \(since), as its gateway or the broker says. Look at its power supply, its gateway "
        + "and its network.", value: seconds)
  }
}
