/// Lines for the database, and the place in the journal up to which they complete what was derived.
public struct WriteBatch: Sendable {
  /// Whole lines of line protocol, each ended by a newline.
  public var bytes: [UInt8]
  /// How many lines.
  public var lines: Int
  /// The journal offset whose results are complete with this batch.
  public var upTo: UInt64

  /// A batch; one without lines only moves the offset.
  public init(bytes: [UInt8], lines: Int, upTo: UInt64) {
    self.bytes = bytes
    self.lines = lines
    self.upTo = upTo
  }
}
