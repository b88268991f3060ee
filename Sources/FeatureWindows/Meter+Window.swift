import EnergyAccounting
import PlantModel
import StreamCore
import WattlineTime

extension Meter {
  /// Longest time for which a value may hold to enter windows of a minute.
  private static let longestInMinutes = TimeSpan.seconds(90)

  /// Returns a window as the readings make it; `nil` if it contains nothing.
  ///
  /// Sampled values have equal weights; all others are weighted by the time over which they hold. The energy is the
  /// integral over the known time, quarter-hour by quarter-hour. Nothing is added for the rest; the good share shows
  /// how much is known.
  ///
  /// - Parameters:
  ///   - length: Length of the window.
  ///   - start: Start of the window [min since the epoch], a multiple of its length.
  ///   - traits: Traits of the series.
  ///   - scratch: Buffer for the values.
  /// - Returns: The window without its series, and whether its whole time is known.
  func window(
    _ length: WindowLength, start: Int32, traits: SeriesTraits, scratch: inout [Double]
  ) -> (FeatureWindow, isWhole: Bool)? {
    let (from, to) = (Timestamp(minute: start), Timestamp(minute: start + length.minutes))
    guard from >= settledUntil || settledUntil == .distantPast else { return nil }
    let isTimed = traits.rule.sampling != .instant || holds
    var content = WindowContent(from: from, to: to, isTimed: isTimed, buffer: &scratch)
    defer { swap(&scratch, &content.values) }
    addPieces(to: &content, rule: traits.rule)
    addReadings(to: &content)
    let hours = length.span.inHours
    let isBridged = length != .minute && content.known >= 0.5 * hours
    if length == .minute, content.isSlow || (holds && content.readings.all == 0) { return nil }
    guard content.moments.weight > 0 || isBridged else { return nil }
    let bad = isTimed && content.readings.all > 0 ? unusedShare(from, to: to) : 0
    content.values.sort()
    return (content.window(length, unusedShare: bad), content.known >= 0.999 * hours)
  }

  /// Adds the stretches over which values are known, quarter-hour by quarter-hour.
  private func addPieces(to content: inout WindowContent, rule: MeterRule) {
    var quarter = content.from
    while quarter < content.to {
      let next = min(content.to, quarter + .minutes(15))
      var part = 0.0
      forEachPiece(from: quarter, to: next, rule: rule) { piece in
        let hours = (piece.to - piece.from).inHours
        part += (0.5 * piece.first + 0.5 * piece.last) * hours
        content.extend(to: piece.first, and: piece.last, hours: hours, isGood: piece.isGood)
        guard content.isTimed else { return }
        if piece.span > Meter.longestInMinutes { content.isSlow = true }
        content.moments.add(
          piece.first, at: (piece.from - content.from).inHours + 0.5 * hours, weight: hours)
        // A value that continues from the previous quarter-hour is a single value of the window.
        if content.values.isEmpty || piece.begin >= quarter || quarter == content.from {
          content.values.append(piece.first)
        }
      }
      content.energy += part
      quarter = next
    }
  }

  /// Counts the readings, and adds their values if they are sampled.
  private func addReadings(to content: inout WindowContent) {
    content.readings.used = content.values.count
    var place = history.place(notBefore: content.from)
    while place < history.count, history[place].time < content.to {
      let sample = history[place]
      place += 1
      if sample.standing == .offline { continue }
      content.readings.all += 1
      if sample.standing == .good { content.readings.good += 1 }
      guard !content.isTimed, sample.isUsed else { continue }
      content.moments.add(sample.value, at: (sample.time - content.from).inHours, weight: 1)
      content.values.append(sample.value)
      content.readings.used += 1
    }
  }

  /// Returns the share of a window's readings that do not count.
  private func unusedShare(_ from: Timestamp, to: Timestamp) -> Double {
    var (unused, all) = (0.0, 0.0)
    var place = history.place(notBefore: from)
    while place < history.count, history[place].time < to {
      if history[place].standing == .unused { unused += 1 }
      if history[place].standing != .offline { all += 1 }
      place += 1
    }
    return all > 0 ? unused / all : 0
  }
}

/// The values of one window of a series that carries energy, before they become its statistics.
private struct WindowContent {
  let from: Timestamp
  let to: Timestamp
  /// Whether values are weighted by the time over which they hold.
  let isTimed: Bool
  /// Values that enter the quantiles.
  var values: [Double] = []
  var moments = WeightedMoments()
  var readings = (used: 0, good: 0, all: 0)
  /// Integral over the known time [unit · h].
  var energy = 0.0
  /// Whether a value holds for longer than windows of a minute allow.
  var isSlow = false
  /// Known time, and the part of it with good values [h].
  private(set) var known = 0.0
  private var good = 0.0
  private var bounds = (least: Double.infinity, greatest: -Double.infinity)

  /// Creates a window without values, which takes over the memory of a buffer.
  init(from: Timestamp, to: Timestamp, isTimed: Bool, buffer: inout [Double]) {
    (self.from, self.to, self.isTimed) = (from, to, isTimed)
    buffer.removeAll(keepingCapacity: true)
    swap(&values, &buffer)
  }

  /// Adds a stretch between two values to the known time and the bounds.
  mutating func extend(to first: Double, and last: Double, hours: Double, isGood: Bool) {
    known += hours
    if isGood { good += hours }
    bounds = (min(bounds.least, first, last), max(bounds.greatest, first, last))
  }

  /// Returns the statistics; ``values`` must be sorted.
  ///
  /// - Parameters:
  ///   - length: Length of the window.
  ///   - unusedShare: Share of the readings that do not count.
  func window(_ length: WindowLength, unusedShare: Double) -> FeatureWindow {
    let bounds = moments.weight > 0 && !isTimed ? (moments.least, moments.greatest) : bounds
    // For readings the share that is good; for time the share that is known and good.
    let share =
      readings.all > 0 && !isTimed ? Double(readings.good) / Double(readings.all) : known > 0 ? good / known : 0
    var window = FeatureWindow(
      series: SeriesIndex(0), length: length, start: from, mean: moments.weight > 0 ? moments.mean : energy / known,
      minimum: bounds.0, maximum: bounds.1, standardDeviation: moments.standardDeviation,
      slope: moments.slope, count: readings.used,
      energyKilowattHours: known > 0 ? energy : .nan,
      goodShare: share * (1 - unusedShare) * Self.knownShare(known, of: length.span.inHours, readings: readings.all),
      isUpdate: false)
    if isTimed { window.weight = known * 3_600 }
    if !values.isEmpty {
      window.p10 = EmpiricalQuantile.ofSorted(values, probability: 0.1)
      window.p50 = EmpiricalQuantile.ofSorted(values, probability: 0.5)
      window.p90 = EmpiricalQuantile.ofSorted(values, probability: 0.9)
    }
    return window
  }

  /// Returns the known share of a window; 1 if at least 0.999 of it is known.
  ///
  /// - Parameters:
  ///   - known: Known time [h].
  ///   - hours: Length of the window [h].
  ///   - readings: Number of readings in the window.
  private static func knownShare(_ known: Double, of hours: Double, readings: Int) -> Double {
    // A single reading counts fully, although it covers no time.
    if known == 0 { return readings > 0 ? 1 : 0 }
    let share = known / hours
    return share >= 0.999 ? 1 : share
  }
}

/// Weighted moments of values at times (West, 1979, doi:10.1145/359146.359153).
struct WeightedMoments {
  private(set) var weight = 0.0
  private(set) var mean = 0.0
  private(set) var least = Double.infinity
  private(set) var greatest = -Double.infinity
  private var squares = 0.0
  private var timeMean = 0.0
  private var timeSquares = 0.0
  private var products = 0.0

  /// Adds a value at a time [h].
  ///
  /// - Parameters:
  ///   - value: The value.
  ///   - time: Its time, relative to any fixed origin [h].
  ///   - added: Its weight; other than positive weights are ignored.
  mutating func add(_ value: Double, at time: Double, weight added: Double) {
    guard added > 0 else { return }
    weight += added
    let share = added / weight
    let (difference, shift) = (value - mean, time - timeMean)
    mean += difference * share
    timeMean += shift * share
    squares += added * difference * (value - mean)
    timeSquares += added * shift * (time - timeMean)
    products += added * shift * (value - mean)
    (least, greatest) = (min(least, value), max(greatest, value))
  }

  /// Standard deviation of the population; NaN without values.
  var standardDeviation: Double { weight > 0 ? (max(0, squares) / weight).squareRoot() : .nan }
  /// Least-squares slope [unit/h]; NaN if all times are equal.
  var slope: Double { timeSquares > 1e-15 * weight ? products / timeSquares : .nan }
}
