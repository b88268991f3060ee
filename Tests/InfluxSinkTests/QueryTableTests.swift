import Testing

@testable import InfluxSink

@Suite("Tables of answers")
struct QueryTableTests {
  private static func table(_ text: String) throws(AnswerDefect) -> QueryTable {
    let bytes = Array(text.utf8)
    let result = bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(AnswerDefect) in try QueryTable(bytes) }
    }
    return try result.get()
  }

  private static func answer(_ rows: String, columns: String = #""time","v""#, further: String = "") -> String {
    #"{"results":[{"statement_id":0,"series":[{"name":"m","columns":[\#(columns)],"values":[\#(rows)]\#(further)}]}]}"#
  }

  @Test func `numbers keep their digits, and texts lose their escapes`() throws {
    let table = try Self.table(
      Self.answer(
        #"[-5,0.30000000000000004,true,"a\"b\\c\nd\u00e9\ud83d\ude00\u003c/"],[1700000000000000001,1e-07,null,""]"#
          + #", [1700000000000000001, 9223372036854775807 ,false,"x"]"#,
        columns: #""time","v","b","t""#))
    #expect(table.columns == ["v", "b", "t"])
    #expect(table.times == [-5, 1_700_000_000_000_000_001, 1_700_000_000_000_000_001] && !table.isPartial)
    let cells = (0..<3).map { row in
      (0..<3).map { column in table.text(of: table.cell(row: row, column: column)) }
    }
    #expect(cells[0] == ["0.30000000000000004", "true", "a\"b\\c\ndé😀</"])
    #expect(cells[1] == ["1e-07", "", ""])
    #expect(cells[2] == ["9223372036854775807", "false", "x"])
    #expect(table.cell(row: 1, column: 1).kind == .null && table.cell(row: 1, column: 2).kind == .text)
  }

  @Test func `rows that a server leaves out, and errors beside rows, are known`() throws {
    #expect(try Self.table(Self.answer("[1,2]", further: #","partial":true"#)).isPartial)
    #expect(try Self.table(#"{"results":[{"statement_id":0,"partial":true}]}"#).isPartial)
    #expect(try Self.table(#"{"results":[{"error":"timeout"}]}"#).error == "timeout")
    #expect(try Self.table(#"{"error":"no"}"#).error == "no")
    #expect(try Self.table(#"{"results":[{"statement_id":0}]}"#).count == 0)
    #expect(try Self.table(#"{"results":[{"series":null,"messages":[{"level":"x","text":[1,{}]}]}]}"#).count == 0)
  }

  @Test func `an answer that is cut anywhere is refused`() throws {
    let whole = Self.answer(#"[1,2.5,"é"],[2,null,"\u00e9"]"#, columns: #""time","v","t""#)
    #expect(try Self.table(whole).count == 2)
    for end in 0..<whole.utf8.count {
      #expect(throws: AnswerDefect.self) { try Self.table(String(decoding: whole.utf8.prefix(end), as: UTF8.self)) }
    }
  }

  @Test(arguments: [
    (answer("[1]"), "2 values a row"), (answer("[1,2,3]"), "2 values a row"), (answer("[2,1],[1,1]"), "order of time"),
    (answer(#"["2026",1]"#), "a time as an integer"), (answer("[99999999999999999999,1]"), "64 bits"),
    (answer("[1,NaN]"), "a value"), (answer("[1,-]"), "a value"), (answer("[1,2e]"), "a number"),
    (answer("[1,[2]]"), "a value"), (answer("[1,2]", columns: #""v","time""#), "first column"), ("[]", "'{'"),
    ("{}", "'results'"), (answer("[1,2]") + "x", "the end"), (answer(#"[1,"\x"]"#), "an escape"),
    (answer(#"[1,"\u12g4"]"#), "hexadecimal"), (answer("[1.5,2]"), "expected ']'"),
    (#"{"results":"# + String(repeating: "[", count: 100), "expected"),
  ])
  func `an answer of another form is refused with what was expected`(text: String, words: String) {
    let error = #expect(throws: AnswerDefect.self) { try Self.table(text) }
    #expect(error?.words.contains(words) ?? false, "\(error?.words ?? "")")
  }
}
