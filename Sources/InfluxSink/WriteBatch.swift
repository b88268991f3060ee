/// Lines for the database, and the place in the journal up to which they complete what was derived.
public struct WriteBatch: Sendable {
  /// Whole lines of line protocol, each ended by a newline.
  public var bytes: [UInt8]
  /// How many lines.
  public var lines: Int
  /// The journal offset whose results are complete with this batch.
  public var upTo: UInt64
  /// Whether the sink's accounts are on disk, as they are with this batch, before it is accepted.
  public var keepsAccounts = false

  /// A batch; one without lines only moves the offset.
  public init(bytes: [UInt8], lines: Int, upTo: UInt64) {
    self.bytes = bytes
    self.lines = lines
    self.upTo = upTo
  }

  /// How many points it has, as they are counted everywhere.
  package var tally: PointTally { PointTally(counting: bytes[...]) }

  /// Lines of several batches in one piece.
  static func joined(_ batches: [WriteBatch]) -> [UInt8] {
    if batches.count == 1 { return batches[0].bytes }
    var all: [UInt8] = []
    all.reserveCapacity(batches.reduce(0) { $0 + $1.bytes.count })
    for batch in batches {
      all += batch.bytes
      if let last = all.last, last != UInt8(ascii: "\n") { all.append(UInt8(ascii: "\n")) }
    }
    return all
  }
}
