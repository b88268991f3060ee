import PlantModel
import Settings
import StreamCore
import WattlineTime

/// Choice of the MQTT version and answer timeout for the next attempt.
///
/// A broker that supports only 3.1.1 refuses version 5, closes without a reason, or keeps the connection open without
/// an answer:
///
/// - Refusal: 3.1.1 is used from now on.
/// - Close: a broker that is starting also closes. The version therefore changes after every second close in a row; if
///   3.1.1 is closed twice too, 5 is tried again.
/// - No answer: a slow broker does not answer either. After five seconds without an answer, 3.1.1 is tried with the
///   full timeout of fifteen seconds.
///   - If the answer to that comes within five seconds, the broker is not slow but does not support version 5. The
///     connection stays. The first reconnection after an hour tries 5 again, because the broker may have been busy or
///     updated.
///   - If that answer takes longer than five seconds, or there is none, the missing answer to 5 is inconclusive.
///     Version 5
///     is tried next, with the full timeout.
///
/// A configured version is never changed and always has the full timeout.
struct VersionNegotiation {
  /// Timeouts for the broker's answer.
  struct Patience: Sendable {
    /// Timeout for version 5 if 3.1.1 may be tried.
    var first = TimeSpan.seconds(5)
    /// Timeout for any other attempt.
    var full = TimeSpan.seconds(15)
    /// Time after which version 5 is tried again with a broker that did not answer it.
    var retry = TimeSpan.seconds(3_600)
  }

  private(set) var version: OutboundPackets.Version
  /// Whether the broker did not answer version 5 but answered 3.1.1 at once.
  private(set) var isSilentOnNewer = false
  private let isFixed: Bool
  private let limits: Patience
  private var closes = 0
  private var isTold = false
  /// Whether the last attempt with version 5 got no answer.
  private var metSilence = false
  /// Whether the broker took longer to answer than the first timeout.
  private var isSlow = false
  /// Monotonic time at which version 5 is tried again.
  private var retryTime = TimeSpan.zero

  init(_ wanted: BrokerSettings.ProtocolVersion, patience limits: Patience = Patience()) {
    version = wanted == .v311 ? .v311 : .v5
    isFixed = wanted != .auto
    self.limits = limits
  }

  /// Timeout of the attempt for the broker's answer.
  var patience: TimeSpan { isFixed || version == .v311 || isSlow ? limits.full : limits.first }

  /// Starts an attempt at the monotonic time `now`.
  mutating func begins(at now: TimeSpan) {
    guard metSilence, version == .v311, retryTime != .zero, now >= retryTime else { return }
    version = .v5
  }

  /// Records that the broker does not support the version.
  mutating func wasRefused() {
    (metSilence, isSilentOnNewer) = (false, false)
    if !isFixed { version = .v311 }
  }

  /// Records that the connection was closed before the broker's answer.
  mutating func wasClosed() {
    closes += 1
    if !isFixed, closes.isMultiple(of: 2) { version = version == .v5 ? .v311 : .v5 }
  }

  /// Records that the broker did not answer within ``patience``. Returns whether the other version is tried next.
  mutating func metNoAnswer() -> Bool {
    if isFixed { return false }
    metSilence = version == .v5
    isSlow = isSlow || version == .v311
    retryTime = .zero
    version = version == .v5 ? .v311 : .v5
    return true
  }

  /// Records that the broker accepted the connection at `now`, `span` after the request. Returns whether to report,
  /// once, that the older version is used because the broker does not support the newer one.
  mutating func wasAccepted(at now: TimeSpan, after span: TimeSpan) -> Bool {
    closes = 0
    let isLate = span > limits.first
    isSlow = isSlow || isLate
    if version == .v5 { (isSilentOnNewer, metSilence) = (false, false) }
    guard !isFixed, version == .v311 else { return false }
    if metSilence {
      isSilentOnNewer = !isLate
      // A slow broker is asked for version 5 with the next connection, which need not wait an hour.
      if retryTime == .zero { retryTime = isLate ? now : now + limits.retry }
    }
    if isTold || (metSilence && isLate) { return false }
    isTold = true
    return true
  }
}
