import Foundation
import InfluxSink
import Journal
import LocalServers
import PlantModel
import PlantTesting
import Settings
import SinkCore
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

/// A keeper on a journal and a store of its own. The database is away: lines are accepted when the spool has them, or
/// never where there is no spool.
private final class KeeperBench {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wattline-test-\(UUID().uuidString)").path
  let journal: Journal
  let store: CheckpointStore
  let sink: InfluxSink
  let notes = Locked<[String]>([])
  let kept = Counter()
  let redeliveries: RedeliveryMemory
  private(set) var keeper: CheckpointKeeper

  init(workers: Int, hasSpool: Bool = true) throws {
    journal = try Journal(
      directory: folder + "/journal", maximumBytes: 1 << 20, segmentBytes: 1 << 12, compresses: false)
    store = try CheckpointStore(directory: folder + "/checkpoints")
    var database = DatabaseSettings()
    database.url = "http://127.0.0.1:1"
    sink = try InfluxSink(
      database, spool: hasSpool ? SpoolSettings(directory: folder + "/spool", maximumBytes: 1 << 20) : nil,
      deadLetters: folder + "/dead-letter", accepted: { _ in })
    redeliveries = try RedeliveryMemory(journal: journal, directory: folder + "/redelivery", position: 0)
    let (kept, notes) = (kept, notes)
    keeper = CheckpointKeeper(
      workers: workers, from: 0, store: store, journal: journal,
      redeliveries: redeliveries, sink: sink, interval: .zero,
      beforeKeeping: { kept.add(1) }, note: { line in notes.with { $0.append("\(line)") } })
  }

  deinit {
    sink.stop(within: .zero)
    try? journal.close()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Draft that a worker is asked for at a place; `nil` where it goes on or ends.
  func draft(for worker: Int, at position: UInt64) -> CheckpointDraft? {
    guard case .give(let draft) = keeper.order(for: worker, at: position) else { return nil }
    return draft
  }

  func give(_ draft: CheckpointDraft, by worker: Int) throws {
    try draft.append([UInt8(worker)])
    keeper.gave(draft, by: worker, nanoseconds: 1)
  }

  /// Advances until a checkpoint stands at `offset`.
  func isKept(at offset: UInt64) -> Bool {
    Waiting.until(seconds: 30) {
      keeper.advance()
      return store.open().parts?.offset == offset
    }
  }
}

@Suite("Checkpoints of several workers")
struct CheckpointKeeperTests {
  @Test func `the first worker at a place that no other has passed begins a checkpoint, and each gives its part there`()
    throws
  {
    let bench = try KeeperBench(workers: 2)
    bench.keeper.advance()
    let first = try #require(bench.draft(for: 0, at: 100))
    #expect(first.offset == 100)
    try bench.give(first, by: 0)
    #expect(bench.draft(for: 0, at: 150) == nil)
    #expect(bench.draft(for: 1, at: 60) == nil)
    bench.keeper.advance()
    #expect(bench.store.open().parts == nil)
    let second = try #require(bench.draft(for: 1, at: 100))
    #expect(second === first)
    try bench.give(second, by: 1)
    #expect(bench.isKept(at: 100))
    #expect(bench.store.load().checkpoint?.state == [0, 1] && bench.kept.value == 1 && bench.notes.value.isEmpty)
  }

  @Test func `where another worker has passed, or is on its way from, no checkpoint begins`() throws {
    let bench = try KeeperBench(workers: 2)
    #expect(bench.draft(for: 1, at: 100) == nil)
    bench.keeper.advance()
    #expect(bench.draft(for: 0, at: 90) == nil)
    #expect(bench.draft(for: 0, at: 100) == nil)
    bench.keeper.rests(0)
    bench.keeper.rests(1)
    #expect(bench.draft(for: 0, at: 100)?.offset == 100)
  }

  @Test func `a checkpoint waits for the database or the spool to have what came before it`() throws {
    let bench = try KeeperBench(workers: 1, hasSpool: false)
    bench.sink.submit(WriteBatch(bytes: Array("m v=1 1\n".utf8), lines: 1, upTo: 100))
    bench.keeper.advance()
    try bench.give(try #require(bench.draft(for: 0, at: 100)), by: 0)
    for _ in 0..<20 {
      bench.keeper.advance()
      usleep(5_000)
    }
    #expect(bench.store.open().parts == nil && bench.kept.value == 0)
  }

  @Test func `the journal is trimmed below the older of two checkpoints, not below the newer one`() throws {
    let bench = try KeeperBench(workers: 1)
    var ends: [UInt64] = []
    for second in 0..<1_000 {
      let body = [UInt8](repeating: 1, count: 1_000)
      ends.append(try bench.journal.append(kind: .messages, received: Timestamp(seconds: Int64(second)), body: body))
    }
    #expect(bench.journal.startOffset < ends[0])
    for offset in [ends[900], ends[999]] {
      bench.keeper.advance()
      try bench.give(try #require(bench.draft(for: 0, at: offset)), by: 0)
      #expect(bench.isKept(at: offset))
    }
    let least = bench.redeliveries.start(before: ends[999])
    #expect(bench.journal.startOffset > ends[0] && bench.journal.startOffset <= min(least, ends[900]))
  }

  @Test func `a part that cannot be written gives its checkpoint up, and the next one is whole`() throws {
    let bench = try KeeperBench(workers: 2)
    bench.keeper.advance()
    let broken = try #require(bench.draft(for: 0, at: 100))
    bench.keeper.failed(broken, error: .system(SystemError("writing", code: 5)))
    #expect(bench.notes.value.count == 1)
    try bench.give(broken, by: 1)
    bench.keeper.advance()
    let whole = try #require(bench.draft(for: 0, at: 200))
    try bench.give(whole, by: 0)
    try bench.give(try #require(bench.draft(for: 1, at: 200)), by: 1)
    #expect(bench.isKept(at: 200))
  }

  @Test func `what is complete is what every worker has handed over`() throws {
    let bench = try KeeperBench(workers: 3)
    bench.keeper.handedOver(by: 0, at: 500)
    bench.keeper.handedOver(by: 1, at: 300)
    #expect(bench.keeper.completed(by: 2, at: 400) == 300)
    #expect(bench.keeper.completed(by: 2, at: 200) == 200)
    #expect(bench.keeper.completed(by: 1, at: 900) == 0)
  }

  @Test func `at the end every worker gives its part at one offset, and none goes on`() throws {
    let bench = try KeeperBench(workers: 2)
    let keeper = bench.keeper
    let threads = try [UInt64(7), 9].enumerated().map { worker, last in
      try BlockingThread(name: "worker") {
        var position: UInt64 = 0
        while true {
          switch keeper.order(for: worker, at: position) {
          case .goOn: if position < 9 { position += 1 } else { keeper.rests(worker) }
          case .give(let draft):
            try? draft.append([UInt8(worker)])
            keeper.gave(draft, by: worker, nanoseconds: 1)
          case .end: return keeper.ended()
          }
          if position == last { usleep(100) }
        }
      }
    }
    keeper.end(within: .seconds(60))
    for thread in threads { thread.join() }
    let found = Waiting.until(seconds: 30) {
      keeper.advance()
      return bench.store.open().parts?.count == 2
    }
    #expect(found && bench.kept.value == 1)
  }

  @Test func `a worker that is held up at the end costs the wait and the checkpoint, no more`() throws {
    let bench = try KeeperBench(workers: 2)
    bench.keeper.end(within: .milliseconds(20))
    #expect(bench.draft(for: 0, at: 10) == nil)
    guard case .end = bench.keeper.order(for: 0, at: 10) else {
      Issue.record("it does not end")
      return
    }
    bench.keeper.advance()
    #expect(bench.store.open().parts == nil)
  }
}
