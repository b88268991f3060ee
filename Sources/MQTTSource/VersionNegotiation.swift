import PlantModel
import StreamCore

/// Which version of MQTT the next attempt asks for, and how long it waits for the broker's answer.
///
/// A broker that knows 3.1.1 only refuses version 5, closes without a word, or keeps silent with the connection open:
///
/// - It refuses: 3.1.1 is asked for from now on.
/// - It closes: a broker that is starting does so too, hence a second close in a row is waited for; and if 3.1.1 meets
///   the same, 5 is tried again.
/// - It keeps silent: so does a slow broker. After five seconds of silence 3.1.1 is tried, with the full patience of
///   fifteen. If the answer to that comes within five seconds, the broker is not slow; it does not know version 5. A
///   connection is left as it is, but the first reconnection after an hour asks for 5 again, because the broker may have
///   been busy or been updated. If the answer takes longer than five seconds, or 3.1.1 meets silence too, the silence
///   says nothing about versions: 5 is asked for next, with the full patience.
///
/// A version that is configured is never left, and always has the full patience.
struct VersionNegotiation {
  /// How long attempts wait for an answer.
  struct Patience: Sendable {
    /// With version 5, if 3.1.1 may be tried.
    var first = TimeSpan.seconds(5)
    /// With any other attempt.
    var full = TimeSpan.seconds(15)
    /// After which a broker that kept silent is asked for version 5 again.
    var retry = TimeSpan.seconds(3_600)
  }

  private(set) var version: OutboundPackets.Version
  /// Whether the broker kept silent on version 5 and answered 3.1.1 at once.
  private(set) var isSilentOnNewer = false
  private let isFixed: Bool
  private let limits: Patience
  private var closes = 0
  private var isTold = false
  /// Whether the last attempt with version 5 met silence.
  private var metSilence = false
  /// Whether the broker took longer to answer than the first patience.
  private var isSlow = false
  /// When version 5 is asked for again, on the monotonic clock.
  private var retryTime = TimeSpan.zero

  init(_ wanted: BrokerSettings.ProtocolVersion, patience limits: Patience = Patience()) {
    version = wanted == .v311 ? .v311 : .v5
    isFixed = wanted != .auto
    self.limits = limits
  }

  /// How long the attempt waits for the broker's answer.
  var patience: TimeSpan { isFixed || version == .v311 || isSlow ? limits.full : limits.first }

  /// An attempt begins at `now`, on the monotonic clock.
  mutating func begins(at now: TimeSpan) {
    guard metSilence, version == .v311, retryTime != .zero, now >= retryTime else { return }
    version = .v5
  }

  /// The broker does not speak the version.
  mutating func wasRefused() {
    (metSilence, isSilentOnNewer) = (false, false)
    if !isFixed { version = .v311 }
  }

  /// The connection was closed before the broker's answer.
  mutating func wasClosed() {
    closes += 1
    if !isFixed, closes.isMultiple(of: 2) { version = version == .v5 ? .v311 : .v5 }
  }

  /// The broker did not answer within ``patience``. Whether the other version is tried next.
  mutating func metNoAnswer() -> Bool {
    if isFixed { return false }
    metSilence = version == .v5
    isSlow = isSlow || version == .v311
    retryTime = .zero
    version = version == .v5 ? .v311 : .v5
    return true
  }

  /// The broker accepted the connection at `now`, `span` after it was asked. Whether it is for the first time that a
  /// broker gets the older version because it does not know the newer.
  mutating func wasAccepted(at now: TimeSpan, after span: TimeSpan) -> Bool {
    closes = 0
    let isLate = span > limits.first
    isSlow = isSlow || isLate
    if version == .v5 { (isSilentOnNewer, metSilence) = (false, false) }
    guard !isFixed, version == .v311 else { return false }
    if metSilence {
      isSilentOnNewer = !isLate
      // A slow broker is asked with the next connection, which need not wait.
      if retryTime == .zero { retryTime = isLate ? now : now + limits.retry }
    }
    if isTold || (metSilence && isLate) { return false }
    isTold = true
    return true
  }
}
