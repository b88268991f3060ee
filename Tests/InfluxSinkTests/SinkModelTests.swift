import Foundation
import PlantModel
import PlantTesting
import Synchronization
import Testing

@testable import InfluxSink
@testable import SinkCore

@Suite("The sink against a plain model", .timeLimit(.minutes(10)))
struct SinkModelTests {
  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `whatever the database and the process do, accounts balance, and the newest version of every point stays`(
    seed: UInt64
  ) throws {
    var random = SplitMix(state: seed)
    let store = FakeStore()
    let bench = try SinkBench(
      spool: 1 << 20,
      change: {
        $0.requestLines = 20
        $0.longSpool = 60
        $0.faultTries = 3
      }
    ) { request, number in
      var dice = SplitMix(state: seed &* 1_000_003 &+ UInt64(number))
      if request.body.contains("bad") { return .status(400, body: #"{"error":"field type conflict"}"#) }
      let answer = store.answer(request)
      // An answer that is lost after the points were taken; a fault now and then.
      return dice.index(below: 10) == 0 ? .cut : dice.index(below: 20) == 0 ? .status(500) : answer
    }
    var newest: [Int: Int] = [:]
    var (submitted, bad, offset) = (0, 0, UInt64(0))
    for _ in 0..<80 {
      switch random.index(below: 10) {
      case 0: store.go()
      case 1, 2: store.come()
      case 3: usleep(UInt32(random.index(below: 5000)))
      case 4 where random.index(below: 3) == 0: try bench.restart()
      default:
        var lines: [String] = []
        for _ in 0...random.index(below: 30) {
          let key = random.index(below: 40)
          submitted += 1
          newest[key] = submitted
          lines.append("raw,n=\(key) v=\(submitted) 1")
        }
        if random.index(below: 8) == 0 {
          lines.insert("bad,n=\(offset) v=1 1", at: random.index(below: lines.count))
          bad += 1
        }
        offset += 1
        bench.submit(lines, upTo: offset)
      }
      let now = bench.sink.counts.accounts
      #expect(now.submitted == now.accounted)
    }
    store.come()
    #expect(bench.wait { bench.sink.counts.accounts.spooled.points + bench.sink.counts.accounts.queued.points == 0 })
    let accounts = bench.sink.counts.accounts
    #expect(accounts.submitted == PointTally(points: UInt64(submitted + bad), readings: UInt64(submitted)))
    #expect(accounts.written == PointTally(points: UInt64(submitted), readings: UInt64(submitted)))
    #expect((accounts.deadLetters[.typeConflict]?.points ?? 0) == UInt64(bad) && accounts.dropped.isEmpty)
    // A point refused just before a restart is sent and refused again: in the file twice, in the accounts once.
    #expect(Set(bench.deadLetters.filter { $0.hasPrefix("bad") }).count == bad)
    for (key, version) in newest { #expect(store.fields("raw,n=\(key) 1") == "v=\(version)") }
    #expect(bench.sink.acceptedUpTo == offset || bench.offsets.all.last == offset)
  }
}
