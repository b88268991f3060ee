/// The lines of a request, divided into parts that are sent one after another.
struct RequestSplitter {
  /// A run of whole lines.
  struct Part: Equatable {
    var range: Range<Int>
    /// Server faults encountered with this part.
    var faults = 0
  }

  /// The lines.
  private(set) var bytes: [UInt8] = []
  /// Parts still to be sent; the last is sent first.
  private(set) var pending: [Part] = []

  /// Adds lines in parts of at most the given size. They are sent before the pending ones.
  ///
  /// - Parameters:
  ///   - lines: line protocol.
  ///   - mostLines: maximum number of lines of a part.
  ///   - mostBytes: maximum size of a part [bytes]; a single longer line is a part too.
  mutating func add(_ lines: [UInt8], mostLines: Int, mostBytes: Int) {
    var start = bytes.count
    bytes += lines
    if bytes.count > start, bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
    var added: [Part] = []
    var end = start
    var count = 0
    while end < bytes.count {
      let next = endOfLine(from: end)
      if count > 0, count >= mostLines || next - start > mostBytes {
        added.append(Part(range: start..<end))
        (start, count) = (end, 0)
      }
      (end, count) = (next, count + 1)
    }
    if end > start { added.append(Part(range: start..<end)) }
    pending += added.reversed()
  }

  /// Removes and returns the next part.
  mutating func next() -> Part? { pending.popLast() }

  /// Returns a part to the pending ones, to be sent next.
  mutating func putBack(_ part: Part) { pending.append(part) }

  /// Returns a part to the pending ones, to be sent last.
  mutating func putLast(_ part: Part) { pending.insert(part, at: 0) }

  /// Splits a part of several lines in halves, to be sent next.
  mutating func putHalves(of part: Part, faults: Int = 0) {
    var middle = endOfLine(from: part.range.lowerBound + part.range.count / 2)
    if middle >= part.range.upperBound {
      // The second half lies within one long line, so the cut is before that line.
      middle = part.range.upperBound - 1
      while middle > part.range.lowerBound, bytes[middle - 1] != UInt8(ascii: "\n") { middle -= 1 }
    }
    let halves = [part.range.lowerBound..<middle, middle..<part.range.upperBound].filter { !$0.isEmpty }
    for range in halves.reversed() {
      let half = Part(range: range)
      // A single line gets the full number of tries.
      pending.append(Part(range: range, faults: lineCount(half) == 1 ? 0 : faults))
    }
  }

  /// Joins adjacent pending parts to at most `mostBytes` bytes, and resets their faults.
  mutating func rejoin(mostBytes: Int) {
    var joined: [Part] = []
    for part in pending.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      if let last = joined.last?.range, last.upperBound == part.range.lowerBound,
        part.range.upperBound - last.lowerBound <= mostBytes
      {
        joined[joined.count - 1] = Part(range: last.lowerBound..<part.range.upperBound)
      } else {
        joined.append(Part(range: part.range))
      }
    }
    pending = joined.reversed()
  }

  /// Returns the number of lines of a part.
  func lineCount(_ part: Part) -> Int {
    bytes[part.range].reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
  }

  /// Returns the number of points and readings of a part.
  func tally(_ part: Part) -> PointTally { PointTally(counting: bytes[part.range]) }

  /// Returns each line of a part as a separate part.
  func lines(of part: Part) -> [Part] {
    var lines: [Part] = []
    var start = part.range.lowerBound
    while start < part.range.upperBound {
      let end = endOfLine(from: start)
      lines.append(Part(range: start..<end))
      start = end
    }
    return lines
  }

  private func endOfLine(from start: Int) -> Int {
    guard start < bytes.count else { return bytes.count }
    return (bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count - 1) + 1
  }
}
