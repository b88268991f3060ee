import PlantModel
import PlantPhysics
import StreamCore
import Testing

@testable import HealthIndex

@Suite("Isolation forest")
struct IsolationForestTests {
  /// Two columns that follow one another, and the share of rows in which they do not.
  private func rows(_ count: Int, odd share: Double = 0, seed: UInt64) -> [[Float]] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { row in
      let load = random.uniform(0, 10)
      let isOdd = Double(row) < share * Double(count)
      return [Float(load), Float((isOdd ? 10 - load : load) + 0.2 * random.normal())]
    }
  }

  @Test("depths and scores have their worked values")
  func worked() throws {
    #expect(abs(IsolationForest.averageDepth(of: 64) - 7.4878) < 1e-4)
    #expect(IsolationForest.averageDepth(of: 2) == 1 && IsolationForest.averageDepth(of: 1) == 0)
    // Alone in one column: each split that can be made parts it from the 63 equal ones.
    let forest = try #require(IsolationForest(rows: [1] + [Float](repeating: 0, count: 63), width: 1, seed: 1))
    #expect(abs(forest.score([1]) - 0.9116) < 1e-4)
    #expect(forest.score([1, 2]).isNaN)
  }

  @Test("what fits together is ordinary and what does not is odd, though each column is within its range")
  func relation() throws {
    let (forest, scores) = try #require(IsolationForest.fitted(to: rows(800, seed: 2), seed: 7))
    let limit = EmpiricalQuantile.ofSorted(scores, 0.99)
    #expect(rows(500, seed: 3).count { forest.score($0) > limit } < 50)
    #expect(forest.score([1, 9]) > limit && forest.score([9, 1]) > limit)
  }

  @Test("one row in twenty-five that is odd while it is fitted does not hide that it is")
  func contamination() throws {
    let (forest, scores) = try #require(IsolationForest.fitted(to: rows(800, odd: 0.04, seed: 4), seed: 7))
    let limit = EmpiricalQuantile.ofSorted(scores, 0.99)
    #expect(forest.score([1, 9]) > limit && forest.score([9, 1]) > limit)
  }

  @Test("the same rows and seed give the same forest, and what is no table gives none")
  func shapes() throws {
    let table = rows(300, seed: 5)
    let (a, b) = (
      IsolationForest.fitted(to: table, seed: 1)?.scores, IsolationForest.fitted(to: table, seed: 1)?.scores
    )
    #expect(a == b && a?.isEmpty == false && a != IsolationForest.fitted(to: table, seed: 2)?.scores)
    #expect(IsolationForest.fitted(to: rows(63, seed: 5), seed: 1) == nil)
    #expect(IsolationForest.fitted(to: table + [[1]], seed: 1) == nil)
    #expect(IsolationForest(rows: [Float](repeating: .nan, count: 64), width: 1, seed: 1) == nil)
    #expect(IsolationForest(rows: [], width: 0, seed: 1) == nil)
  }
}

@Suite("Patterns of an asset")
struct PatternTrackTests {
  private let series = [SeriesIndex(0), SeriesIndex(1)]

  /// Two sensors by the slot, from some slot on no longer following one another.
  private func mean(_ series: SeriesIndex, _ slot: Int, broken: Int) -> Double {
    guard slot >= 0 else { return .nan }
    var random = SeededGenerator(seed: UInt64(slot), name: "slot")
    let load = random.uniform(0, 10)
    let noise = 0.2 * random.normal()
    return series.position == 0 ? load : (slot < broken ? load : 10 - load) + noise
  }

  /// The score after each slot.
  private func scores(until end: Int, broken: Int, suspecting: Bool = true) -> [Double] {
    let means = series.map { one in (0..<end).map { mean(one, $0, broken: broken) } }
    let known = { (one: SeriesIndex, slot: Int) -> Double in slot >= 0 ? means[one.position][slot] : .nan }
    var track = PatternTrack()
    return (0..<end).map { slot in
      if slot >= broken && suspecting { track.suspect(slot) }
      track.judge(slot: slot, mean: known)
      if slot % 96 == 0 { track.learn(before: slot, from: series, mean: known) }
      return track.score
    }
  }

  @Test("sensors that no longer fit together are seen, and never count for more than 0.3")
  func broken() {
    let scores = scores(until: 96 * 9, broken: 96 * 8)
    #expect(scores[..<(96 * 8)].count { $0 > 0 } < 8)
    #expect(scores.contains { $0 > 0.1 } && scores.allSatisfy { $0 <= PatternTrack.weight })
  }

  @Test("quarters in which something else speaks against the asset are not learned, others are")
  func learning() {
    func seen(suspecting: Bool) -> Int {
      scores(until: 96 * 15, broken: 96 * 8, suspecting: suspecting)[(96 * 13)...].count { $0 > 0.05 }
    }
    let (kept, learned) = (seen(suspecting: true), seen(suspecting: false))
    #expect(kept > 10 && learned < kept / 2)
  }
}
