import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Synchronization
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

@Suite("The sink and what the database answers", .timeLimit(.minutes(10)))
struct InfluxSinkTests {
  private typealias Bench = SinkBench

  private static func lines(_ range: Range<Int>) -> [String] { SinkBench.lines(range) }

  /// A database that takes a request whole or not at all, and refuses lines that hold `bad`.
  private static func picky(_ status: Int, body: String) -> FakeDatabase.Script {
    { request, _ in request.body.contains("bad") ? .status(status, body: body) : .status(204) }
  }

  /// Lines of the requests that `script` answers with 204.
  private func accepted(_ bench: Bench, script: FakeDatabase.Script) -> Set<String> {
    var result: Set<String> = []
    for (number, request) in bench.database.writes.enumerated() {
      if case .status(204, _, _) = script(request, number) { result.formUnion(request.lines) }
    }
    return result
  }

  @Test
  func `batches arrive in order over one connection with the credentials, and are merged while a request runs`() throws
  {
    let bench = try Bench { _, _ in .status(204) }
    for index in 0..<200 { bench.submit(Self.lines(index..<index + 1), upTo: UInt64(index)) }
    #expect(bench.sink.stop(within: .seconds(20)) == 199)
    #expect(bench.offsets.all == Array(0..<200))
    #expect(bench.database.writes.flatMap(\.lines) == Self.lines(0..<200))
    #expect(bench.database.connectionCount == 1)
    let first = try #require(bench.database.writes.first)
    #expect(first.target == "/write?db=wattline&precision=ms&consistency=one" && first.method == "POST")
    #expect(first.headers["authorization"] == "Basic dXNlcjpwYTpzcw==")
    #expect(bench.sink.counts.pointsWritten == 200)
    #expect(bench.sink.counts.state == .ok && bench.states.all.isEmpty)
    #expect(!bench.sink.submit(WriteBatch(bytes: [], lines: 0, upTo: 1)))
  }

  @Test func `a batch that is too large is split between lines, and one without lines only moves the offset`() throws {
    let bench = try Bench(change: { $0.requestLines = 100 }) { _, _ in .status(204) }
    bench.submit(Self.lines(0..<250), upTo: 1)
    bench.submit([], upTo: 2)
    #expect(bench.sink.stop(within: .seconds(20)) == 2)
    #expect(bench.database.writes.map(\.lines.count) == [100, 100, 50])
    #expect(bench.offsets.all == [1, 2])
  }

  @Test(arguments: [
    (400, #"{"error":"unable to parse 'x': missing fields"}"#, WriteRefusalReason.malformed),
    (422, #"{"message":"no"}"#, .rejected), (413, "", .tooLarge),
    (400, #"{"error":"partial write: field type conflict: it is a string dropped=1"}"#, .typeConflict),
  ])
  func `bad lines end in the dead-letter file with the server's words, all others in the database`(
    status: Int, body: String, reason: WriteRefusalReason
  ) throws {
    let script = Self.picky(status, body: body)
    let bench = try Bench(script: script)
    var lines = Self.lines(0..<100)
    lines[17] = "m,n=bad1 v=x 1"
    lines[99] = "m,n=bad2 v=x 1"
    bench.submit(lines, upTo: 9)
    #expect(bench.sink.stop(within: .seconds(20)) == 9)
    #expect(accepted(bench, script: script) == Set(lines.filter { !$0.contains("bad") }))
    #expect(bench.deadLetters.filter { !$0.hasPrefix("#") } == [lines[17], lines[99]])
    #expect(bench.deadLetters[0].contains("\(reason.rawValue) status=\(status) \(body)"))
    #expect(bench.sink.counts.deadLetters == [reason: 2])
    #expect(bench.sink.counts.pointsWritten == 98)
    let path = try #require(bench.deadLetterFiles.first)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func `a request of which every line is refused is not taken apart`() throws {
    let bench = try Bench { request, _ in
      .status(
        400, body: #"{"error":"partial write: points beyond retention policy dropped=\#(request.lines.count)"}"#)
    }
    bench.submit(Self.lines(0..<50), upTo: 1)
    #expect(bench.sink.stop(within: .seconds(20)) == 1)
    #expect(bench.database.writes.count == 1)
    #expect(bench.sink.counts.deadLetters == [.retention: 50])
  }

  @Test(arguments: [
    FakeAnswer.status(401), .status(403), .status(404, body: "no page"), .status(429, headers: ["Retry-After: 0"]),
    .status(502), .status(503), .status(504), .status(500, body: "oh"), .status(302), .status(200, body: "hello"),
    .status(400, body: #"{"error":"partial write: max-series-per-database limit exceeded: (1) dropped=1"}"#), .cut,
  ])
  func `nothing is lost or refused while the server is busy, forbids, is full or does not answer`(answer: FakeAnswer)
    throws
  {
    let bench = try Bench { _, number in number < 3 ? answer : .status(204) }
    bench.submit(Self.lines(0..<10), upTo: 4)
    #expect(bench.sink.stop(within: .seconds(20)) == 4)
    #expect(bench.database.writes.last?.lines == Self.lines(0..<10))
    #expect(bench.deadLetters.isEmpty)
    #expect(bench.sink.counts.retries == 3)
    #expect(bench.sink.counts.pointsWritten == 10)
    #expect(bench.states.all.count >= 2 && bench.states.all.last == .ok)
    #expect(bench.states.all.first != .ok)
  }

  @Test
  func `an answer that does not come is waited for as long as a request may take, and the batch is sent again`() throws
  {
    let bench = try Bench(change: { $0.totalTimeout = .milliseconds(100) }) { _, number in
      number == 0 ? .silence : .status(204)
    }
    bench.submit(Self.lines(0..<3), upTo: 1)
    #expect(bench.sink.stop(within: .seconds(20)) == 1)
    #expect(bench.database.writes.count >= 2)
  }

  @Test func `Retry-After is honoured`() throws {
    let bench = try Bench { _, number in
      number == 0 ? .status(503, headers: ["Retry-After: 1"]) : .status(204)
    }
    let start = ContinuousClock.now
    bench.submit(Self.lines(0..<3), upTo: 1)
    // Closing would shorten the wait.
    #expect(Waiting.until(seconds: 30) { !bench.offsets.all.isEmpty })
    #expect(ContinuousClock.now - start >= .milliseconds(950))
    bench.sink.stop(within: .seconds(1))
  }

  @Test func `a missing database is created once and then written to`() throws {
    let isCreated = Atomic(false)
    let bench = try Bench(version: .auto) { request, _ in
      if request.target == "/ping" { return .status(204, headers: ["X-Influxdb-Version: 1.6.7"]) }
      if request.target == "/query" {
        isCreated.store(true, ordering: .relaxed)
        return .status(200, body: "{}")
      }
      return isCreated.load(ordering: .relaxed)
        ? .status(204) : .status(404, body: #"{"error":"database not found: \"wattline\""}"#)
    }
    bench.submit(Self.lines(0..<3), upTo: 1)
    #expect(bench.sink.stop(within: .seconds(20)) == 1)
    #expect(bench.database.requests.map { $0.target.prefix(6) } == ["/ping", "/write", "/query", "/write"])
    #expect(bench.database.requests[2].body == "q=CREATE%20DATABASE%20%22wattline%22")
  }

  @Test func `a line on which the server fails, and on no other, ends in the dead-letter file`() throws {
    let script = Self.picky(500, body: "panic")
    let bench = try Bench(change: { $0.faultTries = 2 }, script: script)
    var lines = Self.lines(0..<16)
    lines[5] = "m,n=bad v=1 1"
    bench.submit(lines, upTo: 3)
    #expect(Waiting.until(seconds: 30) { !bench.offsets.all.isEmpty })
    #expect(bench.sink.stop(within: .seconds(1)) == 3)
    #expect(accepted(bench, script: script) == Set(lines.filter { !$0.contains("bad") }))
    #expect(bench.sink.counts.deadLetters == [.serverFault: 1])
  }

  @Test func `a lone line on which the server fails is judged by the next one, and by nothing else`() throws {
    let bench = try Bench(change: { $0.faultTries = 2 }, script: Self.picky(500, body: "panic"))
    bench.submit(["m,n=bad v=1 1"], upTo: 1)
    #expect(Waiting.until(seconds: 30) { bench.database.writes.count >= 8 })
    #expect(bench.sink.counts.deadLetters.isEmpty)
    bench.submit(["m,n=good v=1 1"], upTo: 2)
    #expect(Waiting.until(seconds: 30) { bench.offsets.all.count >= 2 })
    #expect(bench.sink.stop(within: .seconds(1)) == 2)
    #expect(bench.sink.counts.deadLetters == [.serverFault: 1])
    #expect(bench.sink.counts.pointsWritten == 1)
  }

  @Test func `a server that fails on everything costs no line`() throws {
    let bench = try Bench(change: { $0.faultTries = 2 }) { _, number in number < 60 ? .status(500) : .status(204) }
    bench.submit(Self.lines(0..<8), upTo: 3)
    #expect(Waiting.until(seconds: 30) { !bench.offsets.all.isEmpty })
    #expect(bench.sink.stop(within: .seconds(1)) == 3)
    #expect(bench.deadLetters.isEmpty)
    #expect(bench.database.writes.suffix(from: 60).flatMap(\.lines).count == 8)
  }

  @Test func `stopping ends in time though the server is away, and tells what was accepted`() throws {
    let bench = try Bench(change: { $0.totalTimeout = .seconds(30) }) { _, number in
      number == 0 ? .status(204) : .silence
    }
    bench.submit(Self.lines(0..<1), upTo: 1)
    #expect(Waiting.until(seconds: 30) { !bench.offsets.all.isEmpty })
    bench.submit(Self.lines(1..<2), upTo: 2)
    let start = ContinuousClock.now
    #expect(bench.sink.stop(within: .milliseconds(100)) == 1)
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(bench.offsets.all == [1])
  }

  @Test func `a full queue blocks the worker until there is room`() throws {
    let isOpen = Atomic(false)
    let bench = try Bench(change: { $0.queueBatches = 2 }) { _, _ in
      isOpen.load(ordering: .relaxed) ? .status(204) : .status(503)
    }
    let submitted = Atomic(0)
    let sink = bench.sink
    let worker = Thread {
      for index in 0..<20 {
        let line = Array("m v=1 \(index)\n".utf8)
        if sink.submit(WriteBatch(bytes: line, lines: 1, upTo: UInt64(index))) { submitted.add(1, ordering: .relaxed) }
      }
    }
    worker.start()
    #expect(Waiting.until(seconds: 30) { bench.database.writes.count >= 5 })
    // One batch is under way and at most two were merged or wait.
    #expect(submitted.load(ordering: .relaxed) <= 5)
    #expect(sink.counts.queueDepth <= 2)
    isOpen.store(true, ordering: .relaxed)
    #expect(Waiting.until(seconds: 30) { submitted.load(ordering: .relaxed) >= 20 })
    #expect(sink.stop(within: .seconds(10)) == 19)
    #expect(sink.counts.pointsWritten == 20)
  }

  @Test func `what cannot be put into the dead-letter file is kept and said`() throws {
    let bench = try Bench(script: Self.picky(400, body: "{}"))
    // A file stands where the folder would be made.
    #expect(FileManager.default.createFile(atPath: bench.folder, contents: nil))
    bench.submit(["m,n=bad v=1 1"], upTo: 1)
    #expect(Waiting.until(seconds: 30) { !bench.states.all.isEmpty })
    guard case .held(.deadLetter, _)? = bench.states.all.last else {
      Issue.record("\(bench.states.all)")
      return
    }
    #expect(bench.sink.stop(within: .milliseconds(50)) == nil)
    #expect(bench.sink.counts.deadLetters.isEmpty)
  }
}
