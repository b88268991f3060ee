import Glibc
import StreamCore

/// What was at the same time of day on days like this one: the weighted quantiles of up to ten weeks.
///
/// A day weighs more the more recent it is, when it is the same kind of day (weekday, weekend, holiday), and the closer
/// yesterday's mean and the weather that is known ahead are. Needs little history and never strays from what has been.
public struct SimilarDays: ForecastModel {
  /// The value of the `model` tag.
  public let name = "similar_days"
  /// Nine days.
  public let minimumDays = 9
  private static let days = 70
  private static let memoryDays = 21.0
  private var memory = FeatureRows(columns: [], perDay: 1)
  private var scales: [Double] = []
  private var compared: [Int] = []

  /// A model that has learned nothing.
  public init() {}

  /// Remembers the last ten weeks.
  public mutating func fit(_ rows: FeatureRows, seed: UInt64) {
    memory = rows
    compared = rows.columns.indices.filter { index in
      switch rows.columns[index] {
      case .exogenous(_, .now), .exogenous(_, .rolling(hours: 24)), .day(.mean), .sameSlot(days: 1): true
      default: false
      }
    }
    scales = compared.map { SimilarDays.deviation(rows.values[$0]) }
  }

  /// The weighted quantiles.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = QuantileTable(rows: rows.count)
    guard let hours = memory.column(.hour), let weekdays = memory.column(.weekday),
      let wantedHours = rows.column(.hour), let wantedWeekdays = rows.column(.weekday)
    else { return answer }
    let holidays = memory.column(.holiday(shift: 0))
    let wantedHolidays = rows.column(.holiday(shift: 0))
    for row in 0..<rows.count {
      var samples: [(value: Double, weight: Double)] = []
      let since = rows.slots[row] - SimilarDays.days * rows.perDay
      let start = memory.slots.partitioningIndex { $0 >= since }
      let isRest = wantedWeekdays[row] > 5 || wantedHolidays?[row] == 1
      for past in start..<memory.count where hours[past] == wantedHours[row] {
        let age = Double(rows.slots[row] - memory.slots[past]) / Double(rows.perDay)
        var exponent = age / SimilarDays.memoryDays
        if isRest != (weekdays[past] > 5 || holidays?[past] == 1) { exponent += 2 }
        if weekdays[past] != wantedWeekdays[row] { exponent += 0.3 }
        for (position, column) in compared.enumerated() where scales[position] > 0 {
          let distance = (memory.values[column][past] - rows.values[column][row]) / scales[position]
          if !distance.isNaN { exponent += distance * distance }
        }
        samples.append((memory.targets[past], exp(-exponent)))
      }
      SimilarDays.quantiles(&samples, into: &answer, row: row)
    }
    return answer
  }

  private static func quantiles(_ samples: inout [(value: Double, weight: Double)], into answer: inout QuantileTable, row: Int) {
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

  /// Writes what is remembered.
  public func snapshot(into writer: inout SnapshotWriter) {}

  /// Reads what is remembered.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {}
}

extension Array {
  /// The first position from which on `isAfter` holds, in an array that is ordered by it.
  func partitioningIndex(_ isAfter: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
