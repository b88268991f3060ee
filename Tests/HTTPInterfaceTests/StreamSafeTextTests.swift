#if HTTP
  import Testing

  @testable import HTTPInterface

  @Suite("Runs of combining marks")
  struct StreamSafeTextTests {
    @Test(arguments: ["\u{301}", "\\u0301", "%CC%81", "\\ud834\\udd65", "\u{301}\\u0323"])
    func `thirty marks in a row are taken, and more refused, however they are written`(mark: String) {
      let length = mark == "\u{301}\\u0323" ? 2 : 1
      #expect(StreamSafeText.holds(("e" + String(repeating: mark, count: 30 / length)).utf8))
      #expect(!StreamSafeText.holds(("e" + String(repeating: mark, count: 30 / length + 1)).utf8))
      #expect(StreamSafeText.holds(String(repeating: "e" + mark, count: 1_000).utf8))
    }

    @Test func `a body of a megabyte of marks is refused at once`() {
      let start = ContinuousClock.now
      #expect(!StreamSafeText.holds(Array(String(repeating: "\u{301}\u{323}", count: 250_000).utf8)))
      #expect(StreamSafeText.holds(Array(String(repeating: "{\"value\": 1.5, \"unit\": \"°C\"}", count: 30_000).utf8)))
      #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test(arguments: [
      [0x5C], [0x5C, 0x75], [0x25], [0x25, 0x43], [0xCC], [0x5C, 0x75, 0x44, 0x38, 0x33, 0x34] as [UInt8],
    ])
    func `an escape that is cut off is no mark`(bytes: [UInt8]) { #expect(StreamSafeText.holds(bytes)) }
  }
#endif
