import PayloadDecoding
import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import InfluxSink

/// From a hostile topic or payload to line protocol: one reading is one line of `raw`, whatever its names are.
@Suite("Injection") struct InjectionTests {
  private static let hostile: [String] = [
    "a\nraw,plant=other value=1", "a,unit=kW", "a=b", "a b", "\"", "a\"b", "\\", "a\\", "a\\\\", "\\n", "a\u{0}b",
    "\u{0}",
    "a\r", "a\tb", "\u{7F}", "\u{85}", "\u{2028}", "\u{202E}x", "é", "e\u{301}", "😀", "#", "%0A", "%2C%3D", "%5C",
    "%00",
    "%FF", "a%", ",", "=", " ", " value=1", "value=1i,x=\"", "\u{FEFF}a",
  ]
  /// Bytes that are no UTF-8: a stray byte, an overlong newline, a lone surrogate, a cut sequence.
  private static let broken: [[UInt8]] = [
    [0xFF], [0xC0, 0x8A], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0x61, 0xF5, 0x80],
  ]

  private func lines(topic: [UInt8], payload: [UInt8]) -> [[UInt8]] {
    let plant = Plant(
      name: "site,=\\ one", location: Location(latitude: 0, longitude: 0, timezone: "UTC"),
      topics: [
        TopicRule(match: "t/{asset}/{sensor}"), TopicRule(match: "j/{asset}", payload: .json),
        TopicRule(match: "l/{asset}", payload: .line),
      ])
    var decoder = MessageDecoder(plants: [plant])
    var registers = [PlantRegister(plant: plant)]
    var batches = [ReadingBatch()]
    var frame = MessageFrameBuilder()
    topic.withUnsafeBytes { topic in
      payload.withUnsafeBytes { frame.append(topic: topic, payload: $0, packetID: 1, retained: false) }
    }
    frame.bytes.withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      guard let message = cursor.next() else { return }
      _ = decoder.decode(message, received: Timestamp(seconds: 1_800_000_000), registers: &registers, into: &batches)
    }
    var encoder = LineEncoder()
    encoder.append(batches[0], of: registers[0])
    return encoder.bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
  }

  /// Expects each line to be a point of `raw` or `clean` with the tags and fields that those have, and nothing else.
  private func check(_ lines: [[UInt8]], readings: ClosedRange<Int>) {
    #expect(readings.contains(lines.count / 2) && lines.count.isMultiple(of: 2))
    for line in lines {
      for reading in LineParser.Reading.allCases {
        guard let point = LineParser(reading: reading).parse(line: line) else {
          Issue.record("\(String(decoding: line, as: UTF8.self)) is not line protocol, read by \(reading)")
          continue
        }
        #expect(["raw", "clean"].contains(point.measurement))
        let tags = point.tags.map { $0[0] }
        #expect(tags.starts(with: ["plant", "asset", "sensor"]) && (tags.count == 3 || tags[3] == "unit"))
        let fields = Set(point.fields.map { $0[0] })
        #expect(fields == (point.measurement == "raw" ? ["value"] : ["value", "quality", "flags", "imputed"]))
        #expect(point.time == "1800000000000")
      }
    }
  }

  @Test(arguments: hostile)
  func `names out of topics`(_ name: String) {
    check(lines(topic: Array("t/\(name)/\(name)".utf8), payload: Array("1".utf8)), readings: 0...1)
  }

  @Test(arguments: hostile)
  func `names out of JSON, escaped in every way`(_ name: String) {
    let escaped = name.utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
    check(lines(topic: Array("j/a".utf8), payload: Array("{\"\(escaped)\": 1}".utf8)), readings: 0...1)
    check(lines(topic: Array("j/a".utf8), payload: Array("{\"\(name)\": 1}".utf8)), readings: 0...2)
  }

  @Test(arguments: hostile)
  func `names out of line protocol`(_ name: String) {
    check(lines(topic: Array("l/a".utf8), payload: Array("m,t=\(name) \(name)=1".utf8)), readings: 0...3)
  }

  @Test(arguments: broken)
  func `what is no UTF-8 gives no reading`(_ bytes: [UInt8]) {
    #expect(lines(topic: Array("t/".utf8) + bytes + Array("/s".utf8), payload: [0x31]).isEmpty)
    #expect(lines(topic: Array("j/a".utf8), payload: Array("{\"".utf8) + bytes + Array("\": 1}".utf8)).isEmpty)
  }

  @Test func `a lone surrogate in JSON gives no reading of that name`() {
    check(lines(topic: Array("j/a".utf8), payload: Array(#"{"\ud800": 1, "x": 2}"#.utf8)), readings: 0...2)
  }
}
