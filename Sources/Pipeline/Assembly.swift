import InfluxSink
import PlantModel
import SinkCore

/// Construction of the parts at the ends of a pipeline. No other file names a kind of sink.
enum Assembly {
  /// Creates the sink of a process, with its spool and dead letters beside the journal.
  ///
  /// - Parameters:
  ///   - settings: Settings of the process.
  ///   - note: Receives log lines.
  ///   - stateChanged: Receives each new state of the connection.
  /// - Throws: ``SinkError`` if the spool cannot be opened or a thread cannot be started.
  static func makeSink(
    for settings: ProcessSettings, note: @escaping @Sendable (String) -> Void,
    stateChanged: @escaping @Sendable (SinkState) -> Void = { _ in }
  ) throws(SinkError) -> any Sink {
    var options = SinkOptions()
    options.deadLetterBytes = Int(clamping: settings.journal.deadLetterBytes)
    let (database, made) = (settings.influxdb, options)
    return try SpooledSink(
      through: { isOver throws(SinkError) in try InfluxEndpoint(database, options: made, isOver: isOver) },
      options: options,
      spool: SpoolSettings(
        directory: settings.journal.path + "/spool", maximumBytes: settings.journal.spoolShare,
        whenFull: settings.journal.whenFull),
      deadLetters: settings.journal.path + "/dead-letter", note: note, stateChanged: stateChanged, accepted: { _ in })
  }
}
