import LineProtocol
import Testing

/// Line protocol reads back as it was written.
struct LineScannerTests {
  @Test(arguments: ["plain", "two words", "a,b=c", "Zähler 3", "a\\b", ""])
  func `a name that is escaped for a tag reads back as it was`(_ name: String) {
    var line = Array("m".utf8)
    LineText.appendTag("asset", value: name, to: &line)
    line += Array(" value=1 5".utf8)
    line.withUnsafeBytes { bytes in
      let parts = LineScanner(bytes, line: 0..<bytes.count)
      var rest = parts?.tags ?? 0..<0
      let pair = LineScanner.pair(bytes, rest: &rest, quotes: false)
      guard let pair else {
        #expect(name.isEmpty)
        return
      }
      var read: [UInt8] = []
      LineScanner.append(bytes, range: pair.value, to: &read)
      #expect(String(decoding: read, as: UTF8.self) == name)
    }
  }

  @Test func `a line is taken apart into measurement, tags, fields and time`() throws {
    let line = Array("meter,asset=a\\ b power=1.5,name=\"x y\" 1700000000".utf8)
    try line.withUnsafeBytes { bytes in
      let parts = try #require(LineScanner(bytes, line: 0..<bytes.count))
      func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
      #expect(text(parts.measurement) == "meter")
      #expect(text(parts.tags) == "asset=a\\ b")
      #expect(text(parts.fields) == "power=1.5,name=\"x y\"")
      #expect(text(parts.time) == "1700000000")
    }
  }

  @Test(arguments: ["", "m", "m,a=b", " x=1", "m,a=b "])
  func `a line without fields is none`(_ text: String) {
    Array(text.utf8).withUnsafeBytes { #expect(LineScanner($0, line: 0..<$0.count) == nil) }
  }
}
