import Glibc
import StreamCore

/// A combination of several forecasts: a weighted mean of quantiles, with separate weights for each lead and level,
/// then calibrated.
///
/// Weights and intervals are learned every day from the forecasts and actual values of ``memoryDays``.
struct ForecastEnsemble: Sendable {
  /// Days of issued forecasts that are remembered.
  static let memoryDays = 56
  /// Age [days] at which a sample has half its weight.
  static let weightHalfLife = 28.0

  private let models: Int
  private let prior: [Double]
  private let leads: LeadClasses
  private let perDay: Int
  private let isDense: Bool
  private(set) var memory: ForecastMemory
  /// Weights by lead class, then level, then model.
  private(set) var weights: [Double]
  private(set) var calibrations: [IntervalCalibration]
  /// Whether the losses of the last days were far above those of the weeks before, at the last learning.
  private(set) var hasDrifted = false

  /// Creates an ensemble with initial weights.
  ///
  /// - Parameters:
  ///   - prior: Initial weight of each model.
  ///   - leads: Lead classes of the horizon.
  ///   - perDay: Slots in 24 hours.
  ///   - isDense: `false` remembers one issue every six hours and one slot an hour, which suffices for learning and
  ///     limits memory.
  init(prior: [Double], leads: LeadClasses, perDay: Int, isDense: Bool) {
    self.isDense = isDense
    models = prior.count
    let sum = prior.reduce(0, +)
    self.prior = prior.map { $0 / max(sum, .leastNormalMagnitude) }
    self.leads = leads
    self.perDay = perDay
    memory = ForecastMemory(models: models)
    weights = (0..<(leads.count * QuantileLevels.count)).flatMap { [prior = self.prior] _ in prior }
    calibrations = Array(repeating: IntervalCalibration(), count: leads.count)
  }

  /// Records the forecasts of the models.
  mutating func record(_ tables: [QuantileTable], origin: Int) {
    let all = leads.ofOffset.indices
    if isDense {
      memory.record(tables, origin: origin, leads: leads, offsets: all)
    } else if origin % max(1, perDay / 4) == 0 {
      memory.record(
        tables, origin: origin, leads: leads, offsets: stride(from: 0, to: all.count, by: max(1, perDay / 24)))
    }
  }

  /// Learns from the actual values before `origin`.
  mutating func learn(before origin: Int, actual: (Int) -> Double) {
    memory.settle(before: origin, oldest: origin - ForecastEnsemble.memoryDays * perDay, actual: actual)
    var parts: [IntervalCalibration.Samples] = []
    var drift = LossDrift()
    for lead in 0..<leads.count {
      let samples = memory.settled(lead)
      let actuals = samples.map { memory.entries[$0].actual }
      let ages = samples.map { Double(origin - memory.entries[$0].slot) / Double(perDay) }
      let importance = ages.map { exp2(-$0 / ForecastEnsemble.weightHalfLife) }
      for level in 0..<QuantileLevels.count {
        stack(lead, level: level, samples: samples, actuals: actuals, importance: importance)
      }
      var part = IntervalCalibration.Samples()
      var row = QuantileTable(rows: 1)
      for (place, index) in samples.enumerated() {
        combine(lead, into: &row, row: 0) { memory.quantiles[index * memory.width + $0] }
        if row[0, QuantileLevels.p50].isNaN { continue }
        part.issued.values += row.values
        part.actuals.append(actuals[place])
        part.ages.append(ages[place])
        drift.insert(
          PinballLoss.mean(
            p10: row[0, QuantileLevels.p10], p50: row[0, QuantileLevels.p50], p90: row[0, QuantileLevels.p90],
            actual: actuals[place]), age: ages[place])
      }
      parts.append(part)
    }
    let pooled = IntervalCalibration(parts.reduce(into: IntervalCalibration.Samples()) { $0.append($1) })
    calibrations = parts.map { IntervalCalibration($0, levels: pooled.levels).blended(with: pooled) }
    hasDrifted = drift.isThere
  }

  /// Returns the calibrated mean of the models' forecasts of a horizon.
  func combine(_ tables: [QuantileTable]) -> QuantileTable {
    var answer = QuantileTable(rows: leads.ofOffset.count)
    for (offset, lead) in leads.ofOffset.enumerated() {
      combine(lead, into: &answer, row: offset) { position in
        Float(tables[position / QuantileLevels.count][offset, position % QuantileLevels.count])
      }
      calibrations[lead].apply(to: &answer, row: offset)
    }
    return answer
  }

  private mutating func stack(
    _ lead: Int, level: Int, samples: [Int], actuals: [Double], importance: [Double]
  ) {
    var forecasts: [Double] = []
    var kept: [Int] = []
    for (position, index) in samples.enumerated() {
      let start = index * memory.width + level
      let row = (0..<models).map { Double(memory.quantiles[start + $0 * QuantileLevels.count]) }
      if row.contains(where: \.isNaN) { continue }
      forecasts += row
      kept.append(position)
    }
    let start = (lead * QuantileLevels.count + level) * models
    let fitted = PinballStacking.weights(
      forecasts: forecasts, actuals: kept.map { actuals[$0] }, importance: kept.map { importance[$0] },
      probability: QuantileLevels.all[level], prior: prior)
    weights.replaceSubrange(start..<(start + models), with: fitted)
  }

  /// Writes the weighted mean of the models that have a forecast.
  ///
  /// - Parameters:
  ///   - lead: Lead class of the slot.
  ///   - answer: Receives the quantiles.
  ///   - row: Row of the slot.
  ///   - value: Returns a quantile by model and level; NaN if there is none.
  private func combine(
    _ lead: Int, into answer: inout QuantileTable, row: Int, value: (Int) -> Float
  ) {
    for level in 0..<QuantileLevels.count {
      var sum = 0.0
      var total = 0.0
      for model in 0..<models {
        let quantile = Double(value(model * QuantileLevels.count + level))
        let weight = weights[(lead * QuantileLevels.count + level) * models + model]
        if quantile.isNaN || weight <= 0 { continue }
        sum += weight * quantile
        total += weight
      }
      answer[row, level] = total > 0 ? sum / total : .nan
    }
    answer.sort(row: row)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    memory.snapshot(into: &writer)
    writer.write(weights)
    for calibration in calibrations { calibration.snapshot(into: &writer) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try memory.restore(from: &reader, leadClasses: leads.count)
    let restored = try reader.readDoubles()
    guard restored.count == weights.count else { throw .invalid("weights of other models") }
    weights = restored
    for index in calibrations.indices { try calibrations[index].restore(from: &reader) }
  }
}
