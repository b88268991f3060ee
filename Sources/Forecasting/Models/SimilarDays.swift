import Glibc
public import StreamCore

/// Weighted quantiles of the values at the same time of day on similar days of up to ten weeks.
///
/// A day weighs more if it is recent and of the same kind (weekday, weekend, holiday). It also weighs more the closer
/// its previous day's mean and its known weather are. The model needs little history and never leaves the range of past
/// values.
public struct SimilarDays: ForecastModel {
  /// Initial weight in an ensemble: small, since the model matters most in the first days.
  public let priorWeight = 0.3
  /// `false`: missing inputs are left out of the comparison of days.
  public let needsAllInputs = false
  /// Value of the `model` tag.
  public let name = "similar_days"
  /// Days of history before which the model is not used.
  public let minimumDays = 9
  private static let days = 70
  private static let memoryDays = 21.0

  /// A past slot.
  private struct Past: Sendable {
    var slot: Int
    var target: Double
    var hour: Double
    var weekday: Double
    var isRest: Bool
  }

  private var past: [Past] = []
  /// Compared features of each past slot, in units of their standard deviation.
  private var compared: [Double] = []
  private var scales: [Double] = []

  /// Creates an untrained model.
  public init() {}

  /// Stores the last ten weeks.
  public mutating func begin(_ rows: FeatureRows, seed: UInt64) {
    let columns = SimilarDays.compared(rows)
    scales = columns.map { SimilarDays.deviation($0) }
    past = []
    compared = []
    guard let last = rows.slots.last else { return }
    for row in 0..<rows.count where rows.slots[row] > last - SimilarDays.days * rows.perDay {
      past.append(SimilarDays.slot(rows, row: row, target: rows.targets[row]))
      for (column, scale) in zip(columns, scales) { compared.append(column[row] / scale) }
    }
  }

  /// Returns the weighted quantiles.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = QuantileTable(rows: rows.count)
    let columns = SimilarDays.compared(rows)
    guard columns.count == scales.count else { return answer }
    var samples: [(value: Double, weight: Double)] = []
    for row in 0..<rows.count {
      let wanted = SimilarDays.slot(rows, row: row, target: .nan)
      samples.removeAll(keepingCapacity: true)
      for (position, known) in past.enumerated() where known.hour == wanted.hour {
        var exponent = Double(wanted.slot - known.slot) / Double(rows.perDay) / SimilarDays.memoryDays
        if known.isRest != wanted.isRest { exponent += 2 }
        if known.weekday != wanted.weekday { exponent += 0.3 }
        for (place, column) in columns.enumerated() {
          let distance = compared[position * scales.count + place] - column[row] / scales[place]
          if distance.isFinite { exponent += distance * distance }
        }
        samples.append((known.target, exp(-exponent)))
      }
      SimilarDays.quantiles(&samples, into: &answer, row: row)
    }
    return answer
  }

  private static func slot(_ rows: FeatureRows, row: Int, target: Double) -> Past {
    let weekday = rows.column(.weekday)?[row] ?? 1
    let isHoliday = rows.column(.holiday(shift: 0))?[row] == 1
    return Past(
      slot: rows.slots[row], target: target, hour: rows.column(.hour)?[row] ?? 0, weekday: weekday,
      isRest: weekday > 5 || isHoliday)
  }

  private static func compared(_ rows: FeatureRows) -> [[Double]] {
    rows.columns.indices.filter { index in
      switch rows.columns[index] {
      case .exogenous(_, .now), .exogenous(_, .rolling(hours: 24)), .day(.mean), .sameSlot(days: 1): true
      default: false
      }
    }.map { rows.values[$0] }
  }

  private static func quantiles(
    _ samples: inout [(value: Double, weight: Double)], into answer: inout QuantileTable, row: Int
  ) {
    samples.sort { $0.value < $1.value }
    let total = samples.reduce(0) { $0 + $1.weight }
    guard total > 0 else { return }
    var sum = 0.0
    var level = 0
    for sample in samples {
      sum += sample.weight
      while level < QuantileLevels.count, sum >= QuantileLevels.all[level] * total * (1 - 1e-9) {
        answer[row, level] = sample.value
        level += 1
      }
    }
  }

  private static func deviation(_ values: [Double]) -> Double {
    let present = values.filter { !$0.isNaN }
    guard !present.isEmpty else { return 0 }
    let mean = present.reduce(0, +) / Double(present.count)
    return (present.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(present.count)).squareRoot()
  }

  /// Writes the stored slots.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(scales)
    writer.write(compared)
    writer.write(past) { writer, past in
      writer.write(Int64(past.slot))
      writer.write(past.target)
      writer.write(past.hour)
      writer.write(past.weekday)
      writer.write(past.isRest)
    }
  }

  /// Reads the stored slots.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    scales = try reader.readDoubles()
    compared = try reader.readDoubles()
    past = try reader.readArray(elementSize: 33) { (reader) throws(SnapshotError) in
      let slot = Int(try reader.read(Int64.self))
      guard slot.magnitude < 1 << 40 else { throw .invalid("a slot outside all time") }
      return Past(
        slot: slot, target: try reader.readDouble(), hour: try reader.readDouble(),
        weekday: try reader.readDouble(), isRest: try reader.readBool())
    }
    guard compared.count == past.count * scales.count else { throw .invalid("remembered slots of uneven length") }
  }
}
