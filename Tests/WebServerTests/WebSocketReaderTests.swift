import Testing

@testable import WebServer

@Suite("Frames of WebSockets")
struct WebSocketReaderTests {
  private typealias Client = RawSocketClient

  /// Reads bytes in pieces of a size.
  private static func read(
    _ bytes: [UInt8], most: Int = 100, pieces: Int = .max
  ) throws(WebSocketReader.Violation) -> [WebSocketReader.Event] {
    var reader = WebSocketReader(mostBytes: most)
    var events: [WebSocketReader.Event] = []
    var start = 0
    while start < bytes.count {
      let end = start + min(pieces, bytes.count - start)
      let result = bytes[start..<end].withUnsafeBytes { piece in
        Result { () throws(WebSocketReader.Violation) in
          try reader.read(piece) {
            events.append($0)
            return true
          }
        }
      }
      try result.get()
      start = end
    }
    return events
  }

  @Test(arguments: [1, 2, 3, 7, Int.max])
  func `texts, pieces of texts, pings and closes are read however the bytes arrive`(pieces: Int) throws {
    let bytes =
      Client.frame(0x81, Array("hello".utf8)) + Client.frame(0x01, Array("a".utf8)) + Client.frame(0x89, [1, 2])
      + Client.frame(0x00, []) + Client.frame(0x8A, []) + Client.frame(0x80, Array("ä".utf8)) + Client.frame(0x81, [])
      + Client.frame(0x88, [0x03, 0xE8] + Array("bye".utf8))
    #expect(
      try Self.read(bytes, pieces: pieces) == [
        .text(Array("hello".utf8)), .ping([1, 2]), .pong, .text(Array("aä".utf8)), .text([]), .close(1_000),
      ])
  }

  @Test(arguments: [
    (1_002, Client.frame(0x81, [65], isMasked: false), "unmasked"),
    (1_002, Client.frame(0xC1, [65]), "reserved flag"),
    (1_002, Client.frame(0x83, [65]), "unknown opcode"),
    (1_003, Client.frame(0x82, [65]), "binary"),
    (1_002, Client.frame(0x80, [65]), "continuation of nothing"),
    (1_002, Client.frame(0x01, [65]) + Client.frame(0x81, [65]), "text in a text"),
    (1_002, Client.frame(0x09, [65]), "piece of a ping"),
    (1_002, Client.frame(0x89, Array(repeating: 65, count: 126)), "long ping"),
    (1_002, [0x81, 0xFE, 0, 5], "length with too many bytes") as (Int, [UInt8], String),
    (1_009, Client.frame(0x81, Array(repeating: 65, count: 101)), "too long"),
    (1_009, Client.frame(0x81, [], length: 1 << 40), "terabyte"),
    (1_009, Client.frame(0x81, [], length: -1), "largest length"),
    (
      1_009, Client.frame(0x01, Array(repeating: 65, count: 90)) + Client.frame(0x80, Array(repeating: 65, count: 11)),
      "long in pieces"
    ),
    (1_007, Client.frame(0x81, [0xC3]), "broken UTF-8"),
    (1_007, Client.frame(0x81, [0xED, 0xA0, 0x80]), "surrogate"),
    (1_002, Client.frame(0x88, [3]), "half a close code"),
    (1_002, Client.frame(0x88, [0x03, 0xED]), "close code 1005"),
    (1_007, Client.frame(0x88, [0x03, 0xE8, 0xFF]), "reason that is not UTF-8"),
  ])
  func `what breaks the protocol is answered with the right code`(code: Int, bytes: [UInt8], words: String) {
    // The header of a masked frame is judged once it is whole.
    let padded = bytes + (words.hasPrefix("length") ? [0, 0, 0, 0] : [])
    #expect { _ = try Self.read(padded) } throws: { ($0 as? WebSocketReader.Violation)?.code == UInt16(code) }
  }

  @Test func `random bytes are read or refused, and memory stays within the limit`() {
    var state: UInt64 = 88_172_645_463_325_252
    func random() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    var (refused, texts) = (0, 0)
    for _ in 0..<4_000 {
      var bytes: [UInt8] = []
      for _ in 0..<1 + random() % 4 {
        let payload = (0..<random() % 140).map { _ in UInt8(truncatingIfNeeded: 32 + random() % 90) }
        bytes += Client.frame([0x81, 0x01, 0x80, 0x89, 0x8A, 0x00][Int(random() % 6)], payload)
      }
      if random() % 2 == 0 { bytes[Int(random() % UInt64(bytes.count))] ^= UInt8(truncatingIfNeeded: random()) }
      do {
        for case .text(let text) in try Self.read(bytes, most: 200, pieces: 1 + Int(random() % 50)) {
          texts += 1
          #expect(text.count <= 200)
        }
      } catch { refused += 1 }
    }
    #expect(refused > 200 && texts > 200)
  }

  @Test func `a frame of the server has the shortest length, and a reason fits`() {
    #expect(WebSocketFrame.encode(.text, payload: [UInt8](repeating: 65, count: 125)).prefix(2) == [0x81, 125])
    #expect(WebSocketFrame.encode(.text, payload: [UInt8](repeating: 65, count: 126)).prefix(4) == [0x81, 126, 0, 126])
    #expect(
      WebSocketFrame.encode(.text, payload: [UInt8](repeating: 65, count: 65_536)).prefix(10)
        == [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0])
    let close = WebSocketFrame.close(1_008, reason: String(repeating: "ä", count: 100))
    #expect(close.count == 2 + 2 + 122 && String(validating: close[4...], as: UTF8.self) != nil)
  }
}
