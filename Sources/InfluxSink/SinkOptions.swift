import PlantModel

/// Sizes and spans of a sink. The defaults are meant for use; tests shorten the spans.
public struct SinkOptions: Sendable {
  /// Most lines in a request.
  public var requestLines = LineEncoder.fullLines
  /// Most bytes in a request's body.
  public var requestBytes = LineEncoder.fullBytes
  /// Bytes that may wait before ``InfluxSink/submit(_:)`` blocks.
  public var queueBytes = 16 << 20
  /// Batches that may wait before ``InfluxSink/submit(_:)`` blocks.
  public var queueBatches = 256
  /// Longest time to connect.
  public var connectTimeout = TimeSpan.seconds(5)
  /// Longest time of a request as a whole.
  public var totalTimeout = TimeSpan.seconds(30)
  /// First bound of the back-off.
  public var shortestBackoff = TimeSpan.milliseconds(250)
  /// Last bound of the back-off.
  public var longestBackoff = TimeSpan.seconds(30)
  /// Time between tries while data is held back.
  public var slowRetry = TimeSpan.seconds(30)
  /// Tries after a fault of the server before lines are suspected.
  public var faultTries = 5
  /// Points that wait in the spool beyond which fresh ones are written ahead of their turn.
  public var longSpool = 10 * LineEncoder.fullLines
  /// Bytes of all dead-letter files together; the oldest are removed beyond that.
  public var deadLetterBytes = 256 << 20
  /// Seed of the back-off's jitter; give each process its own.
  public var seed: UInt64 = 1
  /// Precision of the timestamps in submitted lines.
  public var precision = WritePrecision.milliseconds

  /// The defaults.
  public init() {}
}
