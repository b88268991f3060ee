import StreamCore

/// What was a season ago will be again: the baseline that every other forecast has to beat.
///
/// The median of slot `s` is the mean of slot `s − season`; where that is missing the same slot of earlier seasons is
/// taken, up to seven days or four weeks back, then of yesterday, then the mean of the last day.
public struct HistoryNaive: HistoryModel {
  /// The value of the `model` tag.
  public let name: String
  /// The season's length in slots.
  public let season: Int
  private let depth: Int

  /// The same time of the day before: `naive`.
  public static let day = HistoryNaive(name: "naive", season: QuarterHour.perDay, depth: 7)
  /// The same time and day of the week before: `naive_week`.
  public static let week = HistoryNaive(name: "naive_week", season: QuarterHour.perWeek, depth: 4)

  private init(name: String, season: Int, depth: Int) {
    self.name = name
    self.season = season
    self.depth = depth
  }

  /// Whether a whole season has passed since the first value.
  public func isReady(first: Int, history: SlotHistory) -> Bool {
    guard let start = history.first else { return false }
    return first - start >= season
  }

  /// Medians from the season before, empirical intervals around them.
  public func predict(_ basis: borrowing ForecastBasis, into track: inout QuantileTrack) {
    let day = basis.history.summary(of: (basis.first - QuarterHour.perDay)..<basis.first)
    for offset in track.p50.indices {
      track.p50[offset] = value(of: basis.first + offset, in: basis.history, otherwise: day?.mean ?? .nan)
    }
    basis.addEmpiricalIntervals(to: &track)
  }

  private func value(of slot: Int, in history: SlotHistory, otherwise mean: Double) -> Double {
    for count in 1...depth {
      let past = history[slot - count * season]
      if !past.isNaN { return past }
    }
    let yesterday = history[slot - QuarterHour.perDay]
    return yesterday.isNaN ? mean : yesterday
  }
}
