import Foundation
import PlantModel
import Settings
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

/// Place of each point after each answer, with a database that gives it to a batch of ten points, one of them bad.
@Suite("What ends where after each answer", .timeLimit(.minutes(10)))
struct AnswerTableTests {
  /// Where the points are when the database gives this answer and no other to requests with the bad point.
  enum End: Sendable, Equatable {
    /// All ten in the database.
    case written
    /// Nine in the database, one a dead letter.
    case refused(WriteRefusalReason)
    /// All ten kept, and the state is `away`.
    case away
    /// All ten kept, and the state is `held`.
    case held(HoldReason)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var answer: FakeAnswer
    var end: End
    var version = DatabaseSettings.Version.v1
    var testDescription: String { "\(version) \(answer) → \(end)" }
  }

  private static func v3(_ message: String, line: Int = 4) -> String {
    #"{"error":"partial write of line protocol occurred","data":[{"original_line":"m,n=bad v=1i 3","line_number":\#(line),"error_message":"\#(message)"}]}"#
  }

  static let rows: [Row] = [
    Row(answer: .status(204), end: .written),
    Row(answer: .status(200), end: .written),
    Row(answer: .status(200, body: "<html>log in</html>"), end: .held(.unexpected)),
    Row(answer: .status(302), end: .held(.unexpected)),
    Row(answer: .status(400, body: #"{"error":"unable to parse 'x': missing fields"}"#), end: .refused(.malformed)),
    Row(
      answer: .status(400, body: #"{"error":"partial write: unable to parse 'x': bad timestamp dropped=0"}"#),
      end: .refused(.malformed)),
    Row(
      answer: .status(
        400,
        body: #"{"error":"partial write: field type conflict: input field \"v\" is type integer dropped=1"}"#),
      end: .refused(.typeConflict)),
    Row(
      answer: .status(400, body: #"{"error":"partial write: points beyond retention policy dropped=1"}"#),
      end: .refused(.retention)),
    Row(
      answer: .status(400, body: #"{"error":"partial write: max-series-per-database limit exceeded: (9) dropped=1"}"#),
      end: .held(.limit)),
    Row(
      answer: .status(
        400, body: #"{"error":"partial write: max-values-per-tag limit exceeded (9/9): measurement=\"m\" dropped=1"}"#),
      end: .held(.limit)),
    Row(answer: .status(400, body: "<html>Bad Request</html>"), end: .held(.unexpected)),
    Row(answer: .status(401, body: "unauthorized"), end: .held(.credentials)),
    Row(answer: .status(403, body: "forbidden"), end: .held(.permission)),
    Row(answer: .status(404, body: "404 page not found"), end: .held(.missing)),
    Row(answer: .status(413), end: .refused(.tooLarge)),
    Row(answer: .status(422, body: #"{"code":"unprocessable entity","message":"no"}"#), end: .refused(.rejected)),
    Row(answer: .status(429, headers: ["Retry-After: 0"]), end: .away),
    Row(answer: .status(503, headers: ["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"]), end: .away),
    Row(answer: .status(500, body: "panic"), end: .refused(.serverFault)),
    Row(answer: .status(500, body: #"{"error":"timeout"}"#), end: .away),
    Row(answer: .status(502), end: .away), Row(answer: .status(504), end: .away),
    Row(answer: .cut, end: .away), Row(answer: .silence, end: .away),
    Row(answer: .raw("what?"), end: .away),
    Row(answer: .raw("HTTP/1.1 2x4 \u{1}\r\n\r\n"), end: .away),
    Row(answer: .raw("HTTP/1.1 20"), end: .away),
    Row(
      answer: .status(422, body: #"{"code":"unprocessable entity","message":"partial write: field type conflict"}"#),
      end: .refused(.typeConflict), version: .v2),
    Row(
      answer: .status(404, body: #"{"code":"not found","message":"bucket \"wattline\" not found"}"#),
      end: .held(.missing), version: .v2),
    Row(answer: .status(401, body: #"{"code":"unauthorized"}"#), end: .held(.credentials), version: .v2),
    Row(
      answer: .status(
        400,
        body: v3("invalid column type for column 'v', expected iox::column_type::field::float, got integer")),
      end: .refused(.typeConflict), version: .v3),
    Row(answer: .status(400, body: v3("No fields were provided")), end: .refused(.malformed), version: .v3),
    Row(
      answer: .status(400, body: v3("Could not parse entire line. Found trailing content: `3`")),
      end: .refused(.malformed), version: .v3),
    Row(
      answer: .status(
        422, body: #"{"error":"Update to schema would exceed number of columns per table limit of 500 columns"}"#),
      end: .held(.limit), version: .v3),
    Row(
      answer: .status(
        400, body: v3("Update to schema would exceed number of tables limit of 2000 tables")),
      end: .held(.limit), version: .v3),
    Row(
      answer: .status(422, body: #"{"error":"Adding a new database would exceed limit of 5 databases"}"#),
      end: .held(.limit), version: .v3),
    Row(
      answer: .status(
        422,
        body: #"{"error":"Update to schema would exceed number of tag columns per table limit of 250 columns"}"#),
      end: .held(.limit), version: .v3),
  ]

  @Test(arguments: rows)
  func `every point is where the answer sends it, and counted there`(row: Row) throws {
    let store = FakeStore()
    let bench = try SinkBench(
      version: row.version, spool: 1 << 20,
      change: {
        $0.faultTries = 2
        if case .silence = row.answer { $0.totalTimeout = .milliseconds(50) }
      }
    ) { request, _ in
      guard request.body.contains("bad") else { return store.answer(request) }
      // A database that takes a batch whole takes the bad point too; 3 Core takes all others.
      var taken = request
      if row.version == .v3 { taken.body = request.lines.filter { !$0.contains("bad") }.joined(separator: "\n") }
      switch row.end {
      case .written: _ = store.answer(request)
      case .refused: if row.version == .v3 { _ = store.answer(taken) }
      case .away, .held: break
      }
      return row.answer
    }
    bench.submit(SinkBench.lines(0..<3) + ["m,n=bad v=1i 3"] + SinkBench.lines(4..<10), upTo: 7)
    #expect(bench.wait { bench.sink.acceptedUpTo == 7 && isThere(row.end, counts: bench.sink.counts) })
    bench.sink.stop(within: .seconds(2))
    let accounts = bench.sink.counts.accounts
    #expect(accounts.submitted.points == 10 && accounts.submitted == accounts.accounted)
    let refused = bench.deadLetters.filter { !$0.hasPrefix("#") }
    switch row.end {
    case .written: #expect(store.count == 10 && refused.isEmpty)
    case .refused: #expect(store.count == 9 && refused == ["m,n=bad v=1i 3"])
    case .away, .held: #expect(accounts.spooled.points == 10 && refused.isEmpty)
    }
  }

  private func isThere(_ end: End, counts: SinkCounts) -> Bool {
    switch end {
    case .written: return counts.pointsWritten == 10
    case .refused(let reason): return counts.pointsWritten == 9 && counts.deadLetters == [reason: 1]
    case .away:
      guard case .away = counts.state else { return false }
      return counts.retries > 1
    case .held(let reason):
      guard case .held(reason, _) = counts.state else { return false }
      return counts.retries > 1
    }
  }

  @Test func `the lines that 3 Core names are dead letters with their own words, without another request`() throws {
    let body =
      #"{"error":"partial write of line protocol occurred","data":["#
      + #"{"original_line":"m,n=6 v=1 6","line_number":7,"error_message":"invalid column type for column 'v'"},"#
      + #"{"original_line":"m,n=2 v=1 2","line_number":3,"error_message":"No fields were provided"}]}"#
    let bench = try SinkBench(version: .v3) { _, _ in .status(400, body: body) }
    bench.submit(SinkBench.lines(0..<10), upTo: 1)
    #expect(bench.sink.stop(within: .seconds(5)) == 1)
    #expect(bench.database.writes.count == 1 && bench.sink.counts.pointsWritten == 8)
    #expect(bench.sink.counts.deadLetters == [.malformed: 1, .typeConflict: 1])
    #expect(bench.deadLetters.filter { !$0.hasPrefix("#") } == ["m,n=2 v=1 2", "m,n=6 v=1 6"])
    #expect(bench.deadLetters[0].hasSuffix("malformed status=400 No fields were provided"))
    let accounts = bench.sink.counts.accounts
    #expect(accounts.submitted == accounts.accounted)
  }

  @Test(arguments: [
    "", "{}", #"{"error":"partial write","data":[]}"#, #"{"error":"partial write","data":null}"#,
    #"{"error":"partial write","data":[{"line_number":0,"error_message":"x"}]}"#,
    #"{"error":"partial write","data":[{"line_number":11,"error_message":"x"}]}"#,
    #"{"error":"partial write","data":[{"line_number":-9223372036854775808,"error_message":"x"}]}"#,
    #"{"error":"parsing failed","data":[{"line_number":1,"error_message":"x"}]}"#,
    #"{"error":"partial write","data":[{"line_number":1,"error_message":"x"},{"line_number":1,"error_message":""}]}"#,
  ])
  func `an answer that does not name every refused line is not relied on`(body: String) {
    #expect(PartialWrite.refused(in: body, of: 10).map(\.count) == nil)
  }

  @Test func `Retry-After as a date is honoured while fresh points go to disk`() throws {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "GMT")
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    let date = formatter.string(from: Date(timeIntervalSinceNow: 2.999))
    let bench = try SinkBench(spool: 1 << 20) { _, number in
      number == 0 ? .status(429, headers: ["Retry-After: \(date)"]) : .status(204)
    }
    let start = ContinuousClock.now
    bench.submit(SinkBench.lines(0..<3), upTo: 1)
    #expect(bench.wait { bench.sink.acceptedUpTo == 1 })
    bench.submit(SinkBench.lines(3..<5), upTo: 2)
    #expect(bench.wait { bench.sink.acceptedUpTo == 2 })
    #expect(ContinuousClock.now - start < .milliseconds(1900) && bench.sink.counts.pointsWritten == 0)
    #expect(bench.wait { bench.sink.counts.pointsWritten == 5 })
    #expect(ContinuousClock.now - start >= .milliseconds(1500))
  }
}
