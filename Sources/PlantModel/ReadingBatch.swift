/// Readings of one plant, struct of arrays: what stages hand to each other.
///
/// All columns have ``count`` elements. Capacity is kept by ``removeAll()``, so that a batch that is used again does not
/// allocate.
public struct ReadingBatch: Sendable {
  /// Which series.
  public private(set) var series: [SeriesIndex] = []
  /// When it was measured, or received where the source says nothing.
  public var time: [Timestamp] = []
  /// The value as it came, in the sensor's own unit; NaN for a reading imputed into a gap, for one that is given again and
  /// for a derived one.
  public private(set) var raw: [Double] = []
  /// The best estimate in the canonical unit; NaN where there is none.
  public var value: [Double] = []
  /// The worst quality that applies.
  public var quality: [Quality] = []
  /// All qualities that apply.
  public var flags: [QualityFlags] = []
  /// Whether ``time`` came from the source.
  public private(set) var hasSourceTime: [Bool] = []

  /// What is known of values that are not the readings themselves, by ascending row; nothing of most rows.
  public var estimates: [Estimate] = []

  /// An empty batch.
  public init() {}

  /// How many readings.
  public var count: Int { series.count }

  /// Whether there are none.
  public var isEmpty: Bool { series.isEmpty }

  /// Whether a row is a reading of before that is given again, with the same time, because it turned out to be a glitch.
  public func isGivenAgain(_ row: Int) -> Bool {
    raw[row].isNaN && hasSourceTime[row] && flags[row].contains(QualityFlags(.spike))
  }

  /// Appends a reading as it was decoded: `raw` in the sensor's unit, `value` in the canonical one.
  public mutating func append(
    series index: SeriesIndex, time moment: Timestamp, raw rawValue: Double, value canonical: Double,
    hasSourceTime sourced: Bool
  ) {
    series.append(index)
    time.append(moment)
    raw.append(rawValue)
    value.append(canonical)
    quality.append(.good)
    flags.append([])
    hasSourceTime.append(sourced)
  }

  /// Appends some of the readings of another batch as they stand there.
  public mutating func append(_ rows: Range<Int>, of other: borrowing ReadingBatch) {
    series.append(contentsOf: other.series[rows])
    time.append(contentsOf: other.time[rows])
    raw.append(contentsOf: other.raw[rows])
    value.append(contentsOf: other.value[rows])
    quality.append(contentsOf: other.quality[rows])
    flags.append(contentsOf: other.flags[rows])
    hasSourceTime.append(contentsOf: other.hasSourceTime[rows])
  }

  /// Appends a value that stands in a gap: no raw, quality ``Quality/imputed``.
  public mutating func appendImputed(series index: SeriesIndex, time moment: Timestamp, value estimate: Double) {
    series.append(index)
    time.append(moment)
    raw.append(.nan)
    value.append(estimate)
    quality.append(.imputed)
    flags.append(QualityFlags(.imputed))
    hasSourceTime.append(true)
  }

  /// Appends a value that was computed from others: no raw, the qualities of all of them.
  public mutating func appendDerived(
    series index: SeriesIndex, time moment: Timestamp, value result: Double, flags union: QualityFlags
  ) {
    series.append(index)
    time.append(moment)
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
