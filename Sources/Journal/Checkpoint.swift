import Glibc
import StreamCore
import Synchronization

/// From where a restart goes on: everything below ``offset`` is in the database or in the spool.
public struct Checkpoint: Equatable, Sendable {
  /// Offset of the first record that has to be read again.
  public var offset: UInt64
  /// What is known at that offset.
  public var state: [UInt8]

  /// A checkpoint.
  public init(offset: UInt64, state: [UInt8]) {
    self.offset = offset
    self.state = state
  }
}

/// Keeps the latest checkpoint and the one before it, each in a file that is there whole or not at all.
public final class CheckpointStore: Sendable {
  /// What was found.
  public struct Found: Equatable, Sendable {
    /// The latest whole checkpoint, if any.
    public var checkpoint: Checkpoint?
    /// What is wrong with those that were passed over, for the log.
    public var damage: [String] = []
  }

  /// The newest whole checkpoint, and whether it is the one called latest.
  private struct Newest {
    var offset: UInt64?
    var isLatest = false
  }

  private let directory: String
  /// `nil` before the files were looked at.
  private let newest = Mutex<Newest?>(nil)
  private var latest: String { "\(directory)/checkpoint" }
  private var previous: String { "\(directory)/checkpoint.previous" }

  /// The store in a folder, made if missing.
  public init(directory: String) throws(JournalError) {
    self.directory = directory
    try Folder.make(directory)
  }

  /// Bytes of the disk that the next checkpoint needs, were it twice as large as the latest.
  public var bytesNeeded: Int {
    var status = stat()
    return stat(latest, &status) == 0 ? 2 * Int(status.st_size) : 0
  }

  /// The latest checkpoint, or the one before it where the latest is damaged, to be read part by part, and what is wrong
  /// with those that were passed over.
  public func open() -> (parts: CheckpointParts?, damage: [String]) {
    var damage: [String] = []
    for path in [latest, previous] where access(path, F_OK) == 0 || errno != ENOENT {
      do {
        let parts = try CheckpointParts(path)
        newest.withLock { $0 = Newest(offset: parts.offset, isLatest: path == latest) }
        return (parts, damage)
      } catch {
        damage.append("\(path): \(error)")
      }
    }
    newest.withLock { $0 = Newest() }
    return (nil, damage)
  }

  /// The same, with all of its parts as one state.
  public func load() -> Found {
    let (parts, damage) = open()
    var found = Found(damage: damage)
    guard let parts else { return found }
    do throws(JournalError) {
      var state: [UInt8] = []
      for number in 0..<parts.count { state += try parts.read(number) }
      found.checkpoint = Checkpoint(offset: parts.offset, state: state)
    } catch {
      found.damage.append("\(error)")
    }
    return found
  }

  /// Starts a checkpoint; one that was started before and not kept is given up.
  public func draft(offset: UInt64) throws(JournalError) -> CheckpointDraft {
    try CheckpointDraft("\(directory)/checkpoint.new", offset: offset)
  }

  /// Makes the last draft that was started the latest checkpoint; on return it is on the disk. Returns the offset below
  /// which the journal may be trimmed: that of the older of the two checkpoints kept, from which a restart goes on should
  /// the newer one be damaged.
  @discardableResult
  public func keep(_ draft: CheckpointDraft) throws(JournalError) -> UInt64 {
    let temporary = "\(directory)/checkpoint.new"
    do throws(JournalError) { try draft.seal() } catch {
      unlink(temporary)
      throw error
    }
    if newest.withLock({ $0 == nil }) { _ = open() }
    let before = newest.withLock { $0 } ?? Newest()
    // A damaged file must not push the whole one out of its place.
    if before.isLatest, rename(latest, previous) != 0 { throw .system("renaming \(latest)") }
    guard rename(temporary, latest) == 0 else { throw .system("renaming \(temporary)") }
    try Folder.sync(directory)
    newest.withLock { $0 = Newest(offset: draft.offset, isLatest: true) }
    return min(before.offset ?? 0, draft.offset)
  }

  /// Writes a checkpoint whose state is one part; see ``keep(_:)``.
  @discardableResult
  public func save(_ checkpoint: Checkpoint) throws(JournalError) -> UInt64 {
    let draft = try draft(offset: checkpoint.offset)
    try draft.append(checkpoint.state)
    return try keep(draft)
  }
}
