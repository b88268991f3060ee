/// Findings and repairs of opening a journal.
public struct RecoveryReport: Equatable, Sendable {
  /// Number of segments now present.
  public var segments = 0
  /// Number of compressed segments among them.
  public var sealedSegments = 0
  /// Bytes truncated from the tail, where a record was incomplete.
  public var truncatedBytes = 0
  /// Trailing segments removed because they had neither an intact header nor an intact record.
  public var removedSegments = 0
  /// Leftover files of an interrupted sealing that were removed, without any loss.
  public var removedLeftovers = 0
  /// Segments with a damaged header or index. Their intact records are still read.
  public var damagedSegments = 0
  /// Places in the last segment that readers will skip.
  public var damage = JournalDamage()
  /// Offsets between segments that no file contains.
  public var missing = JournalDamage()
  /// Offset at which the journal continues.
  public var endOffset: UInt64 = 0

  /// Creates an empty report.
  public init() {}

  /// Whether nothing was damaged, repaired or missing.
  public var isClean: Bool {
    truncatedBytes == 0 && removedSegments == 0 && removedLeftovers == 0 && damagedSegments == 0 && damage.places == 0
      && missing.places == 0
  }
}
