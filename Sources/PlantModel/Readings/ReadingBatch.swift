public import WattlineTime

/// Readings of one plant as a struct of arrays, passed from stage to stage.
///
/// All columns have ``count`` elements. ``removeAll()`` keeps the capacity, so a reused batch does not allocate.
public struct ReadingBatch: Sendable {
  /// Series of each reading.
  public private(set) var series: [SeriesIndex] = []
  /// Time of measurement, or of receipt if the source gives none.
  public var time: [Timestamp] = []
  /// Received value in the sensor's own unit.
  ///
  /// NaN for imputed, derived and re-emitted readings.
  public private(set) var raw: [Double] = []
  /// Best estimate in the canonical unit; NaN if there is none.
  public var value: [Double] = []
  /// Worst quality that applies.
  public var quality: [Quality] = []
  /// All qualities that apply.
  public var flags: [QualityFlags] = []
  /// Whether ``time`` is from the source.
  public private(set) var hasSourceTime: [Bool] = []

  /// Methods and uncertainties of estimated values, by ascending row. Most rows have none.
  public var estimates: [Estimate] = []

  /// Creates an empty batch.
  public init() {}

  /// Number of readings.
  public var count: Int { series.count }

  /// Whether the batch has no readings.
  public var isEmpty: Bool { series.isEmpty }

  /// Returns whether a row re-emits an earlier reading, at the same time, because it was later recognised as a glitch.
  public func isGivenAgain(_ row: Int) -> Bool {
    raw[row].isNaN && hasSourceTime[row] && flags[row].contains(QualityFlags(.spike))
  }

  /// Appends a decoded reading of good quality.
  ///
  /// - Parameters:
  ///   - index: Series.
  ///   - timestamp: Time of measurement or receipt.
  ///   - rawValue: Value in the sensor's unit.
  ///   - canonical: Value in the canonical unit.
  ///   - sourced: Whether the time is from the source.
  public mutating func append(
    series index: SeriesIndex, time timestamp: Timestamp, raw rawValue: Double, value canonical: Double,
    hasSourceTime sourced: Bool
  ) {
    series.append(index)
    time.append(timestamp)
    raw.append(rawValue)
    value.append(canonical)
    quality.append(.good)
    flags.append([])
    hasSourceTime.append(sourced)
  }

  /// Appends rows of another batch unchanged, without their estimates.
  public mutating func append(_ rows: Range<Int>, of other: borrowing ReadingBatch) {
    series.append(contentsOf: other.series[rows])
    time.append(contentsOf: other.time[rows])
    raw.append(contentsOf: other.raw[rows])
    value.append(contentsOf: other.value[rows])
    quality.append(contentsOf: other.quality[rows])
    flags.append(contentsOf: other.flags[rows])
    hasSourceTime.append(contentsOf: other.hasSourceTime[rows])
  }

  /// Appends a value for a gap, without raw value and with quality ``Quality/imputed``.
  ///
  /// - Parameters:
  ///   - index: Series.
  ///   - timestamp: Time within the gap.
  ///   - estimate: Value [canonical unit].
  public mutating func appendImputed(series index: SeriesIndex, time timestamp: Timestamp, value estimate: Double) {
    series.append(index)
    time.append(timestamp)
    raw.append(.nan)
    value.append(estimate)
    quality.append(.imputed)
    flags.append(QualityFlags(.imputed))
    hasSourceTime.append(true)
  }

  /// Appends a value computed from others, without raw value.
  ///
  /// - Parameters:
  ///   - index: Series.
  ///   - timestamp: Time of the value.
  ///   - result: Value [canonical unit].
  ///   - union: Flags of all inputs.
  public mutating func appendDerived(
    series index: SeriesIndex, time timestamp: Timestamp, value result: Double, flags union: QualityFlags
  ) {
    series.append(index)
    time.append(timestamp)
    raw.append(.nan)
    value.append(result)
    quality.append(union.worst)
    flags.append(union)
    hasSourceTime.append(false)
  }

  /// Empties the batch and keeps its memory.
  public mutating func removeAll() {
    series.removeAll(keepingCapacity: true)
    time.removeAll(keepingCapacity: true)
    raw.removeAll(keepingCapacity: true)
    value.removeAll(keepingCapacity: true)
    quality.removeAll(keepingCapacity: true)
    flags.removeAll(keepingCapacity: true)
    hasSourceTime.removeAll(keepingCapacity: true)
    estimates.removeAll(keepingCapacity: true)
  }
}
