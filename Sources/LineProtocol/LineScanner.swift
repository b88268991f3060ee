/// The parts of one line of InfluxDB line protocol, as ranges of the payload: `measurement,tag=a field=1,other=2i
/// 1700000000000000000`.
public struct LineScanner: Sendable {
  /// The bytes of a payload.
  public typealias Bytes = UnsafeRawBufferPointer

  /// The measurement, including escapes.
  public private(set) var measurement = 0..<0
  /// The tags, from after the measurement to the first space.
  public private(set) var tags = 0..<0
  /// The fields, without surrounding spaces.
  public private(set) var fields = 0..<0
  /// The timestamp; empty if the line has none.
  public private(set) var time = 0..<0

  /// Parses a line; `nil` if it is invalid.
  public init?(_ bytes: Bytes, line: Range<Int>) {
    var i = line.lowerBound
    i = LineScanner.end(bytes, range: i..<line.upperBound, quotes: false) { $0 == 0x2C || $0 == 0x20 }
    guard i > line.lowerBound, i < line.upperBound else { return nil }
    measurement = line.lowerBound..<i
    let space = LineScanner.end(bytes, range: i..<line.upperBound, quotes: false) { $0 == 0x20 }
    guard space < line.upperBound else { return nil }
    tags = min(i + 1, space)..<space
    i = LineScanner.spaces(bytes, start: space, end: line.upperBound)
    let end = LineScanner.end(bytes, range: i..<line.upperBound, quotes: true) { $0 == 0x20 }
    guard end > i else { return nil }
    fields = i..<end
    let start = LineScanner.spaces(bytes, start: end, end: line.upperBound)
    var stop = line.upperBound
    while stop > start, LineScanner.isSpace(bytes[stop - 1]) { stop -= 1 }
    time = start..<stop
  }

  /// Removes the next `key=value` pair of tags or fields from `rest` and returns it; `nil` at the end or if there is
  /// none.
  ///
  /// - Parameters:
  ///   - bytes: the payload.
  ///   - rest: range still to be parsed.
  ///   - quotes: whether values may contain quoted text.
  public static func pair(_ bytes: Bytes, rest: inout Range<Int>, quotes: Bool) -> (
    key: Range<Int>, value: Range<Int>
  )? {
    let equals = end(bytes, range: rest, quotes: false) { $0 == 0x3D || $0 == 0x2C }
    guard equals > rest.lowerBound, equals < rest.upperBound, bytes[equals] == 0x3D else { return nil }
    let stop = end(bytes, range: equals + 1..<rest.upperBound, quotes: quotes) { $0 == 0x2C }
    guard stop > equals + 1 else { return nil }
    let pair = (rest.lowerBound..<equals, equals + 1..<stop)
    // A trailing comma without a pair after it stays in `rest`, so that the caller detects the error.
    rest = stop < rest.upperBound && stop + 1 < rest.upperBound ? stop + 1..<rest.upperBound : stop..<rest.upperBound
    return pair
  }

  /// Returns the position of the first byte accepted by `isEnd`, outside of escapes and, if `quotes`, of quotation
  /// marks.
  ///
  /// - Parameters:
  ///   - bytes: the payload.
  ///   - range: range to search.
  ///   - quotes: whether quoted text is skipped.
  ///   - isEnd: returns whether a byte ends the search.
  /// - Returns: the end of `range` if there is no such byte.
  @inlinable
  public static func end(_ bytes: Bytes, range: Range<Int>, quotes: Bool, isEnd: (UInt8) -> Bool) -> Int {
    var i = range.lowerBound
    var isQuoted = false
    while i < range.upperBound {
      let byte = bytes[i]
      if byte == 0x5C, i + 1 < range.upperBound {
        i += 2
        continue
      }
      if quotes, byte == 0x22 { isQuoted.toggle() }
      if !isQuoted, isEnd(byte) { return i }
      i += 1
    }
    return range.upperBound
  }

  /// Appends a key or tag, resolving backslashes before a comma, an equals sign, a space or a backslash.
  ///
  /// - Parameters:
  ///   - bytes: the payload.
  ///   - range: range of the key or tag.
  ///   - target: destination.
  public static func append(_ bytes: Bytes, range: Range<Int>, to target: inout [UInt8]) {
    var i = range.lowerBound
    while i < range.upperBound {
      if bytes[i] == 0x5C, i + 1 < range.upperBound, isEscapable(bytes[i + 1]) { i += 1 }
      target.append(bytes[i])
      i += 1
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  private static func isEscapable(_ byte: UInt8) -> Bool {
    byte == 0x2C || byte == 0x3D || byte == 0x20 || byte == 0x5C
  }

  private static func spaces(_ bytes: Bytes, start: Int, end: Int) -> Int {
    var i = start
    while i < end, bytes[i] == 0x20 { i += 1 }
    return i
  }
}
