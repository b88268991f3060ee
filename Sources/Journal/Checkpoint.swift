import Glibc
import StreamCore
import Synchronization

/// The restart position: everything below ``offset`` is in the database or in the spool.
public struct Checkpoint: Equatable, Sendable {
  /// Offset of the first record that must be read again.
  public var offset: UInt64
  /// Serialised state at that offset.
  public var state: [UInt8]

  /// Creates a checkpoint.
  public init(offset: UInt64, state: [UInt8]) {
    self.offset = offset
    self.state = state
  }
}

/// Store of the latest checkpoint and the previous one, each in an atomically written file.
public final class CheckpointStore: Sendable {
  /// Result of loading.
  public struct Found: Equatable, Sendable {
    /// The latest intact checkpoint, if any.
    public var checkpoint: Checkpoint?
    /// Defects of skipped checkpoints, for the log.
    public var damage: [String] = []
  }

  /// The newest intact checkpoint, and whether it is in the file named latest.
  private struct Newest {
    var offset: UInt64?
    var isLatest = false
  }

  private let directory: String
  /// `nil` until the files have been examined.
  private let newest = Mutex<Newest?>(nil)
  private var latest: String { "\(directory)/checkpoint" }
  private var previous: String { "\(directory)/checkpoint.previous" }
  /// Name of the previous checkpoint while another takes its place.
  private var older: String { "\(directory)/checkpoint.older" }

  /// Opens the store in a folder, which is created if missing.
  ///
  /// - Throws: `JournalError.system` if the folder cannot be created.
  public init(directory: String) throws(JournalError) {
    self.directory = directory
    try Folder.make(directory)
  }

  /// Disk space for the next checkpoint [bytes], assuming that it is up to twice as large as the latest.
  public var bytesNeeded: Int {
    var status = stat()
    return stat(latest, &status) == 0 ? 2 * Int(status.st_size) : 0
  }

  /// Opens the latest checkpoint, or the previous one if the latest is damaged. Its parts can be read one by one. Also
  /// returns the defects of skipped checkpoints.
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

  /// Loads the same checkpoint as ``open()`` with all parts joined into one state.
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

  /// Starts a checkpoint. An earlier draft that was not kept is discarded.
  public func draft(offset: UInt64) throws(JournalError) -> CheckpointDraft {
    try CheckpointDraft("\(directory)/checkpoint.new", offset: offset)
  }

  /// Makes the last started draft the latest checkpoint and syncs it to the disk.
  ///
  /// - Returns: the offset below which the journal may be trimmed. It is that of the older of the two stored
  ///   checkpoints, from which a restart continues if the newer one is damaged.
  /// - Throws: `JournalError` if writing or renaming fails. Both earlier checkpoints then still exist, and the next
  ///   call starts from what the files are.
  @discardableResult
  public func keep(_ draft: CheckpointDraft) throws(JournalError) -> UInt64 {
    let temporary = "\(directory)/checkpoint.new"
    do throws(JournalError) { try draft.seal() } catch {
      unlink(temporary)
      throw error
    }
    if newest.withLock({ $0 == nil }) { _ = open() }
    let before = newest.withLock { $0 } ?? Newest()
    // Unknown until all is done, so that after a failure the next call examines the files again.
    newest.withLock { $0 = nil }
    // A damaged latest file must not replace the intact previous one.
    if before.isLatest { try moveLatest(behind: temporary) } else { try move(temporary, to: latest) }
    try Folder.sync(directory)
    newest.withLock { $0 = Newest(offset: draft.offset, isLatest: true) }
    return min(before.offset ?? 0, draft.offset)
  }

  /// Makes the latest checkpoint the previous one and `temporary` the latest. If it fails, both stay what they were.
  private func moveLatest(behind temporary: String) throws(JournalError) {
    let hasPrevious = rename(previous, older) == 0
    do throws(JournalError) {
      try move(latest, to: previous)
      do throws(JournalError) { try move(temporary, to: latest) } catch {
        rename(previous, latest)
        throw error
      }
    } catch {
      if hasPrevious { rename(older, previous) }
      throw error
    }
    if hasPrevious { unlink(older) }
  }

  private func move(_ source: String, to target: String) throws(JournalError) {
    guard rename(source, target) == 0 else { throw .system("renaming \(source)") }
  }

  /// Writes a checkpoint whose state is one part; see ``keep(_:)``.
  @discardableResult
  public func save(_ checkpoint: Checkpoint) throws(JournalError) -> UInt64 {
    let draft = try draft(offset: checkpoint.offset)
    try draft.append(checkpoint.state)
    return try keep(draft)
  }
}
