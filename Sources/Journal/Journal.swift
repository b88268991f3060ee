import Glibc
import PlantModel
import StreamCore
import Synchronization

/// An append-only record of all that happened, in a folder of its own: the source of truth.
///
/// Offsets are byte positions over all segments; they only grow. One thread appends, any number read by readers of
/// their own. A record that was appended survives the end of the process at once, and a power loss as ``Sync`` says.
public final class Journal: SegmentCatalogue, @unchecked Sendable {
  // Sendable: the stored variables below `monitor` are touched inside `monitor.locked` only, or in `init`; the rest is
  // constant and Sendable itself.

  /// When an append reaches the disk.
  public typealias Sync = JournalSettings.Sync

  /// The folder.
  public let directory: String
  /// What opening found.
  public let recovery: RecoveryReport
  /// Most bytes that all segments together may have on disk.
  public let maximumBytes: Int
  private let segmentBytes: Int
  private let sync: Sync
  private let synchronize: OpenFile.Synchronize
  private let lock: OpenFile
  private let diskSync: DiskSync?
  private let compressor: SegmentCompressor?
  private let end: Atomic<UInt64>
  let store: SegmentStore

  private var monitor: Monitor { store.monitor }
  private var active: OpenFile
  private var isClosed = false
  private var isDiskFull = false
  /// Bytes of the largest record that found no room and was not taken since.
  private var bytesWanted = 0
  /// Bytes of the disk that records leave free.
  private var headroom = 0
  private var waitingReaders = 0

  /// Opens the journal in `directory`, made if missing, and mends what a sudden end left.
  ///
  /// What is damaged never keeps a journal from opening: ``recovery`` tells what it is, and readers step over it.
  ///
  /// - Parameters:
  ///   - maximumBytes: bound of all segments together [bytes on disk]. While a segment is compressed its new form counts
  ///     too; it alone may go beyond the bound, for that moment.
  ///   - segmentBytes: size at which a segment is followed by the next [bytes]; lowered to an eighth of the bound.
  ///   - notBefore: an offset below which no new record may lie, such as the checkpoint's: when the disk lost the tail
  ///     that the checkpoint knew, offsets must not be given twice.
  ///   - keepBytes: history [bytes on disk]. Trimmed segments stay, the newest of them up to this size, until new
  ///     records need their room.
  ///   - maximumAge: history whose last record was received longer than that before the journal's latest is removed.
  ///     `nil` for no bound. What was not trimmed is never removed by age.
  ///   - compresses: whether complete segments are compressed in the background. Segments that get hardly smaller by it
  ///     are left as they are.
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
    self.sync = sync
    self.synchronize = synchronize
    try Folder.make(directory)
    lock = try OpenFile("\(directory)/lock", O_RDWR | O_CREAT)
    guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw errno == EWOULDBLOCK ? .locked(directory: directory) : .system("locking \(lock.path)")
    }
    var found = try SegmentRecovery(directory: directory)
    recovery = found.report
    let start = min(notBefore, JournalFormat.maximumOffset)
    if let last = found.segments.last, last.form == .plain, last.end >= start {
      active = try OpenFile("\(directory)/\(last.name)", O_RDWR, synchronize: synchronize)
    } else {
      let base = max(start, found.segments.last?.end ?? start)
      active = try Journal.createSegment(in: directory, base: base, synchronize)
      found.segments.append(Segment(base: base, end: base + UInt64(JournalFormat.segmentHeaderSize)))
    }
    let table = SegmentTable(found.segments, keepBytes: Int(max(keepBytes, 0)), maximumAge: maximumAge)
    end = Atomic(table.active.end)
    store = SegmentStore(directory: directory, table: table, blockBytes: blockBytes)
    if case .interval(let span) = sync { diskSync = try DiskSync(every: span) } else { diskSync = nil }
    compressor = compresses ? try SegmentCompressor(store) : nil
  }

  deinit {
    compressor?.stop()
    diskSync?.stop()
  }

  /// Offset after the last record.
  public var endOffset: UInt64 { end.load(ordering: .acquiring) }

  /// Offset of the first byte that is kept.
  public var startOffset: UInt64 { monitor.locked { store.table.segments.first?.base ?? 0 } }

  /// Bytes of all segments together, on disk.
  public var bytes: Int { monitor.locked { store.table.diskBytes } }

  /// Whether a record can be appended: 1 MiB, or a sixteenth of the bound, is left, or as much as the record needs that
  /// found no room.
  public var hasRoom: Bool { monitor.locked { hasRoomNow } }

  /// Why complete segments are not compressed at the moment; `nil` as long as they are. Costs room, not records.
  public var compressionFailure: JournalError? { compressor?.failure }

  /// Appends a record by one write and returns the offset after it. After `.full` nothing of it was written. A record
  /// of up to half the bound finds room once everything below it is trimmed; one beyond the bound is `.tooLarge`.
  ///
  /// Under `sync: always` it returns once the record is on the disk. Where the disk refuses that, it throws; the record
  /// may be read all the same.
  @discardableResult
  public func append(kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer) throws(JournalError) -> UInt64
  {
    guard body.count <= JournalFormat.maximumBodyBytes else { throw .tooLarge(bytes: body.count) }
    let (file, offset) = try monitor.locked { () throws(JournalError) -> (OpenFile, UInt64) in
      if isClosed { throw .closed }
      let size = JournalFormat.recordHeaderSize + body.count
      guard JournalFormat.segmentHeaderSize + size <= maximumBytes else { throw .tooLarge(bytes: body.count) }
      let wanted = bytesWanted
      bytesWanted = max(wanted, size)
      while store.table.diskBytes + size > maximumBytes { try reclaim() }
      guard try !active.isRemoved() else { throw .removed(file: active.path) }
      isDiskFull = false
      while true {
        do throws(JournalError) {
          if headroom > 0, try Folder.freeBytes(directory) < Int64(clamping: headroom + size) { throw .full }
          let active = store.table.active
          if active.size > JournalFormat.segmentHeaderSize && active.size + size > segmentBytes { try rotate() }
          try write(kind, received, body)
          break
        } catch {
          guard error == .full else { throw error }
          isDiskFull = true
          try reclaim()
        }
      }
      isDiskFull = false
      bytesWanted = wanted > size ? wanted : 0
      return (active, store.table.active.end)
    }
    switch sync {
    case .always: try file.sync()
    case .interval: try diskSync?.markDirty(file)
    case .never: break
    }
    return offset
  }

  /// Appends a record with the bytes of an array.
  @discardableResult
  public func append(kind: RecordKind, received: Timestamp, body: [UInt8] = []) throws(JournalError) -> UInt64 {
    let result = body.withUnsafeBytes { bytes in
      Result { () throws(JournalError) in try append(kind: kind, received: received, body: bytes) }
    }
    return try result.get()
  }

  /// Has records leave so much of the disk free, for what has to be written before any of them can be trimmed.
  public func leaveFree(bytes: Int) { monitor.locked { headroom = max(0, min(bytes, 1 << 40)) } }

  /// Returns once all that was appended is on the disk, whatever ``Sync`` says.
  public func bringToDisk() throws(JournalError) {
    // A segment that was left behind by a rotation in between was synced then.
    try monitor.locked { active }.sync()
  }

  /// Says that nobody needs what lies below `offset`, removes the segments that lie wholly below it and are not kept as
  /// history, and returns how many bytes became free. The segment being written stays, unless the journal is full and
  /// all of it lies below.
  @discardableResult
  public func trim(below offset: UInt64) throws(JournalError) -> Int {
    try monitor.locked { () throws(JournalError) -> Int in
      if isClosed { throw .closed }
      let before = store.table.diskBytes
      let active = store.table.active
      store.table.release(below: offset)
      if offset >= active.end && !hasRoomNow && active.size > JournalFormat.segmentHeaderSize {
        // On a disk without room for a header the space of earlier segments has to come first.
        do throws(JournalError) { try rotate() } catch { if error != .full { throw error } }
      }
      try removeExpired()
      return max(0, before - store.table.diskBytes)
    }
  }

  /// A reader that starts at the first record at or after `offset`, an offset that this journal gave out.
  public func reader(from offset: UInt64 = 0) -> JournalReader { JournalReader(self, from: offset) }

  /// Waits until the journal has grown beyond `offset`. `false` after the timeout, or once it is closed.
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

  /// Brings everything to the disk, wakes the readers and lets another process open the folder.
  public func close() throws(JournalError) {
    let wasClosed = monitor.locked { () -> Bool in
      defer { isClosed = true }
      monitor.broadcast()
      return isClosed
    }
    if wasClosed { return }
    compressor?.stop()
    diskSync?.stop()
    defer { _ = flock(lock.descriptor, LOCK_UN) }
    if sync != .never { try active.sync() }
  }

  func segment(at offset: UInt64) -> Segment? { monitor.locked { store.table.segment(at: offset) } }

  func segmentNow(at offset: UInt64) throws(JournalError) -> Segment? { segment(at: offset) }

  private var hasRoomNow: Bool {
    let reserve = min(1 << 20, maximumBytes / 16)
    let reclaimable = store.table.reclaimableBytes
    if isDiskFull {
      let free = (try? Folder.freeBytes(directory)) ?? 0
      if free + Int64(reclaimable) < Int64(4 * reserve + headroom + bytesWanted) { return false }
    }
    return !isClosed && maximumBytes - store.table.diskBytes + reclaimable >= max(reserve, bytesWanted)
  }

  /// Gives the room of the oldest history to new records; `.full` where there is none.
  private func reclaim() throws(JournalError) {
    guard let oldest = store.table.oldestReleased else { throw .full }
    try store.removeOldest(oldest)
  }

  private func removeExpired() throws(JournalError) {
    while let oldest = store.table.oldestExpired { try store.removeOldest(oldest) }
  }

  private func write(_ kind: RecordKind, _ received: Timestamp, _ body: UnsafeRawBufferPointer) throws(JournalError) {
    let segment = store.table.active
    let size = JournalFormat.recordHeaderSize
    let result = withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { header in
      JournalFormat.writeRecordHeader(
        kind: kind, received: received, body: body, offset: segment.end, to: header)
      return Result { () throws(JournalError) in
        try active.write(UnsafeRawBufferPointer(header), body, at: segment.size)
      }
    }
    try result.get()
    store.table.grow(by: size + body.count, received: received)
    end.store(store.table.active.end, ordering: .releasing)
    if waitingReaders > 0 { monitor.broadcast() }
  }

  private func rotate() throws(JournalError) {
    if sync != .never { try active.sync() }
    let base = store.table.active.end
    active = try Journal.createSegment(in: directory, base: base, synchronize)
    store.table.append(Segment(base: base, end: base + UInt64(JournalFormat.segmentHeaderSize)))
    end.store(store.table.active.end, ordering: .releasing)
    try removeExpired()
    compressor?.wake()
  }

  private static func createSegment(
    in directory: String, base: UInt64, _ synchronize: @escaping OpenFile.Synchronize
  ) throws(JournalError) -> OpenFile {
    let path = "\(directory)/\(Segment.name(base: base))"
    let file = try OpenFile(path, O_RDWR | O_CREAT | O_TRUNC, synchronize: synchronize)
    let result = withUnsafeTemporaryAllocation(byteCount: JournalFormat.segmentHeaderSize, alignment: 8) { header in
      JournalFormat.writeSegmentHeader(base: base, to: header)
      return Result { () throws(JournalError) in
        try file.write(UnsafeRawBufferPointer(header), UnsafeRawBufferPointer(start: nil, count: 0), at: 0)
      }
    }
    do throws(JournalError) {
      try result.get()
      try Folder.sync(directory)
    } catch {
      // It must not stay: the segment before it goes on growing over its offset.
      unlink(file.path)
      throw error
    }
    return file
  }
}
