import InfluxSink
import StreamCore

/// Why the database takes nothing and all points are held back until a person acts, or that it takes them. A record of
/// the journal has it whenever that changes, so that the alert about it is one like all others: acknowledged, told, and
/// the same when the journal runs again.
struct DatabaseTrouble: Equatable {
  private static let version: UInt16 = 1

  /// Empty while it takes points.
  var reason = ""
  /// What the database says.
  var words = ""

  /// `nil` where it is not known whether it would take points.
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

  /// The record's body.
  var bytes: [UInt8] {
    var writer = SnapshotWriter()
    writer.write(DatabaseTrouble.version)
    writer.write(reason)
    writer.write(words)
    return writer.bytes
  }
}
