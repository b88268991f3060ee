import StreamCore

/// What was a season ago will be again: the baseline that every other forecast has to beat.
///
/// The median is the value a day or a week before. Asked for rows, as a member of an ensemble, the other quantiles add
/// those of the errors that this made over the last eight weeks. Asked for a series' history, as the one that stands until
/// others have learned, its intervals are empirical, see ``ForecastBasis``.
public struct SeasonalNaive: ForecastModel, HistoryModel {
  /// Little: it is for the first days.
  public let priorWeight = 0.05
  /// No.
  public let needsAllInputs = false
  /// The value of the `model` tag.
  public let name: String
  /// A season and a day.
  public let minimumDays: Int
  private let days: Int
  private var offsets = Array(repeating: 0.0, count: QuantileLevels.count)

  /// Seasons to look back where values are missing: a week or four.
  private var depth: Int { days == 1 ? 7 : 4 }

  /// The day before: `naive`.
  public static let day = SeasonalNaive(name: "naive", days: 1)
  /// The same weekday of the week before: `naive_week`.
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
      offsets[level] = errors.isEmpty ? 0 : EmpiricalQuantile.ofSorted(errors, QuantileLevels.all[level])
    }
  }

  /// The value a season ago, and the quantiles around it; where it is missing, the mean of the last week.
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

  /// Whether a whole season has passed since the first value, in days of 24 hours.
  public func isReady(first: Int, history: SlotHistory) -> Bool {
    history.first.map { first - $0 >= days * QuarterHour.perDay } ?? false
  }

  /// The value a season ago, or several where that is missing, or yesterday's, or the last day's mean; empirical
  /// intervals around it.
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
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let values = try reader.readDoubles()
    guard values.count == QuantileLevels.count else { throw .invalid("\(values.count) quantiles of errors") }
    offsets = values
  }
}
