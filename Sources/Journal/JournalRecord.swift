import PlantModel
public import WattlineTime

/// A record returned by a reader. Its body is valid until the reader's next call.
public struct JournalRecord {
  /// Offset of its first byte.
  public let offset: UInt64
  /// Offset of the next record, at which to resume after this one.
  public let endOffset: UInt64
  /// Type of the content.
  public let kind: RecordKind
  /// Receive time given when it was appended.
  public let received: Timestamp
  let body: UnsafeRawBufferPointer

  /// Creates a record of a reader.
  ///
  /// - Parameters:
  ///   - offset: offset of its first byte.
  ///   - endOffset: offset of the next record.
  ///   - kind: type of the content.
  ///   - received: receive time.
  ///   - body: content, valid until the reader's next call.
  public init(
    offset: UInt64, endOffset: UInt64, kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer
  ) {
    self.offset = offset
    self.endOffset = endOffset
    self.kind = kind
    self.received = received
    self.body = body
  }

  /// Calls `use` with the body, which lies in the reader's buffer.
  public func withBody<T, E: Error>(_ use: (UnsafeRawBufferPointer) throws(E) -> T) throws(E) -> T { try use(body) }
}
