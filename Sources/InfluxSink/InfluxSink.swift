import PlantModel
public import Settings
public import SinkCore
public import SystemCore

/// A sink that writes to InfluxDB: a `SpooledSink` with an ``InfluxEndpoint``.
public typealias InfluxSink = SpooledSink

extension SpooledSink {
  /// Opens the spool and starts a sink that writes to InfluxDB.
  ///
  /// - Parameters:
  ///   - settings: address, version and credentials of the database.
  ///   - options: sizes and time spans.
  ///   - spool: disk storage for points while the database is unavailable; without one they wait in memory.
  ///   - directory: folder for `*.lp.zst` files of refused lines, created when needed.
  ///   - note: called on the sink's thread with messages for the log.
  ///   - stateChanged: called on the sink's thread when the state changes.
  ///   - accepted: called on the sink's thread once for each batch, in the order of submission, with its offset.
  /// - Throws: `SinkError` if the spool cannot be opened or the thread cannot be started.
  public convenience init(
    _ settings: DatabaseSettings, options: SinkOptions = SinkOptions(), spool: SpoolSettings? = nil,
    deadLetters directory: String, note: @escaping @Sendable (LogEntry) -> Void = { _ in },
    stateChanged: @escaping @Sendable (SinkState) -> Void = { _ in },
    accepted: @escaping @Sendable (_ upTo: UInt64) -> Void
  ) throws(SinkError) {
    try self.init(
      through: { isOver throws(SinkError) in try InfluxEndpoint(settings, options: options, isOver: isOver) },
      options: options, spool: spool, deadLetters: directory, note: note, stateChanged: stateChanged,
      accepted: accepted)
  }
}

extension DeadLetters {
  /// Posts every letter again to InfluxDB; see `retry(through:options:)`.
  ///
  /// - Parameters:
  ///   - settings: address, version and credentials of the database.
  ///   - options: sizes and time spans.
  /// - Returns: the number of points by outcome.
  /// - Throws: `SinkError.cannotStart` if libcurl cannot be started.
  public func retry(to settings: DatabaseSettings, options: SinkOptions = SinkOptions()) throws(SinkError) -> Outcome {
    try retry(
      through: { isOver throws(SinkError) in try InfluxEndpoint(settings, options: options, isOver: isOver) },
      options: options)
  }
}
