public import WattlineTime

/// Sizes and time spans of a sink. The defaults suit production; tests shorten the spans.
public struct SinkOptions: Sendable {
  /// Maximum number of lines in a request.
  public var requestLines = WriteBatch.fullLines
  /// Maximum size of a request's body [bytes].
  public var requestBytes = WriteBatch.fullBytes
  /// Size of waiting batches at which ``SpooledSink/submit(_:)`` blocks [bytes].
  public var queueBytes = 16 << 20
  /// Number of waiting batches at which ``SpooledSink/submit(_:)`` blocks.
  public var queueBatches = 256
  /// Maximum time to connect.
  public var connectTimeout = TimeSpan.seconds(5)
  /// Maximum time of a whole request.
  public var totalTimeout = TimeSpan.seconds(30)
  /// First bound of the back-off.
  public var shortestBackoff = TimeSpan.milliseconds(250)
  /// Last bound of the back-off.
  public var longestBackoff = TimeSpan.seconds(30)
  /// Time between tries while data is held.
  public var slowRetry = TimeSpan.seconds(30)
  /// Number of tries after a server fault before lines are suspected.
  public var faultTries = 5
  /// Number of spooled points beyond which fresh ones are also posted at once.
  public var longSpool = 10 * WriteBatch.fullLines
  /// Maximum size of all dead-letter files together [bytes]. Beyond it the oldest are removed.
  public var deadLetterBytes = 256 << 20
  /// Seed of the back-off's jitter; should differ between processes.
  public var seed: UInt64 = 1

  /// Creates the defaults.
  public init() {}
}
