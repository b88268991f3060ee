import PlantModel

/// Contribution of windows to a local hour or day: means and shares weighted by readings, energies added.
struct Contribution: BitwiseCopyable {
  var mean = 0.0
  var minimum = Double.infinity
  var maximum = -Double.infinity
  var energy = Double.nan
  var goodShare: Float = 0
  /// Weight of the contribution, see ``PlantModel/FeatureWindow/weight``; 0 while empty.
  var weight: Float = 0

  init() {}

  init(_ window: FeatureWindow) {
    mean = window.mean
    minimum = window.minimum
    maximum = window.maximum
    energy = window.energyKilowattHours
    goodShare = Float(window.goodShare)
    weight = Float(max(1, window.weight))
  }

  mutating func add(_ other: Contribution) {
    guard other.weight > 0 else { return }
    weight += other.weight
    mean += (other.mean - mean) * (Double(other.weight) / Double(weight))
    goodShare += (other.goodShare - goodShare) * (other.weight / weight)
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    if other.energy.isFinite { energy = (energy.isFinite ? energy : 0) + other.energy }
  }
}

/// The local hours or days of one series.
///
/// The sum of the settled windows is kept. Windows that may still change are added whenever a period is emitted.
struct LocalRollup: BitwiseCopyable {
  var settled = Contribution()
  /// Start of the period to which ``settled`` belongs [min since the epoch].
  var start = Int32.min
  /// ``newest``, shifted left by one bit, and ``isTold`` in the lowest bit.
  private var newestAndTold = Int32.min

  /// Start of the newest period with an emitted window [min since the epoch]; `.min` without any.
  var newest: Int32 { newestAndTold == .min ? .min : newestAndTold >> 1 }
  /// Whether the newest period has been emitted itself.
  var isTold: Bool { newestAndTold != .min && newestAndTold & 1 == 1 }

  mutating func setNewest(_ period: Int32, isTold: Bool) { newestAndTold = period << 1 | (isTold ? 1 : 0) }

  /// Adds a window that can no longer change.
  mutating func settle(_ part: Contribution, in period: Int32) {
    guard period >= start else { return }
    if period > start { (start, settled) = (period, Contribution()) }
    settled.add(part)
  }

  /// Advances to the period of a window and returns whether the previous period is over without having been emitted.
  mutating func isOverdue(onReaching period: Int32) -> Bool {
    guard period > newest else { return false }
    defer { setNewest(period, isTold: false) }
    return newest != .min && !isTold
  }

  /// Returns the sum of a period's settled windows; `nil` if it is no longer kept.
  func settled(in period: Int32) -> Contribution? {
    period < start ? nil : period == start ? settled : Contribution()
  }

  /// Returns whether a period is to be emitted because of a window that ends at `windowEnd`.
  ///
  /// - Parameters:
  ///   - period: Start of the period [min since the epoch].
  ///   - windowEnd: End of the window [min since the epoch].
  ///   - end: End of the period [min since the epoch].
  mutating func isDue(_ period: Int32, windowEnd: Int32, end: Int32) -> Bool {
    guard period == newest else { return true }
    if windowEnd >= end { setNewest(period, isTold: true) }
    return isTold
  }
}
