import PlantModel

/// A record as a reader hands it out; its body is valid until the reader is asked for the next one.
public struct JournalRecord {
  /// Where it starts.
  public let offset: UInt64
  /// Where the next one starts: the offset from which to resume after this one.
  public let endOffset: UInt64
  /// What it holds.
  public let kind: RecordKind
  /// The receive time that was given when it was appended.
  public let received: Timestamp
  let body: UnsafeRawBufferPointer

  /// Calls `use` with the body, which lies in the reader's buffer.
  public func withBody<T, E: Error>(_ use: (UnsafeRawBufferPointer) throws(E) -> T) throws(E) -> T { try use(body) }
}
