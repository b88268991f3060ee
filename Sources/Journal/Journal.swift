import Glibc
import PlantModel
public import Settings
import StreamCore
import Synchronization
import SystemCore
public import WattlineTime

/// An append-only log of everything received, in a dedicated folder: the source of truth.
///
/// Offsets are byte positions over all segments and only grow. One thread appends; any number of threads read, each
/// with a separate reader. An appended record survives the end of the process at once, and a power loss according to
/// ``Sync``.
public final class Journal: RecordLog, SegmentCatalogue, @unchecked Sendable {
  // Sendable: the stored variables below `monitor` are accessed inside `monitor.locked` only, or in `init`. The rest is
  // constant and Sendable.

  /// Time at which an append reaches the disk.
  public typealias Sync = JournalSettings.Sync

  /// Folder of the journal.
  public let directory: String
  /// Findings of opening.
  public let recovery: RecoveryReport
  /// Maximum size of all segments on disk [bytes].
  public let maximumBytes: Int
  private let segmentBytes: Int
  private let sync: AppendSync
  private let lock: OpenFile
  private let compressor: SegmentCompressor?
  private let end: Atomic<UInt64>
  let store: SegmentStore

  private var monitor: Monitor { store.monitor }
  private var active: OpenFile
  private var isClosed = false
  private var room = DiskRoom()
  private var waitingReaders = 0

  /// Opens the journal in `directory`, created if missing, and repairs the effects of a crash.
  ///
  /// Damage never prevents opening: ``recovery`` describes it, and readers skip it.
  ///
  /// - Parameters:
  ///   - directory: folder of the journal.
  ///   - maximumBytes: limit of all segments together [bytes on disk]. While a segment is compressed, its new file
  ///     counts too;
  ///     only this file may temporarily exceed the limit.
  ///   - segmentBytes: size at which a new segment is started [bytes]; reduced to an eighth of the limit.
  ///   - sync: time at which an append reaches the disk.
  ///   - notBefore: lowest offset of new records, such as the checkpoint's. If the disk lost the tail that the
  ///     checkpoint
  ///     covers, this prevents offsets from being assigned twice.
  ///   - keepBytes: size of the history [bytes on disk]. The newest trimmed segments are kept up to this size until new
  ///     records need the room.
  ///   - maximumAge: maximum age of the history, by receive time against the journal's latest record; `nil` for no
  ///     limit.
  ///     Untrimmed segments are never removed by age.
  ///   - compresses: whether complete segments are compressed in the background. Segments that hardly shrink stay
  ///     uncompressed.
  /// - Throws: `JournalError`, for example if the folder is locked by another journal.
  public convenience init(
    directory: String, maximumBytes: Int64 = 10 << 30, segmentBytes: Int64 = 64 << 20,
    sync: Sync = .interval(.milliseconds(50)), notBefore: UInt64 = 0, keepBytes: Int64 = 0,
    maximumAge: TimeSpan? = nil, compresses: Bool = true
  ) throws(JournalError) {
    try self.init(
      directory: directory, maximumBytes: maximumBytes, segmentBytes: segmentBytes, sync: sync, notBefore: notBefore,
      keepBytes: keepBytes, maximumAge: maximumAge, compresses: compresses, blockBytes: 512 << 10,
      synchronize: { fdatasync($0) })
  }

  init(
    directory: String, maximumBytes: Int64, segmentBytes: Int64, sync: Sync, notBefore: UInt64, keepBytes: Int64,
    maximumAge: TimeSpan?, compresses: Bool, blockBytes: Int, synchronize: @escaping OpenFile.Synchronize
  ) throws(JournalError) {
    self.directory = directory
    self.maximumBytes = Int(max(maximumBytes, 1))
    self.segmentBytes = max(1, min(Int(segmentBytes), self.maximumBytes / 8))
    try Folder.make(directory)
    lock = try OpenFile("\(directory)/lock", flags: O_RDWR | O_CREAT)
    try Journal.take(lock, of: directory)
    var found = try SegmentRecovery(directory: directory)
    recovery = found.report
    let start = min(notBefore, JournalFormat.maximumOffset)
    if let last = found.segments.last, last.form == .plain, last.end >= start {
      active = try OpenFile("\(directory)/\(last.name)", flags: O_RDWR, synchronize: synchronize)
    } else {
      let base = max(start, found.segments.last?.end ?? start)
      active = try Journal.createSegment(in: directory, base: base, synchronize: synchronize)
      found.segments.append(Segment(base: base, end: base + UInt64(JournalFormat.segmentHeaderSize)))
    }
    let table = SegmentTable(found.segments, keepBytes: Int(max(keepBytes, 0)), maximumAge: maximumAge)
    end = Atomic(table.active.end)
    store = SegmentStore(directory: directory, table: table, blockBytes: blockBytes)
    self.sync = try AppendSync(sync, synchronize: synchronize)
    compressor = compresses ? try SegmentCompressor(store) : nil
  }

  /// Takes the lock of a folder. Tries for a quarter of a second, because ``isHeld(_:)`` may hold it for a moment.
  private static func take(_ lock: OpenFile, of directory: String) throws(JournalError) {
    for attempt in 0..<6 {
      if flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 { return }
      guard errno == EWOULDBLOCK else { throw .system("locking \(lock.path)") }
      if attempt < 5 { usleep(50_000) }
    }
    throw .locked(directory: directory)
  }

  /// Returns whether a process has the journal of a folder open. Needs no more than the right to read its lock.
  ///
  /// - Throws: `JournalError.system` if the lock cannot be read.
  public static func isHeld(_ directory: String) throws(JournalError) -> Bool {
    var status = stat()
    if stat("\(directory)/lock", &status) != 0, errno == ENOENT || errno == ENOTDIR { return false }
    let lock = try OpenFile("\(directory)/lock", flags: O_RDONLY)
    if flock(lock.descriptor, LOCK_SH | LOCK_NB) == 0 { return false }
    guard errno == EWOULDBLOCK else { throw .system("asking about \(lock.path)") }
    return true
  }

  deinit {
    compressor?.stop()
    sync.stop()
  }

  /// Offset after the last record.
  public var endOffset: UInt64 { end.load(ordering: .acquiring) }

  /// Offset of the first byte kept.
  public var startOffset: UInt64 { monitor.locked { store.table.segments.first?.base ?? 0 } }

  /// Size of all segments on disk [bytes].
  public var bytes: Int { monitor.locked { store.table.diskBytes } }

  /// Whether there is room for at least 1 MiB, or a sixteenth of the limit if that is less. The largest record refused
  /// so far must fit too.
  public var hasRoom: Bool { monitor.locked { hasRoomNow } }

  /// Appends a record with one write and returns the offset after it.
  ///
  /// A record of up to half the limit finds room once everything below it is trimmed. With `sync: always` the call
  /// returns once the record is on the disk. If syncing fails it throws, although the record may still be readable.
  ///
  /// - Parameters:
  ///   - kind: type of the record.
  ///   - received: receive time.
  ///   - body: content, at most ``JournalFormat/maximumBodyBytes``.
  /// - Returns: the offset after the record.
  /// - Throws: `.full` if there is no room, and nothing was written; `.tooLarge` if the record exceeds the limit.
  @discardableResult
  public func append(kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer) throws(JournalError) -> UInt64
  {
    guard body.count <= JournalFormat.maximumBodyBytes else { throw .tooLarge(bytes: body.count) }
    let (file, offset) = try monitor.locked { () throws(JournalError) -> (OpenFile, UInt64) in
      if isClosed { throw .closed }
      let size = JournalFormat.recordHeaderSize + body.count
      guard JournalFormat.segmentHeaderSize + size <= maximumBytes else { throw .tooLarge(bytes: body.count) }
      let wanted = room.want(size)
      while store.table.diskBytes + size > maximumBytes { try reclaim() }
      guard try !active.isRemoved() else { throw .removed(file: active.path) }
      room.isDiskFull = false
      while true {
        do throws(JournalError) {
          if room.headroom > 0, try Folder.freeBytes(directory) < Int64(clamping: room.headroom + size) {
            throw .full
          }
          let active = store.table.active
          if active.size > JournalFormat.segmentHeaderSize && active.size + size > segmentBytes { try rotate() }
          try write(kind, received: received, body: body)
          break
        } catch {
          guard error == .full else { throw error }
          room.isDiskFull = true
          try reclaim()
        }
      }
      room.settle(size, wanted: wanted)
      return (active, store.table.active.end)
    }
    try sync.appended(to: file)
    return offset
  }

  /// Reserves disk space [bytes] that records leave free, for data that must be written before any record can be
  /// trimmed.
  public func leaveFree(bytes: Int) { monitor.locked { room.leaveFree(bytes) } }

  /// Waits until everything appended is on the disk, regardless of ``Sync``.
  ///
  /// - Throws: `.system` if syncing fails.
  public func bringToDisk() throws(JournalError) {
    // A segment completed by a concurrent rotation was synced by it.
    try monitor.locked { active }.sync()
  }

  /// Releases everything below `offset`, and removes segments that lie wholly below it and are not kept as history. The
  /// segment being written stays, unless the journal is full and all of it is released.
  ///
  /// - Returns: the number of bytes freed.
  /// - Throws: `.closed`, or `.system` if a segment cannot be removed.
  @discardableResult
  public func trim(below offset: UInt64) throws(JournalError) -> Int {
    try monitor.locked { () throws(JournalError) -> Int in
      if isClosed { throw .closed }
      let before = store.table.diskBytes
      let active = store.table.active
      store.table.release(below: offset)
      if offset >= active.end && !hasRoomNow && active.size > JournalFormat.segmentHeaderSize {
        // On a full disk the space of earlier segments must be freed before a header can be written.
        do throws(JournalError) { try rotate() } catch { if error != .full { throw error } }
      }
      try removeExpired()
      return max(0, before - store.table.diskBytes)
    }
  }

  /// Creates a reader at the first record at or after `offset`, which must be an offset issued by this journal.
  public func reader(from offset: UInt64 = 0) -> JournalReader { JournalReader(self, from: offset) }

  /// Waits until the journal has grown beyond `offset`. Returns `false` after the timeout, or once it is closed.
  public func waitForMore(than offset: UInt64, timeout: TimeSpan) -> Bool {
    if endOffset > offset { return true }
    let deadline = Monitor.Deadline(in: timeout)
    return monitor.locked {
      waitingReaders += 1
      defer { waitingReaders -= 1 }
      while store.table.active.end <= offset && !isClosed {
        guard monitor.wait(until: deadline) else { break }
      }
      return store.table.active.end > offset
    }
  }

  /// Syncs everything to the disk, wakes the readers and releases the folder for other processes.
  public func close() throws(JournalError) {
    let wasClosed = monitor.locked { () -> Bool in
      defer { isClosed = true }
      monitor.broadcast()
      return isClosed
    }
    if wasClosed { return }
    compressor?.stop()
    sync.stop()
    defer { _ = flock(lock.descriptor, LOCK_UN) }
    try sync.completed(active)
  }

  func segment(at offset: UInt64) -> Segment? { monitor.locked { store.table.segment(at: offset) } }

  func segmentNow(at offset: UInt64) throws(JournalError) -> Segment? { segment(at: offset) }

  private var hasRoomNow: Bool {
    !isClosed
      && room.hasRoom(
        used: store.table.diskBytes, reclaimable: store.table.reclaimableBytes, limit: maximumBytes,
        free: { (try? Folder.freeBytes(directory)) ?? 0 })
  }

  /// Removes the oldest history to make room for new records; throws `.full` if there is none.
  private func reclaim() throws(JournalError) {
    guard let oldest = store.table.oldestReleased else { throw .full }
    try store.removeOldest(oldest)
  }

  private func removeExpired() throws(JournalError) {
    while let oldest = store.table.oldestExpired { try store.removeOldest(oldest) }
  }

  private func write(_ kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer) throws(JournalError) {
    let segment = store.table.active
    let size = JournalFormat.recordHeaderSize
    let result = withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { header in
      JournalFormat.writeRecordHeader(
        kind: kind, received: received, body: body, offset: segment.end, to: header)
      return Result { () throws(JournalError) in
        try active.write(UnsafeRawBufferPointer(header), body: body, at: segment.size)
      }
    }
    try result.get()
    store.table.grow(by: size + body.count, received: received)
    end.store(store.table.active.end, ordering: .releasing)
    if waitingReaders > 0 { monitor.broadcast() }
  }

  private func rotate() throws(JournalError) {
    try sync.completed(active)
    let base = store.table.active.end
    active = try Journal.createSegment(in: directory, base: base, synchronize: sync.synchronize)
    store.table.append(Segment(base: base, end: base + UInt64(JournalFormat.segmentHeaderSize)))
    end.store(store.table.active.end, ordering: .releasing)
    try removeExpired()
    compressor?.wake()
  }
}
