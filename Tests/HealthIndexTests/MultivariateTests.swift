import PlantPhysics
import Testing

@testable import HealthIndex

/// Two sensors that follow one load, and one of its own, with a little noise.
private func machine(_ count: Int, seed: UInt64) -> [[Double]] {
  var random = SeededGenerator(seed: seed)
  var load = AutoregressiveNoise(standardDeviation: 1, timeConstant: 10)
  return (0..<count).map { _ in
    let common = load.advance(by: 1, using: &random)
    return [20 + common + 0.2 * random.normal(), 5 - common + 0.2 * random.normal(), 230 + random.normal()]
  }
}

private func scores(_ rows: [[Double]], fit: Int = 400) throws -> (scores: [Double], threshold: Double) {
  var detector = try #require(MultivariateDetector(fitting: rows[..<fit]))
  return (rows[fit...].map { detector.score($0) }, detector.threshold)
}

@Suite("Anomalies over several sensors")
struct MultivariateTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a machine that runs as before is below the threshold nine times in ten`(seed: UInt64) throws {
    let (scores, threshold) = try scores(machine(2400, seed: seed))
    #expect(scores.filter { $0 > threshold }.count < scores.count / 10)
  }

  @Test func `two sensors that no longer belong together are seen though each is within its own range`() throws {
    var rows = machine(1000, seed: 4)
    for row in 700..<1000 { rows[row][1] += 1 }
    let (scores, threshold) = try scores(rows)
    #expect(scores[..<300].allSatisfy { $0 < threshold })
    #expect(scores[330...].allSatisfy { $0 > threshold })
  }

  @Test func `a score knows nothing of later rows`() throws {
    let rows = machine(600, seed: 5)
    let changed = rows[..<500] + rows[500...].map { $0.map { $0 + 100 } }
    let (before, _) = try scores(rows)
    let (after, _) = try scores(Array(changed))
    #expect(before[..<100] == after[..<100] && before[100] != after[100])
  }

  @Test func `gaps, a sensor that stood still, and absurd values give finite scores`() throws {
    var rows = machine(500, seed: 6).map { $0 + [7] }
    rows[3][0] = .nan
    rows[450] = [.nan, .infinity, .greatestFiniteMagnitude, 7]
    rows[460] = [1]
    var detector = try #require(MultivariateDetector(fitting: rows[..<400]))
    for row in rows[400...] {
      let score = detector.score(row)
      #expect(score.isFinite)
    }
  }

  @Test func `values that no sensor has are as good as none, so that the other sensors are judged as before`() throws {
    func rows(_ absurd: Double) -> [[Double]] {
      var rows = machine(1000, seed: 4)
      for row in 700..<1000 { rows[row][1] += 1 }
      for row in stride(from: 20, to: 1000, by: 50) { rows[row][2] = row % 100 == 20 ? absurd : -absurd }
      return rows.map { $0 + [absurd] }
    }
    let (found, without) = (try scores(rows(1e308)), try scores(rows(.nan)))
    #expect(found.scores == without.scores && found.threshold == without.threshold)
    #expect(found.scores[..<300].allSatisfy { $0 < found.threshold })
    #expect(found.scores[330...].allSatisfy { $0 > found.threshold })
  }

  @Test func `too few rows, no sensors, or rows of different lengths have no detector`() {
    #expect(MultivariateDetector(fitting: machine(15, seed: 1)[...]) == nil)
    #expect(MultivariateDetector(fitting: [[Double]](repeating: [], count: 100)[...]) == nil)
    #expect(MultivariateDetector(fitting: (machine(50, seed: 1) + [[1]])[...]) == nil)
  }

  @Test func `a detection score has its worked value`() {
    let score = DetectionScore(
      labels: [false, false, true, true], scores: [1, 3, 2, 4], alarms: [false, true, false, true], times: [0, 1, 2, 3])
    #expect(score.areaUnderCurve == 0.75)
    #expect(score.falseAlarmRate == 0.5 && score.missedAlarmRate == 0.5)
    #expect(score.delays == [1] && score.missedRuns == 0)
    #expect(score.falseAlarmRate(missing: 0.5) == 0)
    #expect(score.falseAlarmRate(missing: 0) == 0.5)
  }

  @Test func `ties count half, and labels of one kind have no area`() {
    let tied = DetectionScore(labels: [true, false], scores: [1, 1], alarms: [false, false], times: [0, 1])
    #expect(tied.areaUnderCurve == 0.5 && tied.missedRuns == 1)
    let one = DetectionScore(labels: [false, false], scores: [1, 2], alarms: [false, false], times: [0, 1])
    #expect(one.areaUnderCurve == nil && one.missedAlarmRate == nil && one.falseAlarmRate == 0)
  }

  @Test func `a Cholesky factor has its worked value and solves`() throws {
    let factor = try #require(CholeskyFactor([4, 2, 2, 5], order: 2))
    #expect(factor.lower == [2, 0, 1, 2])
    #expect(factor.squaredDistance([2, 3]) == 2)
    #expect(factor.solve([8, 12]) == [1, 2])
    #expect(CholeskyFactor([1, 2, 2, 1], order: 2) == nil)
  }
}
