public import StreamCore

/// A forecast of the latest value for all slots, used while there is less than a day of history.
///
/// Its intervals are wide on purpose and never narrowed. The errors known so far belong to the short leads within each
/// bucket. For a model whose error grows with the lead, they would promise too much.
public struct Persistence: HistoryModel {
  /// Value of the `model` tag.
  public let name = "persistence"

  /// Creates a model.
  public init() {}

  /// Returns whether the last day has a value.
  public func isReady(first: Int, history: SlotHistory) -> Bool {
    lastValue(before: first, in: history) != nil
  }

  /// Writes the latest value for every slot into `track`.
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
