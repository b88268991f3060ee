import InfluxSink
public import Journal
public import PlantConfig
import PlantModel
public import SinkCore
import StreamCore

/// Replay of a journal with the configuration of that time or with that of a folder. The same records and configuration
/// give the same lines.
public struct JournalReplay {
  /// Configuration by which messages are read.
  public enum Mode: Sendable {
    /// The configuration recorded in the journal; the given one before the first such record.
    case asRecorded(otherwise: PlantSources)
    /// The given configuration, ignoring those recorded in the journal.
    case changed(PlantSources)
  }

  private let followsRecords: Bool
  private var processor: RecordProcessor
  /// Figures of the replay so far.
  public private(set) var audit = ReplayAudit()
  /// Accounts of messages and readings.
  public var ledger: Ledger { processor.ledger }

  /// Creates a replay before its first record.
  public init(_ reading: Mode) {
    switch reading {
    case .asRecorded(let sources): (followsRecords, processor) = (true, RecordProcessor(sources: sources))
    case .changed(let sources): (followsRecords, processor) = (false, RecordProcessor(sources: sources))
    }
  }

  /// Processes the next record. `output` receives the rendered lines whenever a batch is full.
  public mutating func process(_ record: JournalRecord, output: (WriteBatch) throws -> Void) rethrows {
    guard record.kind != .configuration || followsRecords else { return }
    record.withBody { body in
      _ = processor.process(kind: record.kind, received: record.received, body: body) { frame, register in
        audit.observe(frame, in: register)
      }
    }
    if processor.encoder.isFull { try flush(to: output) }
  }

  /// Passes the remaining lines to `output`.
  public mutating func finish(output: (WriteBatch) throws -> Void) rethrows {
    if processor.encoder.lineCount > 0 { try flush(to: output) }
  }

  private mutating func flush(to output: (WriteBatch) throws -> Void) rethrows {
    try output(processor.encoder.drain(upTo: 0))
  }
}
