import PlantModel
public import WattlineTime

/// The source of truth of a pipeline: an append-only log of records, each with an offset that only grows.
///
/// Everything received goes into the log before it is acknowledged, and is processed from there in the order of
/// offsets. ``Journal`` is the log in files on this machine. Another log conforms to this protocol, and reports
/// failures of its own as ``JournalError/system(_:)``. One record holds a whole burst of messages.
public protocol RecordLog: AnyObject, Sendable {
  /// Reads the log from an offset.
  associatedtype Reader: RecordReader

  /// Offset of the first byte kept.
  var startOffset: UInt64 { get }
  /// Offset after the last record.
  var endOffset: UInt64 { get }
  /// Maximum size of the log [bytes].
  var maximumBytes: Int { get }
  /// Whether another burst, and the largest record refused so far, would find room.
  var hasRoom: Bool { get }

  /// Appends a record completely or not at all; safe against the end of the process once it returns.
  ///
  /// - Parameters:
  ///   - kind: type of the record.
  ///   - received: receive time.
  ///   - body: content.
  /// - Returns: the offset after the record.
  /// - Throws: `.full` if there is no room; `.tooLarge` if the record can never fit.
  @discardableResult
  func append(kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer) throws(JournalError) -> UInt64

  /// Creates a reader at the first record at or after `offset`, which must be an offset issued by this log.
  func reader(from offset: UInt64) -> Reader

  /// Releases everything below `offset`, which no checkpoint needs any more.
  ///
  /// - Returns: the number of bytes freed.
  @discardableResult
  func trim(below offset: UInt64) throws(JournalError) -> Int

  /// Reserves space [bytes] that records leave free, for what must be written before the log can be trimmed.
  func leaveFree(bytes: Int)

  /// Waits until everything appended is safe against power loss.
  func bringToDisk() throws(JournalError)

  /// Seals the log: makes everything appended safe, refuses further records and wakes the readers.
  func close() throws(JournalError)
}

extension RecordLog {
  /// Appends a record with the bytes of an array; see ``append(kind:received:body:)``.
  ///
  /// - Parameters:
  ///   - kind: type of the record.
  ///   - received: receive time.
  ///   - body: content.
  /// - Returns: the offset after the record.
  @discardableResult
  public func append(kind: RecordKind, received: Timestamp, body: [UInt8] = []) throws(JournalError) -> UInt64 {
    let result = body.withUnsafeBytes { bytes in
      Result { () throws(JournalError) in try append(kind: kind, received: received, body: bytes) }
    }
    return try result.get()
  }
}

/// Reads the records of a ``RecordLog`` to its tail, and onwards while it grows. Used by one thread at a time.
public protocol RecordReader: AnyObject {
  /// Ranges skipped so far: damaged records, and offsets that no longer exist.
  var damage: JournalDamage { get }

  /// Returns the next record, or `nil` at the tail. Its body is valid until the next call.
  func next() throws(JournalError) -> JournalRecord?

  /// Waits until there may be another record. Returns `false` after the timeout, or once the log is closed.
  func waitForMore(timeout: TimeSpan) -> Bool
}
