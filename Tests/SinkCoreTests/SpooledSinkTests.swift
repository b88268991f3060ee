import LocalServers
import PlantModel
import PlantTesting
import SinkCore
import Testing
import WattlineTime

/// The sink in front of an endpoint that knows no database: what each answer does with the lines.
@Suite("A sink with any endpoint", .timeLimit(.minutes(5)))
struct SpooledSinkTests {
  private static let lines = ["raw,n=0 v=1 0", "m,n=1 v=1 1", "m,n=bad v=1 2", "m,n=3 v=1 3"]

  private static func isBad(_ lines: [String]) -> Bool { lines.contains { $0.contains("bad") } }

  @Test func `accepted lines are written, in the order of submission, and counted`() throws {
    let bench = try ScriptedSink { _, _ in SinkAnswer(.accepted, status: 204) }
    for offset in 1...3 { #expect(bench.submit(["raw,n=\(offset) v=1 1"], upTo: UInt64(offset))) }
    #expect(bench.sink.stop(within: .seconds(10)) == 3 && bench.sink.acceptedUpTo == 3)
    #expect(bench.destination.posted.flatMap { $0 } == (1...3).map { "raw,n=\($0) v=1 1" })
    #expect(bench.sink.counts.accounts.written == PointTally(points: 3, readings: 3))
    #expect(!bench.submit(["m v=1 1"], upTo: 4))
  }

  @Test
  func `a refusal isolates the bad line, whether its number is known, its name, or only that it is too large`() throws {
    let answers: [(SinkAction, WriteRefusalReason)] = [
      (.refused(.malformed, count: nil), .malformed), (.refused(.retention, count: 1), .retention),
      (.tooLarge, .tooLarge),
      (.refusedLines([RefusedLine(position: 2, reason: .typeConflict, message: "no")]), .typeConflict),
    ]
    for (action, reason) in answers {
      let bench = try ScriptedSink { lines, _ in
        SinkAnswer(Self.isBad(lines) ? action : .accepted, status: 400, message: "bad line")
      }
      #expect(bench.submit(Self.lines, upTo: 9))
      #expect(bench.sink.stop(within: .seconds(10)) == 9)
      let accounts = bench.sink.counts.accounts
      #expect(accounts.written == PointTally(points: 3, readings: 1), "\(action)")
      #expect(accounts.deadLetters == [reason: PointTally(points: 1, readings: 0)], "\(action)")
      #expect(bench.deadPoints == 1)
    }
  }

  @Test func `a line that the endpoint names and did not post is left out of account`() throws {
    let bench = try ScriptedSink { _, _ in
      SinkAnswer(.refusedLines([RefusedLine(position: 7, reason: .rejected, message: "")]), status: 400)
    }
    #expect(bench.submit(Self.lines, upTo: 1))
    #expect(bench.sink.stop(within: .seconds(10)) == 1)
    #expect(bench.sink.counts.accounts.written.points == 4 && bench.deadPoints == 0)
  }

  @Test func `lines wait on disk while the destination asks to come back later, and are accepted there`() throws {
    let bench = try ScriptedSink { _, number in
      SinkAnswer(number < 3 ? .retry(after: .milliseconds(5)) : .accepted, status: 503, message: "busy")
    }
    #expect(bench.submit(Self.lines, upTo: 5))
    #expect(Waiting.until { bench.sink.acceptedUpTo == 5 })
    #expect(Waiting.until { bench.sink.counts.accounts.written.points == 4 })
    let counts = bench.sink.counts
    #expect(counts.retries == 3 && counts.requests == 4 && counts.accounts.spooled == PointTally())
    #expect(counts.state == .ok)
  }

  @Test func `a destination that must be mended holds everything, with its message, and nothing becomes a dead letter`()
    throws
  {
    let bench = try ScriptedSink { _, _ in SinkAnswer(.hold(.limit), status: 422, message: "too many\nseries") }
    #expect(bench.submit(Self.lines, upTo: 5))
    #expect(Waiting.until { bench.sink.counts.state == .held(.limit, "422 too many series") })
    #expect(Waiting.until { bench.sink.acceptedUpTo == 5 })
    bench.sink.stop(within: .zero)
    #expect(bench.sink.counts.accounts.spooled.points == 4 && bench.deadPoints == 0)
  }

  @Test func `an obstacle that the endpoint has removed costs no wait and no retry`() throws {
    let bench = try ScriptedSink(spool: false) { _, number in SinkAnswer(number == 0 ? .again : .accepted) }
    #expect(bench.submit(Self.lines, upTo: 2))
    #expect(bench.sink.stop(within: .seconds(10)) == 2)
    #expect(bench.destination.posted == [Self.lines, Self.lines])
    #expect(bench.sink.counts.retries == 0 && bench.sink.counts.requests == 2)
  }

  @Test func `an endpoint that cannot be created leaves the sink away, and batches are refused, not lost`() throws {
    let folder = try TemporaryFolder(prefix: "sink-core")
    defer { folder.remove() }
    let sink = try SpooledSink(
      through: { _ throws(SinkError) in throw .cannotStart("the library") }, deadLetters: folder.path,
      accepted: { _ in })
    #expect(Waiting.until { sink.counts.state == .away("the library cannot start") })
    #expect(sink.stop(within: .seconds(1)) == nil)
    #expect(!sink.submit(WriteBatch(bytes: Array("m v=1 1\n".utf8), lines: 1, upTo: 1)))
  }

  @Test func `dead letters go back through any endpoint`() throws {
    let bench = try ScriptedSink { _, _ in SinkAnswer(.refused(.rejected, count: nil), status: 400) }
    #expect(bench.submit(["m v=1 1"], upTo: 1))
    #expect(bench.sink.stop(within: .seconds(10)) == 1)
    let mended = ScriptedDestination { _, _ in SinkAnswer(.accepted, status: 204) }
    let letters = DeadLetters(directory: bench.folder.path + "/dead-letter")
    let outcome = try letters.retry(through: mended.connector)
    #expect(outcome.accepted == 1 && mended.posted == [["m v=1 1"]] && letters.list().isEmpty)
  }
}
