import PayloadDecoding
import StreamCore

/// Counts behind the two accounts that must always balance, saved with the checkpoint: `messages = decoded +
/// refused(reason) + duplicates` and `readings decoded + redelivered = written + queued + spooled + dead-lettered +
/// dropped(reason)`.
public struct Ledger: Sendable, Equatable {
  private static let version: UInt16 = 5

  /// Messages received: those in the journal and those passed over before it.
  public var messages: UInt64 = 0
  /// Messages with at least one reading, messages understood without one, and instructions carried out.
  public var decoded: UInt64 = 0
  /// Refused messages by reason.
  public var refused: [String: UInt64] = [:]
  /// Messages that the broker sent again.
  public var duplicates: UInt64 = 0
  /// Readings decoded.
  public var readings: UInt64 = 0
  /// Readings refused because their plant has reached its limit of assets or sensors. A message that also has other
  /// readings counts as decoded.
  public var beyondLimits: UInt64 = 0
  /// Decoded messages that carry their receive time because their own timestamp is unusable.
  public var timesUnusable: UInt64 = 0
  /// Missing values whose place exists, such as `null` and `NaN`.
  public var missingValues: UInt64 = 0
  /// Values refused for other reasons. A message that also has other values counts as decoded.
  public var refusedValues: [String: UInt64] = [:]
  /// Journal records with malformed content.
  public var malformedRecords: UInt64 = 0

  /// Creates an empty ledger.
  public init() {}

  /// Number of messages refused for any reason.
  public var refusedInAll: UInt64 { refused.values.reduce(0, +) }

  /// Counts a refused message.
  mutating func refuse(_ reason: String) { refused[reason, default: 0] += 1 }

  /// Adds counts of refused values.
  mutating func add(_ values: [RefusalReason: UInt64]) {
    for (reason, count) in values { refusedValues[reason.rawValue, default: 0] &+= count }
  }

  /// Adds the ledger of another worker.
  mutating func add(_ other: Ledger) {
    messages &+= other.messages
    decoded &+= other.decoded
    duplicates &+= other.duplicates
    readings &+= other.readings
    malformedRecords &+= other.malformedRecords
    beyondLimits &+= other.beyondLimits
    timesUnusable &+= other.timesUnusable
    missingValues &+= other.missingValues
    refused.merge(other.refused, uniquingKeysWith: &+)
    refusedValues.merge(other.refusedValues, uniquingKeysWith: &+)
  }

  /// Adds received messages that are not in the journal.
  mutating func add(_ messages: SkippedMessages) {
    self.messages &+= messages.duplicates &+ messages.oversized
    duplicates &+= messages.duplicates
    if messages.oversized > 0 { refused[RefusalReason.tooLarge.rawValue, default: 0] &+= messages.oversized }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Ledger.version)
    writer.write(messages)
    writer.write(decoded)
    writer.write(duplicates)
    writer.write(readings)
    writer.write(malformedRecords)
    writer.write(beyondLimits)
    writer.write(timesUnusable)
    writer.write(missingValues)
    for reasons in [refused, refusedValues] {
      writer.write(reasons.sorted { $0.key < $1.key }) { writer, entry in
        writer.write(entry.key)
        writer.write(entry.value)
      }
    }
  }

  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Ledger.version, of: "the ledger")
    messages = try reader.read()
    decoded = try reader.read()
    duplicates = try reader.read()
    readings = try reader.read()
    malformedRecords = try reader.read()
    beyondLimits = try reader.read()
    timesUnusable = try reader.read()
    missingValues = try reader.read()
    refused = try Ledger.reasons(from: &reader)
    refusedValues = try Ledger.reasons(from: &reader)
  }

  private static func reasons(from reader: inout SnapshotReader) throws(SnapshotError) -> [String: UInt64] {
    let entries = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      (try reader.readString(), try reader.read(UInt64.self))
    }
    return Dictionary(entries) { $1 }
  }
}
