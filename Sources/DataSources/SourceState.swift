import Journal
import StreamCore
import WattlineTime

/// All that a source must know after a restart.
struct SourceState: Equatable {
  /// Place up to which a file is read.
  struct FileMark: Equatable {
    var device: UInt64
    var inode: UInt64
    /// Hash of the first ``headLength`` bytes, by which a new file with an old number is recognised.
    var head: UInt64
    var headLength: Int
    /// Bytes of whole lines that are taken.
    var offset: Int
    /// Lines that are taken.
    var lines: Int
  }

  /// Latest reading of the last complete fetch, at most its end; `nil` before the first.
  var through: Timestamp?
  /// End of the last complete fetch.
  var lastSuccess: Timestamp?
  /// Rows that had something new, since the source is known.
  var rows: UInt64 = 0
  /// Fingerprint of address and credentials that were refused; 0 without a refusal.
  var refused: UInt64 = 0
  /// Words of the refusal.
  var refusal = ""
  /// Number of the last start by a person that has been carried out.
  var starts: UInt64 = 0
  var files: [FileMark] = []
  var known = KnownReadings()

  private static let version: UInt16 = 1

  init() {}

  var bytes: [UInt8] {
    var writer = SnapshotWriter()
    writer.write(Self.version)
    writer.write(through ?? .distantPast)
    writer.write(lastSuccess ?? .distantPast)
    writer.write(rows)
    writer.write(refused)
    writer.write(refusal)
    writer.write(starts)
    writer.write(files) { writer, file in
      writer.write(file.device)
      writer.write(file.inode)
      writer.write(file.head)
      writer.write(Int64(file.headLength))
      writer.write(Int64(file.offset))
      writer.write(Int64(file.lines))
    }
    known.snapshot(into: &writer)
    return writer.bytes
  }

  init(_ bytes: [UInt8]) throws(SnapshotError) {
    var reader = SnapshotReader(bytes)
    try reader.expect(version: Self.version, of: "the state of a source")
    through = Self.time(try reader.readTimestamp())
    lastSuccess = Self.time(try reader.readTimestamp())
    rows = try reader.read(UInt64.self)
    refused = try reader.read(UInt64.self)
    refusal = try reader.readString()
    starts = try reader.read(UInt64.self)
    files = try reader.readArray(elementSize: 48) { (reader) throws(SnapshotError) in
      FileMark(
        device: try reader.read(UInt64.self), inode: try reader.read(UInt64.self),
        head: try reader.read(UInt64.self), headLength: Int(try reader.read(Int64.self)),
        offset: Int(try reader.read(Int64.self)), lines: Int(try reader.read(Int64.self)))
    }
    known = try KnownReadings(restoring: &reader)
  }

  private static func time(_ time: Timestamp) -> Timestamp? { time == .distantPast ? nil : time }
}

/// The file of a source's state, beside the journal.
struct SourceStore {
  private let store: CheckpointStore

  /// Opens the folder of a source.
  init(folder: String) throws(JournalError) { store = try CheckpointStore(directory: folder) }

  /// Returns the state and the journal offset up to which it has all readings, with what is damaged.
  ///
  /// A state beyond the journal's end belongs to another journal, and does not count.
  func load(end: UInt64) -> (state: SourceState, offset: UInt64, damage: [String]) {
    let found = store.load()
    var damage = found.damage
    if let checkpoint = found.checkpoint, checkpoint.offset <= end {
      do throws(SnapshotError) { return (try SourceState(checkpoint.state), checkpoint.offset, damage) } catch {
        damage.append("\(error)")
      }
    }
    return (SourceState(), 0, damage)
  }

  /// Saves the state with the offset up to which it has all readings.
  func save(_ state: SourceState, offset: UInt64) throws(JournalError) {
    try store.save(Checkpoint(offset: offset, state: state.bytes))
  }
}
