public import StreamCore

/// The data available to a model when it forecasts, all from before the first slot.
public struct ForecastBasis {
  /// First slot to be forecast; its start is the time of issue.
  public var first: Int
  /// Means of past slots; slots from ``first`` on must not be read.
  public var history: SlotHistory
  /// The model's own recent errors.
  public var errors: ForecastErrors
  /// Half the width of an interval while there are too few errors [unit of the series].
  public var priorHalfWidth: Double
  /// Time zone that the series follows; `nil` for solar power or if unknown.
  let zone: PlantZone?

  /// Returns the slot at the same time of day that many days earlier, as ``ForecastInput`` defines it.
  func sameTime(as slot: Int, daysBefore days: Int) -> Int {
    guard let zone else { return slot - days * QuarterHour.perDay }
    return zone.calendar.sameTime(as: slot + zone.shift, daysBefore: days) - zone.shift
  }

  /// Sets the interval of each slot around its median.
  ///
  /// The ends are the median plus the 10 % and 90 % quantiles of the model's errors at that lead. While there are too
  /// few errors, the interval is ``priorHalfWidth`` in both directions.
  public func addEmpiricalIntervals(to track: inout QuantileTrack) {
    for bucket in LeadBucket.allCases {
      let interval = errors.interval(bucket) ?? (-priorHalfWidth, priorHalfWidth)
      for slot in bucket.offsets {
        track.p10[slot] = track.p50[slot] + interval.lower
        track.p90[slot] = track.p50[slot] + interval.upper
      }
    }
  }
}

/// A model that forecasts from a series' history. All models that learn from rows (``ForecastModel``) take part as one,
/// ``LearningModel``.
public protocol HistoryModel: Sendable {
  /// Value of the `model` tag.
  var name: String { get }

  /// Name of the model and its missing inputs at present.
  var label: String { get }

  /// Returns whether there is enough history for a forecast.
  func isReady(first: Int, history: SlotHistory) -> Bool

  /// Learns from the mean of a slot when it is first known; the history already contains it.
  ///
  /// - Parameters:
  ///   - slot: The slot.
  ///   - value: Its mean [unit of the series].
  ///   - history: Means of past slots.
  mutating func update(slot: Int, value: Double, history: SlotHistory)

  /// Corrects the mean of a slot that was learned before.
  mutating func correct(slot: Int, value: Double)

  /// Writes the quantiles of all slots of the horizon into `track`; NaN if there is no forecast.
  mutating func predict(_ basis: borrowing ForecastBasis, into track: inout QuantileTrack)

  /// Writes the learned state.
  func snapshot(into writer: inout SnapshotWriter)

  /// Reads the state written by ``snapshot(into:)``.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

extension HistoryModel {
  /// Default: the name alone.
  public var label: String { name }
  /// Default: the model has no state besides the history.
  public mutating func update(slot: Int, value: Double, history: SlotHistory) {}
  /// Default: the model has no state besides the history.
  public mutating func correct(slot: Int, value: Double) {}
  /// Default: the model has no state besides the history.
  public func snapshot(into writer: inout SnapshotWriter) {}
  /// Default: the model has no state besides the history.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {}
}
