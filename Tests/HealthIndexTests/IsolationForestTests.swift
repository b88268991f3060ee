import PlantModel
import PlantPhysics
import StreamCore
import Testing

@testable import HealthIndex

@Suite("Isolation forest")
struct IsolationForestTests {
  /// Two columns that follow one another, and a share of rows that lie far off.
  private func rows(_ count: Int, odd share: Double = 0, seed: UInt64) -> [[Float]] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { row in
      let load = random.uniform(0, 10)
      let isOdd = Double(row) < share * Double(count)
      return isOdd ? [Float(25 + load), Float(-15 - load)] : [Float(load), Float(load + 0.2 * random.normal())]
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

  @Test("what is far from all rows is odd, what lies among them is not", arguments: [0, 0.04])
  func far(odd: Double) throws {
    let (forest, scores) = try #require(IsolationForest.fitted(to: rows(800, odd: odd, seed: 2), seed: 7))
    let limit = EmpiricalQuantile.ofSorted(scores, 0.95)
    #expect(rows(500, seed: 3).count { forest.score($0) > limit } < 75)
    #expect(forest.score([30, -20]) > limit)
    #expect(forest.score([5, 5]) < limit)
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
  private let series = (0..<4).map { SeriesIndex($0) }

  /// The track after some slots, four sensors near 10 and from some slot on near 18, and the score after each slot.
  private func run(until end: Int, broken: Int, suspecting: Bool = true) -> (track: PatternTrack, scores: [Double]) {
    var random = SeededGenerator(seed: 1)
    let means = series.map { _ in (0..<end).map { ($0 < broken ? 10 : 18) + 0.3 * random.normal() } }
    let known = { (one: SeriesIndex, slot: Int) -> Double in slot >= 0 ? means[one.position][slot] : .nan }
    var track = PatternTrack()
    let scores = (0..<end).map { slot in
      if slot >= broken && suspecting { track.suspect(slot) }
      track.judge(slot: slot, mean: known)
      if slot % 96 == 0 { track.learn(before: slot, from: series, mean: known) }
      return track.score
    }
    return (track, scores)
  }

  @Test("sensors that all leave what they were are seen within the hour, and count for 0.15 at the most")
  func broken() {
    let scores = run(until: 96 * 9, broken: 96 * 8).scores
    #expect(scores[..<(96 * 8)].count { $0 > 0 } < 16)
    #expect(scores[(96 * 8)..<(96 * 8 + 4)].contains { $0 > 0.02 })
    #expect(scores.allSatisfy { $0 <= PatternTrack.weight })
  }

  @Test(
    "quarters in which something else speaks against the asset are not learned, others are", arguments: [true, false])
  func learning(suspecting: Bool) throws {
    let forest = try #require(run(until: 96 * 11, broken: 96 * 8, suspecting: suspecting).track.forest)
    #expect(forest.rows.contains { $0 > 15 } != suspecting)
  }

  @Test("an asset with one sensor has no pattern")
  func single() {
    var track = PatternTrack()
    track.learn(before: 960, from: [SeriesIndex(0)]) { Double($1 % 7) }
    #expect(track.forest == nil)
  }
}
