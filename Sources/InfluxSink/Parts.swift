/// The lines of a request, divided into parts that are sent one after the other.
struct Parts {
  /// A run of whole lines.
  struct Part: Equatable {
    var range: Range<Int>
    /// Faults of the server that it met.
    var faults = 0
  }

  /// The lines.
  private(set) var bytes: [UInt8] = []
  /// What is still to be sent; the last comes first.
  private(set) var pending: [Part] = []

  /// Adds lines, to be sent before those that are pending, in parts of at most the given size.
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

  /// Takes the next part.
  mutating func next() -> Part? { pending.popLast() }

  /// Puts a part back, to be sent next.
  mutating func putBack(_ part: Part) { pending.append(part) }

  /// Puts a part back, to be sent after all others.
  mutating func putLast(_ part: Part) { pending.insert(part, at: 0) }

  /// Puts the halves of a part of several lines back, to be sent next.
  mutating func putHalves(of part: Part, faults: Int = 0) {
    var middle = endOfLine(from: part.range.lowerBound + part.range.count / 2)
    if middle >= part.range.upperBound {
      // The second half is one long line: cut before it.
      middle = part.range.upperBound - 1
      while middle > part.range.lowerBound, bytes[middle - 1] != UInt8(ascii: "\n") { middle -= 1 }
    }
    let halves = [part.range.lowerBound..<middle, middle..<part.range.upperBound].filter { !$0.isEmpty }
    for range in halves.reversed() {
      let half = Part(range: range)
      // A single line is given all its tries.
      pending.append(Part(range: range, faults: lineCount(half) == 1 ? 0 : faults))
    }
  }

  /// Joins what is pending and adjacent, to parts of at most `mostBytes`, and forgets faults.
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

  /// How many lines a part has.
  func lineCount(_ part: Part) -> Int {
    bytes[part.range].reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
  }

  /// How many points and readings a part has.
  func tally(_ part: Part) -> PointTally { PointTally(counting: bytes[part.range]) }

  /// The lines of a part, each as a part of its own.
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
