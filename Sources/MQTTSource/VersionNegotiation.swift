import PlantModel

/// Which version of MQTT the next attempt asks for.
///
/// A broker that knows 3.1.1 only refuses version 5 or closes without a word. A broker that is starting closes too, hence
/// a second close in a row is waited for; and where 3.1.1 meets the same, 5 is tried again.
struct VersionNegotiation {
  private(set) var version: OutboundPackets.Version
  private let isFixed: Bool
  private var closes = 0
  private var isTold = false

  init(_ wanted: BrokerSettings.ProtocolVersion) {
    version = wanted == .v311 ? .v311 : .v5
    isFixed = wanted != .auto
  }

  /// The broker does not speak the version.
  mutating func wasRefused() {
    if !isFixed { version = .v311 }
  }

  /// The connection was closed before the broker's answer.
  mutating func wasClosed() {
    closes += 1
    if !isFixed, closes.isMultiple(of: 2) { version = version == .v5 ? .v311 : .v5 }
  }

  /// Whether a connection stands with the older version for the first time, though the newer was asked for.
  mutating func isNewlyLowered() -> Bool {
    closes = 0
    guard !isFixed, version == .v311, !isTold else { return false }
    isTold = true
    return true
  }
}
