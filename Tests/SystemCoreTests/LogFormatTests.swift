import Foundation
import SystemCore
import Testing
import WattlineTime

@Suite("Log lines")
struct LogFormatTests {
  private static let time = Timestamp(milliseconds: 1_796_061_600_003)

  @Test func `text has time with milliseconds, level and message, one line for each of the message`() {
    let entry = LogEntry.warning("broker: away\nbroker: \u{1B}[31mred\u{7}", fields: [.client: "wattline"])
    #expect(
      LogFormat(.text).lines(of: entry, at: Self.time) == [
        "2026-11-30T18:00:00.003Z warning broker: away", "2026-11-30T18:00:00.003Z warning broker: ·[31mred·",
      ])
    let whole = LogFormat(.text).lines(of: "reading goes on", at: Timestamp(seconds: 1_796_061_600))
    #expect(whole == ["2026-11-30T18:00:00.000Z info reading goes on"])
  }

  @Test func `the journal of systemd gets the level in its own form, and no time beside its own`() throws {
    let levels: [(LogEntry.Level, String)] = [(.error, "<3>x"), (.warning, "<4>x"), (.info, "<6>x")]
    for (level, line) in levels {
      let entry = LogEntry(level, message: "x")
      #expect(LogFormat(.text, isForJournal: true).lines(of: entry, at: Self.time) == [line])
      let json = try #require(LogFormat(.json, isForJournal: true).lines(of: entry, at: Self.time).first)
      #expect(json.hasPrefix("<\(level.severity)>{\"time\":"))
    }
    #expect(LogEntry.Level.error > LogEntry.Level.warning && LogEntry.Level.warning > LogEntry.Level.info)
  }

  @Test func `JSON is one valid object a line, whatever the message and the fields contain`() throws {
    let everything = String(String.UnicodeScalarView((0..<0x300).compactMap(Unicode.Scalar.init)))
    let broken = String(decoding: [0x61, 0xFF, 0xC3, 0x28, 0xED, 0xA0, 0x80, 0x00], as: UTF8.self)
    for text in ["", "plain", "a\nb\r\nc", "\"\\/", everything, broken, "\u{2028}\u{2029}\u{10FFFF}👍"] {
      let entry = LogEntry.error(text, fields: [.plant: text, .topic: text, .reason: "limit"])
      let lines = LogFormat(.json).lines(of: entry, at: Self.time)
      #expect(lines.count == 1 && lines[0].unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 0x2028 })
      let object = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: String])
      #expect(object["message"] == text && object["plant"] == text && object["topic"] == text)
      #expect(object["level"] == "error" && object["reason"] == "limit")
      #expect(object["time"] == "2026-11-30T18:00:00.003Z")
      #expect(lines[0].hasPrefix(#"{"time":"2026-11-30T18:00:00.003Z","level":"error","message":"#))
    }
  }
}
