import InfluxSink
import Journal
import PlantConfig
import PlantModel
import StreamCore

/// Runs the records of a journal through the stages again: as they were configured then, or as they are configured in a
/// folder. The same records and the same configuration give the same lines.
public struct JournalReplay {
  /// By which configuration messages are read.
  public enum Reading: Sendable {
    /// By the one that held when they came. Before the journal names one, by this.
    case asRecorded(otherwise: PlantSources)
    /// By this one, whatever the journal says.
    case changed(PlantSources)
  }

  private let followsRecords: Bool
  private var processor: RecordProcessor
  /// What it led to.
  public private(set) var audit = ReplayAudit()
  /// Messages, decoded and refused.
  public var ledger: Ledger { processor.ledger }

  /// A replay that has seen nothing.
  public init(_ reading: Reading) {
    switch reading {
    case .asRecorded(let sources): (followsRecords, processor) = (true, RecordProcessor(sources: sources))
    case .changed(let sources): (followsRecords, processor) = (false, RecordProcessor(sources: sources))
    }
  }

  /// Takes the next record. `output` gets rendered lines once there are many.
  public mutating func process(_ record: JournalRecord, output: (WriteBatch) throws -> Void) rethrows {
    guard record.kind != .configuration || followsRecords else { return }
    record.withBody { body in
      _ = processor.process(kind: record.kind, received: record.received, body: body) { frame, register in
        audit.observe(frame, in: register)
      }
    }
    if processor.encoder.isFull { try flush(to: output) }
  }

  /// Gives out the lines that are left.
  public mutating func finish(output: (WriteBatch) throws -> Void) rethrows {
    if processor.encoder.lineCount > 0 { try flush(to: output) }
  }

  private mutating func flush(to output: (WriteBatch) throws -> Void) rethrows {
    try output(processor.encoder.take(upTo: 0))
  }
}
