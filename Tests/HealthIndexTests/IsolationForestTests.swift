import PlantModel
import PlantPhysics
import StreamCore
import Testing

@testable import HealthIndex

extension IsolationForest {
  /// A forest of what is ordinary among rows, and the scores of those, ascending; `nil` with too few rows.
  fileprivate static func fitted(to rows: [[Float]], seed: UInt64) -> (forest: IsolationForest, scores: [Double])? {
    func forest(of rows: [[Float]]) -> IsolationForest? {
      guard let width = rows.first?.count, rows.allSatisfy({ $0.count == width }) else { return nil }
      return IsolationForest(rows: rows.flatMap(\.self), width: width, seed: seed)
    }
    var random = SeededGenerator(seed: seed)
    let shuffled = Array(rows.shuffled(using: &random).prefix(270))
    guard let all = forest(of: shuffled) else { return nil }
    let ordinary = IsolationForest.ordinary(shuffled, by: all).map { shuffled[$0] }
    return forest(of: ordinary).map { ($0, ordinary.map($0.score).sorted()) }
  }
}

@Suite("Isolation forest")
struct IsolationForestTests {
  /// Two columns that follow one another, and a share of rows that lie far off.
  private func rows(_ count: Int, odd share: Double = 0, seed: UInt64) -> [[Float]] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { row in
      let load = random.uniform(0, high: 10)
      let isOdd = Double(row) < share * Double(count)
      return isOdd ? [Float(25 + load), Float(-15 - load)] : [Float(load), Float(load + 0.2 * random.normal())]
    }
  }

  @Test func `depths and scores have their worked values`() throws {
    #expect(abs(IsolationForest.averageDepth(of: 64) - 7.4878) < 1e-4)
    #expect(IsolationForest.averageDepth(of: 2) == 1 && IsolationForest.averageDepth(of: 1) == 0)
    // Alone in one column: each split that can be made parts it from the 63 equal ones.
    let forest = try #require(IsolationForest(rows: [1] + [Float](repeating: 0, count: 63), width: 1, seed: 1))
    #expect(abs(forest.score([1]) - 0.9116) < 1e-4)
    #expect(forest.score([1, 2]).isNaN)
  }

  @Test(arguments: [0, 0.04])
  func `what is far from all rows is odd, what lies among them is not`(odd: Double) throws {
    let (forest, scores) = try #require(IsolationForest.fitted(to: rows(800, odd: odd, seed: 2), seed: 7))
    let limit = EmpiricalQuantile.ofSorted(scores, probability: 0.95)
    #expect(rows(500, seed: 3).count { forest.score($0) > limit } < 75)
    #expect(forest.score([30, -20]) > limit)
    #expect(forest.score([5, 5]) < limit)
  }

  @Test func `the same rows and seed give the same forest, and what is no table gives none`() throws {
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

@Suite("Patterns of assets")
struct PatternBookTests {
  /// A plant of three pumps with four sensors each and one with a single sensor.
  private let register: PlantRegister = {
    var register = PlantRegister(
      plant: Plant(name: "p", location: Location(latitude: 48, longitude: 11, timezone: "UTC")))
    for asset in ["a", "b", "c"] {
      for sensor in ["flow", "head", "power", "speed"] { _ = register.admit(asset: asset, sensor: sensor) }
    }
    _ = register.admit(asset: "single", sensor: "flow")
    return register
  }()

  /// The book after some slots, sensors near code 10 and those of the first pump from some slot on near 40, and the
  /// first pump's score after each slot.
  private func run(until end: Int, broken: Int, suspecting: Bool = true) -> (book: AnomalyDetectors, scores: [Double]) {
    var random = SeededGenerator(seed: 1)
    var book = AnomalyDetectors()
    let scores = (0..<end).map { slot -> Double in
      let codes = register.series.map { series in
        Int8((series.asset.position == 0 && slot >= broken ? 40 : 10) + 2 * random.normal())
      }
      book.begin(register)
      for asset in register.assets.indices.map(AssetIndex.init) {
        book.judge(asset, slot: slot, isSuspect: slot >= broken && suspecting, in: register) { codes[$0.position] }
        if slot % 96 == asset.position {
          book.learn(asset, slot: slot, from: register.seriesOfAsset[asset.position], in: register)
        }
      }
      book.end()
      return book.score(of: AssetIndex(0))
    }
    return (book, scores)
  }

  @Test func `sensors that all leave what they were are seen within the hour, and count for 0.15 at the most`() {
    let scores = run(until: 96 * 9, broken: 96 * 8).scores
    #expect(scores[..<(96 * 8)].count { $0 > 0 } < 16)
    #expect(scores[(96 * 8)..<(96 * 8 + 4)].contains { $0 > 0.02 })
    #expect(scores.allSatisfy { $0 <= PatternClass.weight })
  }

  @Test(arguments: [true, false])
  func `quarters in which something else speaks against the asset are not learned, others are`(suspecting: Bool) throws
  {
    let book = run(until: 96 * 11, broken: 96 * 8, suspecting: suspecting).book
    let forest = try #require(book.classes.first?.forest)
    // Behind the time of day.
    let values = forest.rows.enumerated().filter { $0.offset % forest.width >= 2 }.map(\.element)
    #expect(values.contains { $0 > 25 } != suspecting)
  }

  @Test func `assets of one kind with the same sensors share a pattern; an asset with one sensor has none`() throws {
    let book = run(until: 96 * 4, broken: .max).book
    #expect(book.classes.count == 1)
    let only = try #require(book.classes.first)
    #expect(only.columns == register.seriesOfAsset[0] && only.count == PatternClass.mostRows && only.forest != nil)
    #expect(book.score(of: AssetIndex(3)) == 0)
  }

  @Test func `an asset with other sensors than before has another pattern, and one that none has any more goes`() {
    var book = AnomalyDetectors()
    book.begin(register)
    for count in [4, 3, 2] {
      book.learn(AssetIndex(0), slot: 0, from: Array(register.seriesOfAsset[0].prefix(count)), in: register)
    }
    #expect(book.classes.map(\.columns.count) == [2, 3] || book.classes.map(\.columns.count) == [4, 2])
  }

  @Test func `rows of a sample are of the last weeks, each of them about as often`() {
    var one = PatternClass(columns: [SeriesIndex(0)])
    for slot in 0..<(96 * 60) { one.observe([Int8(slot / 96), 0, 0], slot: slot, asset: AssetIndex(0), members: 1) }
    one.learn(at: 96 * 60)
    let days = one.forest.map { forest in stride(from: 0, to: forest.rows.count, by: 3).map { forest.rows[$0] } } ?? []
    #expect(days.count { $0 >= 46 } > days.count / 3)
    #expect(days.count { $0 < 4 } < days.count / 8)
  }
}
