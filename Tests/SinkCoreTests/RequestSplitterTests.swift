import PlantTesting
import Testing

@testable import SinkCore

@Suite("Parts of a request")
struct RequestSplitterTests {
  @Test func `halving ends in single lines, in order, whatever their lengths; nothing is lost or doubled`() {
    var random = SplitMix(state: 5)
    for _ in 0..<300 {
      let lines = (0..<Int.random(in: 1..<30, using: &random)).map { index in
        "\(index)" + String(repeating: "x", count: Int.random(in: 0..<200, using: &random)) + "\n"
      }
      var parts = RequestSplitter()
      parts.add(Array(lines.joined().utf8), mostLines: 7, mostBytes: 300)
      var seen: [String] = []
      while let part = parts.next() {
        #expect(parts.lineCount(part) <= 7)
        #expect(part.range.count <= 300)
        if parts.lineCount(part) > 1 {
          parts.putHalves(of: part)
        } else {
          seen.append(String(decoding: parts.bytes[part.range], as: UTF8.self))
        }
      }
      #expect(seen == lines)
    }
  }

  @Test func `a missing newline at the end is added, and a line larger than a part stands alone`() {
    var parts = RequestSplitter()
    parts.add(Array("a\nbbbbbbbbbb\nc".utf8), mostLines: 10, mostBytes: 5)
    #expect(parts.bytes.last == UInt8(ascii: "\n"))
    #expect(parts.pending.map(\.range) == [13..<15, 2..<13, 0..<2])
    parts.add([], mostLines: 10, mostBytes: 5)
    #expect(parts.pending.count == 3)
  }

  @Test func `what is pending and adjacent is joined again`() {
    var parts = RequestSplitter()
    parts.add(Array("a\nb\nc\nd\n".utf8), mostLines: 1, mostBytes: 100)
    let first = parts.next()
    _ = parts.next()
    if let first { parts.putLast(first) }
    parts.rejoin(mostBytes: 100)
    #expect(parts.pending.map(\.range) == [4..<8, 0..<2])
  }
}
