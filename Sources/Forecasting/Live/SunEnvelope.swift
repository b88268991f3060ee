import StreamCore

/// An upper limit on the intervals of PV power by time of day.
///
/// Errors are pooled over all times of day, so the interval at midnight would be as wide as at noon. The 90 % quantile
/// of a slot is limited to 1.25 times the recent maximum, which is zero at night. The recent maximum is that within
/// half an hour of the same time of day in the past week. The median is never lowered.
///
/// Worked value: with at most 40 kW around the time of day, a p90 of 70 kW becomes 50 kW.
enum SunEnvelope {
  static let headroom = 1.25
  private static let reach = 2
  private static let days = 7

  static func apply(to track: inout QuantileTrack, first: Int, history: SlotHistory) {
    let greatest = (-reach..<(LeadBucket.horizon + reach)).map { offset in
      (1...days).reduce(-Double.infinity) { most, day in
        let value = history[first + offset - day * QuarterHour.perDay]
        return value > most ? value : most
      }
    }
    for offset in track.p90.indices {
      let most = greatest[offset...(offset + 2 * reach)].reduce(-Double.infinity, max)
      guard most.isFinite else { continue }
      track.p90[offset] = max(track.p50[offset], min(track.p90[offset], headroom * max(0, most)))
    }
  }
}
