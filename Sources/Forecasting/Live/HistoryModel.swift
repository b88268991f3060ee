import StreamCore

/// What a model may know when it answers: nothing of the first slot or after it.
public struct ForecastBasis {
  /// The first slot to forecast, which is also the moment of issue.
  public var first: Int
  /// Means of past slots; slots from ``first`` on must not be read.
  public var history: SlotHistory
  /// The model's own errors of late.
  public var errors: ForecastErrors
  /// Half the width of an interval while there are too few errors [unit of the series].
  public var priorHalfWidth: Double
  /// The clock that the series follows; `nil` where that is the sun, or none is known.
  let zone: PlantZone?

  /// The slot at the same time of day so many days earlier, as ``ForecastInput`` has it.
  func sameTime(as slot: Int, daysBefore days: Int) -> Int {
    guard let zone else { return slot - days * QuarterHour.perDay }
    return zone.calendar.sameTime(as: slot + zone.shift, daysBefore: days) - zone.shift
  }

  /// Puts the interval of each slot around its median: the median plus the 10 % and 90 % quantiles of the model's
  /// errors at that lead, or plus and minus ``priorHalfWidth`` while there are too few.
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

/// What stands for a series before and beside the models that learn from rows (``ForecastModel``), which come as one,
/// ``LearningModel``.
public protocol HistoryModel: Sendable {
  /// The value of the `model` tag.
  var name: String { get }

  /// The name, and what the model has to do without at present.
  var label: String { get }

  /// Whether there is enough history to answer.
  func isReady(first: Int, history: SlotHistory) -> Bool

  /// Learns from the mean of a slot, the first time it is known; the history has it already.
  mutating func update(slot: Int, value: Double, history: SlotHistory)

  /// Replaces the mean of a slot that was learned before.
  mutating func correct(slot: Int, value: Double)

  /// Writes the quantiles of all slots of the horizon into `track`; NaN where there is no answer.
  mutating func predict(_ basis: borrowing ForecastBasis, into track: inout QuantileTrack)

  /// Writes what was learned.
  func snapshot(into writer: inout SnapshotWriter)

  /// Reads what ``snapshot(into:)`` wrote.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

extension HistoryModel {
  /// The name alone.
  public var label: String { name }
  /// Nothing to learn beside the history.
  public mutating func update(slot: Int, value: Double, history: SlotHistory) {}
  /// Nothing to correct beside the history.
  public mutating func correct(slot: Int, value: Double) {}
  /// Nothing learned.
  public func snapshot(into writer: inout SnapshotWriter) {}
  /// Nothing learned.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {}
}
