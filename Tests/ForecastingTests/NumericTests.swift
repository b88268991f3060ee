import Glibc
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@testable import Forecasting

@Suite("Numeric cores")
struct NumericTests {
  @Test func `classes have edges midway between values, and missing values a class of their own`() {
    let table = BinnedTable([[4, 1, .nan, 3, 2]])
    #expect(table.edges == [[1.5, 2.5, 3.5]])
    #expect(table.classes == [4, 1, 0, 3, 2])
    let many = BinnedTable([(0..<10_000).map(Double.init)])
    #expect(many.edges[0].count == BinnedTable.maximumClasses - 1)
    let sizes = Dictionary(grouping: many.classes, by: { $0 }).values.map(\.count)
    #expect((sizes.max() ?? 0) <= 80)
  }

  @Test(arguments: [1, 2, 7, 100, 1001])
  func `an order statistic is where sorting would put it`(count: Int) {
    var random = SplitMix(state: UInt64(count))
    var values = (0..<count).map { _ in Double(Int(random.uniform(0...50))) }
    let sorted = values.sorted()
    for probability in [0, 0.1, 0.5, 0.9, 1] {
      let place = probability * Double(count - 1)
      let low = sorted[Int(place)]
      let high = sorted[min(count - 1, Int(place) + 1)]
      let found = values.withUnsafeMutableBufferPointer { Selection.quantile(probability, of: $0) }
      #expect(abs(found - (low + (place - place.rounded(.down)) * (high - low))) < 1e-12)
    }
  }

  /// A target whose level and spread depend on the first of two columns.
  private func stairs(_ count: Int) -> (columns: [[Double]], targets: [Double]) {
    var random = SplitMix(state: 5)
    var columns = [[Double]](repeating: [], count: 2)
    var targets: [Double] = []
    for _ in 0..<count {
      let x = random.uniform(0...1)
      columns[0].append(x)
      columns[1].append(random.uniform(0...1))
      targets.append(x < 0.5 ? random.uniform(0...1) : random.uniform(10...20))
    }
    return (columns, targets)
  }

  @Test func `a forest finds level and spread on both sides of a step`() {
    let (columns, targets) = stairs(2000)
    let table = BinnedTable(columns)
    var forest = QuantileForest(targets: targets)
    let settings = QuantileForest.Settings(trees: 20, minimumLeaf: 40, columnShare: 1)
    forest.grow(20, table: table, targets: targets, settings: settings, seed: 1)
    let answer = forest.predict(table.classes(of: [[0.25, 0.75], [0.5, 0.5]]), rows: 2)
    let expected = [[0.05, 0.1, 0.5, 0.9, 0.95], [10.5, 11, 15, 19, 19.5]]
    for row in 0..<2 {
      for level in 0..<QuantileLevels.count {
        #expect(abs(answer[row, level] - expected[row][level]) < (row == 0 ? 0.15 : 1.5))
      }
    }
  }

  @Test func `trees are the same in however many calls they grow`() {
    let (columns, targets) = stairs(300)
    let table = BinnedTable(columns)
    let settings = QuantileForest.Settings(trees: 6)
    var once = QuantileForest(targets: targets)
    once.grow(6, table: table, targets: targets, settings: settings, seed: 9)
    var sliced = QuantileForest(targets: targets)
    for _ in 0..<3 { sliced.grow(2, table: table, targets: targets, settings: settings, seed: 9) }
    var boosted = BoostedQuantiles(targets: targets)
    boosted.grow(6, table: table, targets: targets, settings: BoostedQuantiles.Settings(), seed: 9)
    var boostedSliced = BoostedQuantiles(targets: targets)
    for _ in 0..<3 {
      boostedSliced.grow(2, table: table, targets: targets, settings: BoostedQuantiles.Settings(), seed: 9)
    }
    #expect(once.predict(table.classes, rows: 300) == sliced.predict(table.classes, rows: 300))
    for row in 0..<20 {
      let classes = [table.classes[row], table.classes[300 + row]]
      var answers = [QuantileTable](repeating: QuantileTable(rows: 1), count: 2)
      boosted.predict(classes, into: &answers[0], row: 0)
      boostedSliced.predict(classes, into: &answers[1], row: 0)
      #expect(answers[0] == answers[1])
    }
  }

  @Test func `boosted trees find level and spread on both sides of a step`() {
    let (columns, targets) = stairs(2000)
    let table = BinnedTable(columns)
    var settings = BoostedQuantiles.Settings()
    settings.rounds = 40
    settings.learningRate = 0.2
    settings.leaves = 4
    settings.columnShare = 1
    var trees = BoostedQuantiles(targets: targets)
    trees.grow(40, table: table, targets: targets, settings: settings, seed: 1)
    var classes: [UInt8] = []
    var answer = QuantileTable(rows: 2)
    for (row, x) in [0.25, 0.75].enumerated() {
      table.classes(of: [[x], [0.5]], row: 0, into: &classes)
      trees.predict(classes, into: &answer, row: row)
    }
    let expected = [[0.05, 0.1, 0.5, 0.9, 0.95], [10.5, 11, 15, 19, 19.5]]
    for row in 0..<2 {
      for level in 0..<QuantileLevels.count {
        #expect(abs(answer[row, level] - expected[row][level]) < (row == 0 ? 0.25 : 1.5))
      }
    }
  }

  @Test func `ridge finds a line, and its errors of rows left out are those of fits without them`() {
    var random = SplitMix(state: 3)
    let count = 30
    let rows = (0..<(2 * count)).map { _ in random.uniform(-1...1) }
    let targets = (0..<count).map { 4 + 3 * rows[2 * $0] - 2 * rows[2 * $0 + 1] + random.uniform(-0.1...0.1) }
    let weights = Array(repeating: 1.0, count: count)
    let all = RidgeRegression(rows: rows, columns: 2, targets: targets, weights: weights, penalties: [1e-6])
    #expect(abs(all.predict([0, 0]) - 4) < 0.1)
    #expect(abs(all.predict([1, 0]) - 7) < 0.2)
    #expect(abs(all.predict([0, 1]) - 2) < 0.2)
    for left in [0, 7, 29] {
      var weights = weights
      weights[left] = 0
      let without = RidgeRegression(rows: rows, columns: 2, targets: targets, weights: weights, penalties: [1e-6])
      let error = targets[left] - without.predict([rows[2 * left], rows[2 * left + 1]])
      #expect(abs(error - all.leftOutErrors[left]) < 1e-4)
    }
  }

  @Test func `weights go to the better forecast, the more the longer it was better`() {
    var random = SplitMix(state: 8)
    func weight(samples: Int) -> Double {
      let actuals = (0..<samples).map { _ in random.uniform(0...10) }
      let forecasts = actuals.flatMap { [$0 + random.uniform(-0.5...0.5), random.uniform(0...10)] }
      return PinballStacking.weights(
        forecasts: forecasts, actuals: actuals, importance: Array(repeating: 1, count: samples), probability: 0.5,
        prior: [0.5, 0.5])[0]
    }
    #expect(weight(samples: 0) == 0.5)
    let few = weight(samples: 5)
    let many = weight(samples: 500)
    #expect(few > 0.5 && few < many)
    #expect(many > 0.9)
  }

  @Test(arguments: [0.2, 3.0])
  func `calibrated intervals hold, whether they were too narrow or too wide`(width: Double) {
    var random = SplitMix(state: 4)
    var issued = QuantileTable(rows: 2000)
    var actuals: [Double] = []
    for row in 0..<issued.rows {
      let scale = 1 + Double(row % 5)
      for (level, probability) in QuantileLevels.all.enumerated() {
        issued[row, level] = 50 + (probability - 0.5) * 2 * scale * width
      }
      actuals.append(50 + random.uniform(-1...1) * scale)
    }
    let learned = IntervalCalibration(
      IntervalCalibration.Samples(
        issued: issued, actuals: actuals, ages: Array(repeating: 1, count: actuals.count)))
    var covered = 0
    for row in 0..<issued.rows {
      learned.apply(to: &issued, row: row)
      if issued[row, 1] <= actuals[row], actuals[row] <= issued[row, 3] { covered += 1 }
    }
    #expect(abs(Double(covered) / Double(issued.rows) - 0.8) < 0.01)
  }

  @Test(arguments: [3, 7, 5])
  func `the level of a quantile follows how many values have been below it`(below: Int) {
    // Errors of −9…0 in the first days: the level 0.5 is reached at −5. Then one day of which so many lie below that.
    var scores = (2...(AdaptiveLevels.daysBefore + 1)).flatMap { day in
      (0..<10).map { AdaptiveLevels.Score(value: Double($0 - 9), daysAgo: day, weight: 1) }
    }
    scores += (0..<10).map { AdaptiveLevels.Score(value: $0 < below ? -20 : 20, daysAgo: 1, weight: 1) }
    scores.sort { $0.value < $1.value }
    let expected = 0.5 + AdaptiveLevels.rate * (0.5 - Double(below) / 10)
    #expect(abs(AdaptiveLevels.level(0.5, scores: scores) - expected) < 1e-12)
    #expect(AdaptiveLevels.level(0.1, scores: []) == 0.1)
  }

  @Test func `intervals of a target that grows calmer from week to week still hold`() {
    var random = SplitMix(state: 9)
    var samples = IntervalCalibration.Samples()
    var covered = 0
    var count = 0
    for day in 0..<120 {
      let spread = exp2(-Double(day) / 20)
      let actuals = (0..<24).map { _ in random.uniform(-1...1) * spread }
      var shown = samples
      shown.ages = samples.ages.map { Double(day) - $0 }
      let learned = IntervalCalibration(shown)
      for (hour, actual) in actuals.enumerated() {
        var row = QuantileTable(rows: 1)
        for level in 0..<QuantileLevels.count { row[0, level] = QuantileLevels.all[level] * 2 - 1 }
        samples.issued.values += row.values
        samples.actuals.append(actual)
        samples.ages.append(Double(day) + Double(hour) / 24)
        learned.apply(to: &row, row: 0)
        guard day >= 56 else { continue }
        count += 1
        covered += row[0, QuantileLevels.p10] <= actual && actual <= row[0, QuantileLevels.p90] ? 1 : 0
      }
    }
    #expect((0.77...0.83).contains(Double(covered) / Double(count)), "\(covered) of \(count)")
  }

  @Test func `an interval without width is left alone`() {
    var table = QuantileTable(rows: 4)
    for row in 0..<4 { for level in 0..<5 { table[row, level] = row < 2 ? 0 : Double(level) } }
    let learned = IntervalCalibration(
      IntervalCalibration.Samples(issued: table, actuals: [0, 0, 9, 9], ages: [1, 1, 1, 1]))
    learned.apply(to: &table, row: 0)
    learned.apply(to: &table, row: 2)
    #expect(table[0, 3] == 0)
    #expect(table[2, 3] == 9)
  }

  @Test func `leads are named by their upper edge`() {
    let hours = LeadClasses(horizon: 24, span: .hour)
    #expect(hours.edges == [1, 3, 6, 12, 24])
    #expect([0, 1, 2, 3, 23].map { hours.name(hours.ofOffset[$0]) } == ["1h", "3h", "3h", "6h", "24h"])
    #expect(LeadClasses(horizon: 96, span: .minutes(30)).edges.last == 48)
  }

  @Test func `days of slots start at midnight in standard time, the wall clock moves in summer`() throws {
    let zone = try #require(LocalCalendar(identifier: "Europe/Berlin"))
    let offset = SlotCalendar.standardOffset(zone, around: CivilTime(year: 2024, month: 7, day: 1).utc)
    #expect(offset == .hours(1))
    let grid = try #require(SlotGrid(span: .hour, standardOffset: offset))
    let midnight = grid.slot(containing: CivilTime(year: 2024, month: 3, day: 30, hour: 23).utc)
    #expect(midnight % 24 == 0)
    var calendar = SlotCalendar(grid: grid, first: midnight)
    calendar.extend(to: midnight + 48, zone: zone)
    #expect((0..<4).map { calendar.entry(midnight + $0).hour } == [0, 1, 3, 4])
    #expect(calendar.entry(midnight).weekday == 7)
    #expect(calendar.entry(midnight + 23).weekday == 1)
  }
}
