public import StreamCore

/// A repetition of the value of a season ago: the baseline that every other forecast has to beat.
///
/// The median is the value a day or a week before. As an ensemble member that forecasts rows, it derives the other
/// quantiles from its errors over the last eight weeks. As the forecast of a series' history before others have
/// learned, it has empirical intervals, see ``ForecastBasis``.
public struct SeasonalNaive: ForecastModel, HistoryModel {
  /// Initial weight in an ensemble: small, since the model matters only in the first days.
  public let priorWeight = 0.05
  /// `false`: uses only the target's own history, so it still answers when weather is missing.
  public let needsAllInputs = false
  /// Value of the `model` tag.
  public let name: String
  /// Days of history before which the model is not used: a season and a day.
  public let minimumDays: Int
  private let days: Int
  private var offsets = Array(repeating: 0.0, count: QuantileLevels.count)

  /// Number of seasons to look back for a value: seven days or four weeks.
  private var depth: Int { days == 1 ? 7 : 4 }

  /// The model that repeats the day before: `naive`.
  public static let day = SeasonalNaive(name: "naive", days: 1)
  /// The model that repeats the same weekday of the week before: `naive_week`.
  public static let week = SeasonalNaive(name: "naive_week", days: 7)

  private init(name: String, days: Int) {
    self.name = name
    self.days = days
    minimumDays = days + 1
  }

  /// Learns the quantiles of the errors.
  public mutating func begin(_ rows: FeatureRows, seed: UInt64) {
    guard let past = rows.column(.sameSlot(days: days)) else { return }
    let since = (rows.slots.last ?? 0) - 56 * rows.perDay
    let errors = rows.slots.indices.filter { rows.slots[$0] > since && !past[$0].isNaN }
      .map { rows.targets[$0] - past[$0] }.sorted()
    for level in offsets.indices where level != QuantileLevels.p50 {
      offsets[level] = errors.isEmpty ? 0 : EmpiricalQuantile.ofSorted(errors, probability: QuantileLevels.all[level])
    }
  }

  /// Returns the value a season ago with quantiles around it; if it is missing, the mean of the last week stands in.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = QuantileTable(rows: rows.count)
    guard let past = rows.column(.sameSlot(days: days)), let mean = rows.column(.weekMean) else { return answer }
    for row in 0..<rows.count {
      let value = past[row].isNaN ? mean[row] : past[row]
      for level in offsets.indices { answer[row, level] = value + offsets[level] }
      answer.sort(row: row)
    }
    return answer
  }

  /// Returns whether a whole season has passed since the first value, in days of 24 hours.
  public func isReady(first: Int, history: SlotHistory) -> Bool {
    history.first.map { first - $0 >= days * QuarterHour.perDay } ?? false
  }

  /// Writes the value a season ago, with empirical intervals, into `track`.
  ///
  /// If it is missing, the value of an earlier season is used, then yesterday's value, then the last day's mean.
  public func predict(_ basis: borrowing ForecastBasis, into track: inout QuantileTrack) {
    let day = basis.history.summary(of: (basis.first - QuarterHour.perDay)..<basis.first)
    for offset in track.p50.indices {
      let slot = basis.first + offset
      let history = basis.history
      var past: Double?
      for season in 1...depth where past == nil {
        let value = history[basis.sameTime(as: slot, daysBefore: season * days)]
        if !value.isNaN { past = value }
      }
      let yesterday = history[basis.sameTime(as: slot, daysBefore: 1)]
      track.p50[offset] = past ?? (yesterday.isNaN ? day?.mean ?? .nan : yesterday)
    }
    basis.addEmpiricalIntervals(to: &track)
  }

  /// Writes the quantiles of the errors.
  public func snapshot(into writer: inout SnapshotWriter) { writer.write(offsets) }

  /// Reads the quantiles of the errors.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let values = try reader.readDoubles()
    guard values.count == QuantileLevels.count else { throw .invalid("\(values.count) quantiles of errors") }
    offsets = values
  }
}
