import PlantModel
import WattlineTime

/// The output of series' windows, one series after the other.
struct WindowOutput {
  /// Series being processed.
  var series = SeriesIndex(0)
  /// Windows in the order in which they closed or changed.
  var windows: [FeatureWindow] = []
  /// Windows of length ``rollupLength`` that can no longer change, each with the number of ``windows`` before it.
  var settled: [(after: Int, window: FeatureWindow)] = []
  /// Length of the windows from which local hours and days are made.
  var rollupLength = WindowLength.hour
  /// Buffer for the values of a window.
  var values: [Double] = []

  mutating func emit(_ window: FeatureWindow) {
    windows.append(window)
    windows[windows.count - 1].series = series
  }

  mutating func evict(
    _ slot: WindowAccumulator, length: WindowLength, traits: SeriesTraits, interval: TimeSpan
  ) {
    guard length == rollupLength, let window = slot.window(length, traits: traits, interval: interval) else { return }
    settled.append((windows.count, window))
  }
}

extension WindowAccumulator {
  /// Returns the window's present statistics without its series, quantiles and update flag; `nil` if there are none.
  ///
  /// - Parameters:
  ///   - length: Length of the window.
  ///   - traits: Traits of the series.
  ///   - interval: Typical interval of the series.
  func window(_ length: WindowLength, traits: SeriesTraits, interval: TimeSpan) -> FeatureWindow? {
    let isMeasured = used > 0
    // If samples are further apart than the window, the line between them represents it.
    let isBridged = length != .minute && coveredHours >= 0.5 * length.span.inHours
    guard isMeasured || isBridged else { return nil }
    var window = FeatureWindow(
      series: SeriesIndex(0), length: length, start: Timestamp(nanoseconds: Int64(start) * 60_000_000_000),
      mean: isMeasured ? mean : integral / coveredHours, minimum: minimum, maximum: maximum,
      standardDeviation: isMeasured ? standardDeviation(isTimed: traits.isTimed) : .nan,
      slope: slope(isTimed: traits.isTimed), count: Int(used),
      energyKilowattHours: traits.hasEnergy ? energy(of: length.span, interval: interval) : .nan,
      goodShare: goodShare, isUpdate: false)
    if traits.isTimed { window.weight = coveredHours * 3_600 }
    return window
  }
}
