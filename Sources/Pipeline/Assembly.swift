import InfluxSink
import Journal
import MQTTSource
import PlantModel
import Settings
import SinkCore
import StreamCore
import SystemCore

/// Construction of the parts at the ends of a pipeline: the sources, the log and the sink.
///
/// ``RunningPipeline`` knows their protocols only. A new kind is constructed here, and nowhere else.
enum Assembly {
  /// Creates the sink of a process, with its spool and dead letters beside the journal.
  ///
  /// - Parameters:
  ///   - settings: Settings of the process.
  ///   - credentials: Settings of the database with credentials that may change.
  ///   - note: Receives log lines.
  ///   - stateChanged: Receives each new state of the connection.
  /// - Throws: ``SinkError`` if the spool cannot be opened or a thread cannot be started.
  static func makeSink(
    for settings: ProcessSettings, credentials: Renewable<DatabaseSettings>? = nil,
    note: @escaping @Sendable (LogEntry) -> Void,
    stateChanged: @escaping @Sendable (SinkState) -> Void = { _ in }
  ) throws(SinkError) -> any Sink {
    var options = SinkOptions()
    options.deadLetterBytes = Int(clamping: settings.journal.deadLetterBytes)
    let (database, made) = (settings.influxdb, options)
    return try SpooledSink(
      through: { isOver throws(SinkError) in
        try InfluxEndpoint(database, credentials: credentials, options: made, isOver: isOver)
      },
      options: options,
      spool: SpoolSettings(
        directory: settings.journal.path + "/spool", maximumBytes: settings.journal.spoolShare,
        whenFull: settings.journal.whenFull),
      deadLetters: settings.journal.path + "/dead-letter", note: note, stateChanged: stateChanged, accepted: { _ in })
  }

  /// Opens the log of a process. What opening has found and mended is logged.
  ///
  /// - Parameters:
  ///   - settings: Settings of the process.
  ///   - offset: Lowest offset of new records: that of the checkpoint.
  ///   - note: Receives log lines.
  static func openLog(
    for settings: JournalSettings, notBefore offset: UInt64, note: @Sendable (LogEntry) -> Void
  ) throws(JournalError) -> any RecordLog {
    let journal = try Journal(
      directory: settings.path, maximumBytes: settings.messageShare, sync: settings.sync, notBefore: offset,
      keepBytes: settings.historyBytes, maximumAge: settings.historyAge)
    if !journal.recovery.isClean {
      note(.warning("the journal was mended after a sudden end: \(journal.recovery.words)"))
    }
    return journal
  }

  /// Creates every source of a process.
  ///
  /// - Parameters:
  ///   - plants: Plants whose messages are received.
  ///   - settings: Settings of the process.
  ///   - credentials: Settings of the broker with credentials that may change.
  ///   - sink: Stores the messages of all sources.
  ///   - events: Reports what happens at the broker.
  static func makeSources(
    for plants: [Plant], settings: ProcessSettings, credentials: Renewable<BrokerSettings>? = nil,
    into sink: any BurstSink, events: BrokerEvents
  ) -> [any MessageSource] {
    [
      BrokerSessions(
        settings: settings.mqtt, credentials: credentials, plants: plants,
        memory: SessionMemory(folder: settings.journal.path + "/sessions", broker: settings.mqtt), sink: sink
      ) { events.report($1, from: $0) }
    ]
  }
}
