import Glibc
import PlantModel
import StreamCore
import Synchronization

/// An append-only record of all that happened, in a folder of its own: the source of truth.
///
/// Offsets are byte positions over all segments; they only grow. One thread appends, any number read by readers of
/// their own. A record that was appended survives the end of the process at once, and a power loss as ``Sync`` says.
public final class Journal: @unchecked Sendable {
  // Sendable: the stored variables below `monitor` are touched inside `monitor.locked` only, or in `init`.

  /// When an append reaches the disk.
  public typealias Sync = JournalSettings.Sync

  /// The folder.
  public let directory: String
  /// What opening found.
  public let recovery: RecoveryReport
  /// Most bytes that all segments together may have.
  public let maximumBytes: Int
  private let segmentBytes: Int
  private let sync: Sync
  private let lock: OpenFile
  private let diskSync: DiskSync?
  private let end: Atomic<UInt64>

  private let monitor = Monitor()
  private var segments: [Segment]
  private var active: OpenFile
  private var isClosed = false
  private var isDiskFull = false
  private var waitingReaders = 0

  /// Opens the journal in `directory`, made if missing, and mends what a sudden end left.
  ///
  /// - Parameters:
  ///   - maximumBytes: bound of all segments together [bytes].
  ///   - segmentBytes: size at which a segment is followed by the next [bytes]; lowered to an eighth of the bound.
  ///   - notBefore: an offset below which no new record may lie, such as the checkpoint's: when the disk lost the tail
  ///     that the checkpoint knew, offsets must not be given twice.
  public init(
    directory: String, maximumBytes: Int64 = 10 << 30, segmentBytes: Int64 = 64 << 20,
    sync: Sync = .interval(.milliseconds(50)), notBefore: UInt64 = 0
  ) throws(JournalError) {
    self.directory = directory
    self.maximumBytes = Int(max(maximumBytes, 1))
    self.segmentBytes = max(1, min(Int(segmentBytes), self.maximumBytes / 8))
    self.sync = sync
    try Folder.make(directory)
    lock = try OpenFile("\(directory)/lock", O_RDWR | O_CREAT)
    guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw errno == EWOULDBLOCK ? .locked(directory: directory) : .system("locking \(lock.path)")
    }
    let found = try SegmentRecovery(directory: directory)
    segments = found.segments
    recovery = found.report
    let start = min(notBefore, JournalFormat.maximumOffset)
    if let last = segments.last, last.end >= start {
      active = try OpenFile("\(directory)/\(Segment.name(base: last.base))", O_RDWR)
    } else {
      active = try Journal.createSegment(in: directory, base: start)
      segments.append(Segment(base: start, end: start + UInt64(JournalFormat.segmentHeaderSize)))
    }
    end = Atomic(segments.last?.end ?? start)
    if case .interval(let span) = sync { diskSync = try DiskSync(every: span) } else { diskSync = nil }
  }

  deinit { diskSync?.stop() }

  /// Offset after the last record.
  public var endOffset: UInt64 { end.load(ordering: .acquiring) }

  /// Offset of the first byte that is kept.
  public var startOffset: UInt64 { monitor.locked { segments.first?.base ?? 0 } }

  /// Bytes of all segments together.
  public var bytes: Int { monitor.locked { totalBytes } }

  /// Whether an ordinary record can be appended: 1 MiB, or a sixteenth of the bound, is left.
  public var hasRoom: Bool { monitor.locked { hasRoomNow } }

  /// Appends a record by one write and returns the offset after it. After `.full` nothing of it was written.
  ///
  /// Under `sync: always` it returns once the record is on the disk.
  @discardableResult
  public func append(kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer) throws(JournalError) -> UInt64
  {
    guard body.count <= JournalFormat.maximumBodyBytes else { throw .tooLarge(bytes: body.count) }
    let (file, offset) = try monitor.locked { () throws(JournalError) -> (OpenFile, UInt64) in
      if isClosed { throw .closed }
      let size = JournalFormat.recordHeaderSize + body.count
      guard totalBytes + size <= maximumBytes else { throw .full }
      do throws(JournalError) {
        let isEmpty = activeSegment.size <= JournalFormat.segmentHeaderSize
        if !isEmpty && activeSegment.size + size > segmentBytes { try rotate() }
        try write(kind, received, body)
      } catch {
        isDiskFull = error == .full
        throw error
      }
      isDiskFull = false
      return (active, activeSegment.end)
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

  /// Returns once all that was appended is on the disk, whatever ``Sync`` says.
  public func bringToDisk() throws(JournalError) {
    // A segment that was left behind by a rotation in between was synced then.
    try monitor.locked { active }.sync()
  }

  /// Removes the segments that lie wholly below `offset`, and returns how many bytes became free. The segment being
  /// written stays, unless the journal is full and all of it lies below.
  @discardableResult
  public func trim(below offset: UInt64) throws(JournalError) -> Int {
    try monitor.locked { () throws(JournalError) -> Int in
      if isClosed { throw .closed }
      if offset >= activeSegment.end && !hasRoomNow && activeSegment.size > JournalFormat.segmentHeaderSize {
        // On a disk without room for a header the space of earlier segments has to come first.
        do throws(JournalError) { try rotate() } catch { if error != .full { throw error } }
      }
      var freed = 0
      while segments.count > 1, let first = segments.first, first.end <= offset {
        let path = "\(directory)/\(Segment.name(base: first.base))"
        guard unlink(path) == 0 || errno == ENOENT else { throw .system("removing \(path)") }
        freed += first.size
        segments.removeFirst()
      }
      return freed
    }
  }

  /// A reader that starts at the first record at or after `offset`, an offset that this journal gave out.
  public func reader(from offset: UInt64 = 0) -> JournalReader { JournalReader(journal: self, from: offset) }

  /// Waits until the journal has grown beyond `offset`. `false` after the timeout, or once it is closed.
  public func waitForMore(than offset: UInt64, timeout: TimeSpan) -> Bool {
    if endOffset > offset { return true }
    let deadline = Monitor.Deadline(in: timeout)
    return monitor.locked {
      waitingReaders += 1
      defer { waitingReaders -= 1 }
      while activeSegment.end <= offset && !isClosed {
        guard monitor.wait(until: deadline) else { break }
      }
      return activeSegment.end > offset
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
    diskSync?.stop()
    defer { _ = flock(lock.descriptor, LOCK_UN) }
    if sync != .never { try active.sync() }
  }

  /// The first segment with bytes at or after `offset`.
  func segment(at offset: UInt64) -> Segment? {
    monitor.locked { segments.first { $0.end > offset } }
  }

  private var activeSegment: Segment { segments.last ?? Segment(base: 0, end: 0) }

  private var totalBytes: Int { segments.reduce(0) { $0 + $1.size } }

  private var hasRoomNow: Bool {
    let reserve = min(1 << 20, maximumBytes / 16)
    if isDiskFull && Folder.freeBytes(directory) < Int64(4 * reserve) { return false }
    return !isClosed && maximumBytes - totalBytes >= reserve
  }

  private func write(_ kind: RecordKind, _ received: Timestamp, _ body: UnsafeRawBufferPointer) throws(JournalError) {
    let segment = activeSegment
    let size = JournalFormat.recordHeaderSize
    let result = withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { header in
      JournalFormat.writeRecordHeader(
        kind: kind, received: received, body: body, offset: segment.end, to: header)
      return Result { () throws(JournalError) in
        try active.write(UnsafeRawBufferPointer(header), body, at: segment.size)
      }
    }
    try result.get()
    segments[segments.count - 1].end += UInt64(size + body.count)
    end.store(activeSegment.end, ordering: .releasing)
    if waitingReaders > 0 { monitor.broadcast() }
  }

  private func rotate() throws(JournalError) {
    if sync != .never { try active.sync() }
    let base = activeSegment.end
    active = try Journal.createSegment(in: directory, base: base)
    segments.append(Segment(base: base, end: base + UInt64(JournalFormat.segmentHeaderSize)))
    end.store(activeSegment.end, ordering: .releasing)
  }

  private static func createSegment(in directory: String, base: UInt64) throws(JournalError) -> OpenFile {
    let file = try OpenFile("\(directory)/\(Segment.name(base: base))", O_RDWR | O_CREAT | O_TRUNC)
    let result = withUnsafeTemporaryAllocation(byteCount: JournalFormat.segmentHeaderSize, alignment: 8) { header in
      JournalFormat.writeSegmentHeader(base: base, to: header)
      return Result { () throws(JournalError) in
        try file.write(UnsafeRawBufferPointer(header), UnsafeRawBufferPointer(start: nil, count: 0), at: 0)
      }
    }
    do { try result.get() } catch {
      unlink(file.path)
      throw error
    }
    try Folder.sync(directory)
    return file
  }
}
