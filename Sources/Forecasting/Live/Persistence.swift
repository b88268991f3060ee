import StreamCore

/// What is now will stay: the answer while there is less than a day of history.
///
/// Its intervals are wide on purpose and never narrowed: errors known so far are those of short leads within each
/// bucket, and for a model whose error grows with the lead they would promise too much.
public struct Persistence: HistoryModel {
  /// The value of the `model` tag.
  public let name = "persistence"

  /// A model with nothing to set.
  public init() {}

  /// Whether anything was seen in the last day.
  public func isReady(first: Int, history: SlotHistory) -> Bool {
    lastValue(before: first, in: history) != nil
  }

  /// The latest value for every slot.
  public func predict(_ basis: borrowing ForecastBasis, into track: inout QuantileTrack) {
    let value = lastValue(before: basis.first, in: basis.history) ?? .nan
    for offset in track.p50.indices {
      track.p50[offset] = value
      track.p10[offset] = value - basis.priorHalfWidth
      track.p90[offset] = value + basis.priorHalfWidth
    }
  }

  private func lastValue(before first: Int, in history: SlotHistory) -> Double? {
    for back in 1...QuarterHour.perDay where !history[first - back].isNaN { return history[first - back] }
    return nil
  }
}
