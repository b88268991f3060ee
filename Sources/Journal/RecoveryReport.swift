/// What opening a journal found and mended.
public struct RecoveryReport: Equatable, Sendable {
  /// Segments that are there now.
  public var segments = 0
  /// Those of them that are compressed.
  public var sealedSegments = 0
  /// Bytes cut from the tail: a record that was not written whole.
  public var truncatedBytes = 0
  /// Last segments removed because neither their header nor a record in them was whole.
  public var removedSegments = 0
  /// Files removed that an interrupted sealing had left: nothing was lost by that.
  public var removedLeftovers = 0
  /// Segments whose header or index is damaged; what is whole in them is read all the same.
  public var damagedSegments = 0
  /// Places in the last segment that readers will step over.
  public var damage = JournalDamage()
  /// Offsets between segments that no file has.
  public var missing = JournalDamage()
  /// Offset at which the journal goes on.
  public var endOffset: UInt64 = 0

  /// Nothing found.
  public init() {}

  /// Whether anything was not as it should be.
  public var isClean: Bool {
    truncatedBytes == 0 && removedSegments == 0 && removedLeftovers == 0 && damagedSegments == 0 && damage.places == 0
      && missing.places == 0
  }
}
