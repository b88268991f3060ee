import Foundation
import Journal
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Synchronization
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

@Suite("The sink while the database is away", .timeLimit(.minutes(10)))
struct SinkSpoolTests {
  @Test
  func `points go to disk while the database is away, count as accepted there, and are in it when it is back`() throws {
    let store = FakeStore(isUp: false)
    let bench = try SinkBench(spool: 8 << 20, script: store.script)
    for index in 0..<50 { bench.submit(SinkBench.lines(index * 100..<index * 100 + 100), upTo: UInt64(index)) }
    #expect(bench.wait { bench.sink.acceptedUpTo == 49 })
    #expect(store.count == 0)
    let away = bench.sink.counts
    #expect(away.accounts.spooled.points == 5000 && away.accounts.queued.points == 0)
    #expect(away.accounts.submitted == away.accounts.accounted)
    #expect(away.spoolBytes > 0 && away.spoolBytes < 100_000)
    store.come()
    #expect(bench.wait { bench.sink.counts.pointsWritten == 5000 })
    #expect(store.count == 5000)
    #expect(bench.offsets.all == Array(0..<50))
    let back = bench.sink.counts
    #expect(back.accounts.spooled.points == 0 && back.accounts.submitted == back.accounts.accounted)
    #expect(bench.states.all.first != .ok && bench.states.all.last == .ok)
  }

  @Test
  func `what is in the spool survives a restart and is delivered first in, first out, with the accounts`() throws {
    let store = FakeStore(isUp: false)
    let bench = try SinkBench(spool: 8 << 20, script: store.script)
    for index in 0..<10 { bench.submit(["raw,plant=p v=\(index) 7"] + SinkBench.lines(0..<3), upTo: UInt64(index)) }
    #expect(bench.wait { bench.sink.acceptedUpTo == 9 })
    try bench.restart()
    let kept = bench.sink.counts.accounts
    #expect(kept.spooled == PointTally(points: 40, readings: 10) && kept.submitted == kept.accounted)
    bench.submit(["raw,plant=p v=10 7"], upTo: 10)
    #expect(bench.wait { bench.sink.acceptedUpTo == 10 })
    try bench.restart()
    store.come()
    #expect(bench.wait { bench.sink.counts.accounts.written == PointTally(points: 41, readings: 11) })
    #expect(store.fields("raw,plant=p 7") == "v=10")
    try bench.restart()
    #expect(bench.sink.counts.accounts.written.points == 41)
    #expect(bench.sink.counts.accounts.submitted == bench.sink.counts.accounts.accounted)
    let drained = bench.database.writes.suffix(from: bench.database.writes.count - 1).flatMap(\.lines)
    #expect(drained.filter { $0.hasPrefix("raw") } == (0...10).map { "raw,plant=p v=\($0) 7" })
  }

  @Test
  func `while a long spool drains, fresh points are seen at once, and the newest version of a point wins`() throws {
    let store = FakeStore(isUp: false)
    let seenAt = Log<Int>()
    let bench = try SinkBench(
      spool: 8 << 20,
      change: {
        $0.requestLines = 100
        $0.longSpool = 200
      }
    ) { request, number in
      if request.body.contains("fresh") { seenAt.append(number) }
      if request.lines.count > 1 { usleep(3000) }
      return store.answer(request)
    }
    for index in 0..<60 {
      bench.submit(SinkBench.lines(index * 100..<index * 100 + 100) + ["state v=\(index) 1"], upTo: UInt64(index))
    }
    #expect(bench.wait { bench.sink.acceptedUpTo == 59 })
    let before = bench.database.writes.count
    store.come()
    #expect(bench.wait { bench.sink.counts.pointsWritten > 300 })
    bench.submit(["fresh v=1 1", "state v=60 1"], upTo: 60)
    #expect(bench.wait { bench.sink.counts.pointsWritten == 60 * 101 + 2 })
    let first = try #require(seenAt.all.first)
    #expect(first < before + 30, "\(first - before) of \(bench.database.writes.count - before)")
    #expect(seenAt.all.count == 2)
    #expect(bench.sink.counts.pointsAhead == 2)
    #expect(store.fields("state 1") == "v=60")
    #expect(bench.sink.counts.accounts.submitted == bench.sink.counts.accounts.accounted)
  }

  @Test func `a full spool pauses: nothing is dropped, the worker waits, and all arrives in the end`() throws {
    let store = FakeStore(isUp: false)
    let bench = try SinkBench(spool: 20_000, change: { $0.queueBatches = 4 }, script: store.script)
    let submitted = Atomic(0)
    let sink = bench.sink
    let worker = Thread {
      for index in 0..<300 {
        let text = (0..<40).map { "m,n=\(index)-\($0) v=\(Double(index * $0).squareRoot()) \(index)\n" }.joined()
        guard sink.submit(WriteBatch(bytes: Array(text.utf8), lines: 40, upTo: UInt64(index))) else { return }
        submitted.add(1, ordering: .relaxed)
      }
    }
    worker.start()
    #expect(bench.wait { sink.counts.isSpoolFull })
    #expect(bench.wait { sink.counts.queueDepth == 4 })
    #expect(submitted.load(ordering: .relaxed) < 300)
    // A segment's header may come on top.
    #expect(sink.counts.spoolBytes <= 20_100)
    store.come()
    #expect(bench.wait { sink.counts.pointsWritten == 12_000 })
    #expect(store.count == 12_000)
    let accounts = sink.counts.accounts
    #expect(accounts.dropped.isEmpty && accounts.submitted == accounts.accounted)
    #expect(!sink.counts.isSpoolFull)
  }

  @Test func `a full spool that may drop gives up the oldest points, counted, and never blocks the worker`() throws {
    let store = FakeStore(isUp: false)
    let bench = try SinkBench(
      spool: 20_000, whenFull: .dropOldest, change: { $0.requestLines = 200 }, script: store.script)
    for index in 0..<300 {
      bench.submit((0..<40).map { "raw,n=\(index)-\($0) v=\(Double(index * $0).squareRoot()) \(index)" }, upTo: 1)
    }
    bench.submit(["last v=1 1"], upTo: 2)
    #expect(bench.wait { bench.sink.acceptedUpTo == 2 })
    let away = bench.sink.counts.accounts
    let dropped = try #require(away.dropped[.spoolFull])
    #expect(dropped.points > 1000 && dropped.points == dropped.readings)
    #expect(away.submitted == away.accounted && bench.sink.counts.spoolBytes <= 20_100)
    store.come()
    #expect(bench.wait { bench.sink.counts.accounts.spooled.points == 0 })
    let accounts = bench.sink.counts.accounts
    #expect(accounts.submitted == accounts.accounted)
    #expect(store.count == Int(accounts.written.points) && accounts.written.points == 12_001 - dropped.points)
    #expect(store.fields("last 1") == "v=1" && store.fields("raw,n=0-1 0") == nil)
    #expect(bench.notes.all.contains { $0.contains("oldest") })
  }

  @Test func `damage in the spool costs the points of that place, which are counted and told, and no others`() throws {
    let store = FakeStore(isUp: false)
    let bench = try SinkBench(spool: 8 << 20, script: store.script)
    for index in 0..<3 {
      bench.submit(SinkBench.lines(index * 10..<index * 10 + 10), upTo: UInt64(index))
      #expect(bench.wait { bench.sink.acceptedUpTo == UInt64(index) })
    }
    bench.sink.stop(within: .seconds(5))
    let names = try FileManager.default.contentsOfDirectory(atPath: bench.folder + "/spool")
    let name = try #require(names.filter { $0.hasSuffix(".journal") }.sorted().first)
    let url = URL(fileURLWithPath: bench.folder + "/spool/" + name)
    var data = try Data(contentsOf: url)
    // The body of the first record.
    data[32 + 24 + 40] ^= 0xFF
    try data.write(to: url)
    try bench.restart()
    store.come()
    #expect(bench.wait { bench.sink.counts.accounts.spooled.points == 0 })
    let counts = bench.sink.counts
    #expect(counts.accounts.dropped[.spoolDamaged]?.points == 10 && counts.spoolDamage.places == 1)
    #expect(counts.accounts.submitted == counts.accounts.accounted)
    #expect(store.count == 20 && store.fields("m,n=0 0") == nil && store.fields("m,n=29 29") == "v=1")
    #expect(bench.notes.all.contains { $0.contains("10 points cannot be read back") })
  }

  @Test
  func `a point that the database refuses while the spool drains is a dead letter, and all others arrive`() throws {
    let store = FakeStore(isUp: false)
    let bench = try SinkBench(spool: 8 << 20) { request, _ in
      guard store.isUp.load(ordering: .relaxed) else { return .cut }
      if request.body.contains("bad") { return .status(400, body: #"{"error":"field type conflict"}"#) }
      return store.answer(request)
    }
    bench.submit(SinkBench.lines(0..<100) + ["raw,n=bad v=1 1"], upTo: 1)
    bench.submit(SinkBench.lines(100..<200), upTo: 2)
    #expect(bench.wait { bench.sink.acceptedUpTo == 2 })
    store.come()
    #expect(bench.wait { bench.sink.counts.accounts.spooled.points == 0 })
    let accounts = bench.sink.counts.accounts
    #expect(accounts.deadLetters == [.typeConflict: PointTally(points: 1, readings: 1)])
    #expect(store.count == 200 && accounts.submitted == accounts.accounted)
    try bench.restart()
    #expect(bench.sink.counts.accounts.deadLetters == accounts.deadLetters)
  }

  @Test func `accounts that a batch wants kept are those of a sink that is killed after it was accepted`() throws {
    let store = FakeStore()
    let bench = try SinkBench(spool: 8 << 20, script: store.script)
    bench.submit(SinkBench.lines(0..<10), upTo: 1, keepsAccounts: true)
    #expect(bench.wait { bench.sink.acceptedUpTo == 1 })
    let copy = try bench.spoolOfOneMoment()
    let spool = try Spool(SpoolSettings(directory: copy, maximumBytes: 8 << 20))
    #expect(spool.accountsAtStart.written.points == 10 && spool.accountsAtStart.submitted.points == 10)
  }

  @Test(arguments: 0..<6)
  func `a sink that is killed at any moment loses nothing that it accepted`(seed: Int) throws {
    let store = FakeStore(isUp: seed % 2 == 0)
    let bench = try SinkBench(spool: 1 << 20, change: { $0.requestLines = 50 }) { request, number in
      (number + seed) % 3 == 0 ? .cut : store.answer(request)
    }
    for index in 0..<40 { bench.submit(SinkBench.lines(index * 20..<index * 20 + 20), upTo: UInt64(index)) }
    #expect(bench.wait { (bench.sink.acceptedUpTo ?? 0) >= UInt64(10 + 5 * seed) })
    // The order of these two is that of a checkpoint and what it relies on.
    let accepted = try #require(bench.sink.acceptedUpTo)
    let copy = try bench.spoolOfOneMoment()
    bench.sink.stop(within: .zero)
    let after = FakeStore()
    for request in bench.database.writes { _ = after.answer(request) }
    let second = try FakeDatabase(after.script)
    defer { second.stop() }
    let sink = try InfluxSink(
      SinkBench.settings(of: second), spool: SpoolSettings(directory: copy, maximumBytes: 1 << 20),
      deadLetters: copy + "-dead"
    ) { _ in }
    Waiting.until(seconds: 10) { sink.counts.accounts.spooled.points == 0 }
    sink.stop(within: .seconds(5))
    for index in 0..<Int(accepted + 1) * 20 { #expect(after.fields("m,n=\(index) \(index)") == "v=1") }
  }
}
