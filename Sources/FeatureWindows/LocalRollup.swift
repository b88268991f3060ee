import PlantModel

/// What windows give to a local hour or day: means and shares weighted by readings, energies added.
struct Contribution: BitwiseCopyable {
  var mean = 0.0
  var minimum = Double.infinity
  var maximum = -Double.infinity
  var energy = Double.nan
  var goodShare: Float = 0
  /// What is behind it, see ``PlantModel/FeatureWindow/weight``; 0 while there is nothing.
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

/// The local hours or days of a series: the sum of the windows that are settled, to which those that may still change
/// are added whenever a period is told.
struct LocalRollup: BitwiseCopyable {
  var settled = Contribution()
  /// The period to which ``settled`` belongs [min since the epoch].
  var start = Int32.min
  /// ``newest`` above a bit for ``isTold``.
  private var newestAndTold = Int32.min

  /// The newest period of which a window has been told [min since the epoch]; `.min` while none is.
  var newest: Int32 { newestAndTold == .min ? .min : newestAndTold >> 1 }
  /// Whether the newest period was told itself.
  var isTold: Bool { newestAndTold != .min && newestAndTold & 1 == 1 }

  mutating func setNewest(_ period: Int32, isTold: Bool) { newestAndTold = period << 1 | (isTold ? 1 : 0) }

  /// Takes in a window that nothing changes any more.
  mutating func settle(_ part: Contribution, in period: Int32) {
    guard period >= start else { return }
    if period > start { (start, settled) = (period, Contribution()) }
    settled.add(part)
  }

  /// Goes on to the period of a window; `true` when the one before has not been told, though it is over.
  mutating func isOverdue(onReaching period: Int32) -> Bool {
    guard period > newest else { return false }
    defer { setNewest(period, isTold: false) }
    return newest != .min && !isTold
  }

  /// A period's settled windows; `nil` where they are forgotten.
  func settled(in period: Int32) -> Contribution? {
    period < start ? nil : period == start ? settled : Contribution()
  }

  /// Whether a period is to be told on account of a window that ends at `end`.
  mutating func isDue(_ period: Int32, windowEnd: Int32, end: Int32) -> Bool {
    guard period == newest else { return true }
    if windowEnd >= end { setNewest(period, isTold: true) }
    return isTold
  }
}
