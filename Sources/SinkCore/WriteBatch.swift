/// Rendered points for a sink, and the log offset whose derived results they complete.
///
/// Points are whole lines of line protocol, one point a line. The lines of the measurement `raw` are the decoded
/// readings. Queue, spool and dead letters keep lines as they are. An endpoint that speaks another format converts them
/// when it posts them.
public struct WriteBatch: Sendable {
  /// Number of lines at which a batch has the size of one request.
  public static let fullLines = 5000
  /// Size at which a batch has the size of one request [bytes].
  public static let fullBytes = 2 << 20

  /// Whole lines of line protocol, each ended by a newline.
  public var bytes: [UInt8]
  /// Number of lines.
  public var lines: Int
  /// Journal offset whose results are complete with this batch.
  public var upTo: UInt64
  /// Whether the sink's accounts, including this batch, must be saved before it is accepted.
  public var keepsAccounts = false

  /// Creates a batch. A batch without lines only advances the offset.
  ///
  /// - Parameters:
  ///   - bytes: whole lines of line protocol, each ended by a newline.
  ///   - lines: number of lines.
  ///   - upTo: journal offset whose results are complete with this batch.
  public init(bytes: [UInt8], lines: Int, upTo: UInt64) {
    self.bytes = bytes
    self.lines = lines
    self.upTo = upTo
  }

  /// Number of points and readings.
  package var tally: PointTally { PointTally(counting: bytes[...]) }

  /// Returns the lines of several batches joined.
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
