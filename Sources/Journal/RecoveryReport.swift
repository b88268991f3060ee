/// What opening a journal found and mended.
public struct RecoveryReport: Equatable, Sendable {
  /// Segments that are there now.
  public var segments = 0
  /// Bytes cut from the tail: a record that was not written whole.
  public var truncatedBytes = 0
  /// Segments removed because not even their header was written whole.
  public var removedSegments = 0
  /// Segments whose header is damaged; their records are read all the same.
  public var damagedSegments = 0
  /// Places in the last segment that readers will step over.
  public var damage = JournalDamage()
  /// Offset at which the journal goes on.
  public var endOffset: UInt64 = 0

  /// Nothing found.
  public init() {}

  /// Whether anything was not as it should be.
  public var isClean: Bool {
    truncatedBytes == 0 && removedSegments == 0 && damagedSegments == 0 && damage.places == 0
  }
}
