import SinkCore
import StreamCore

/// Whether the database accepts points, or the reason why all points are held back until a person acts.
///
/// A journal record holds every change. The alert about it therefore behaves like any other: it can be acknowledged, is
/// delivered, and comes out the same in a replay.
struct DatabaseTrouble: Equatable {
  private static let version: UInt16 = 1

  /// Reason for holding points back; empty while the database accepts points.
  var reason = ""
  /// Message of the database.
  var words = ""

  /// Creates the record of a sink's state; `nil` if the database is away, because its acceptance is then unknown.
  init?(_ state: SinkState) {
    switch state {
    case .ok: break
    case .held(let reason, let words): (self.reason, self.words) = (reason.rawValue, words)
    case .away: return nil
    }
  }

  init(record: UnsafeRawBufferPointer) throws(SnapshotError) {
    var reader = SnapshotReader(Array(record))
    try reader.expect(version: DatabaseTrouble.version, of: "the state of the database")
    reason = try reader.readString()
    words = try reader.readString()
  }

  /// The news for each plant.
  var news: ProcessNews { reason.isEmpty ? .databaseAccepts : .databaseRefuses(reason: reason, words: words) }

  /// Body of the journal record.
  var bytes: [UInt8] {
    var writer = SnapshotWriter()
    writer.write(DatabaseTrouble.version)
    writer.write(reason)
    writer.write(words)
    return writer.bytes
  }
}
