import PlantModel

/// What the windows of a series need to know about it, without its names.
struct SeriesTraits: BitwiseCopyable, Hashable {
  var sampling: Sampling
  /// Canonical units in one of the unit in which a counter arrives.
  var scale: Double
  /// The fastest plausible change of a counter [canonical unit per second].
  var maximumRate: Double
  /// Whether the window's integral is an energy [kWh].
  var hasEnergy: Bool
  var lateness: TimeSpan
  /// Whether values are what is expected at times ahead, which no window is made of.
  var isForecast: Bool

  init(_ profile: SensorProfile, lateness: TimeSpan) {
    sampling = profile.sampling
    scale = profile.unit?.scale ?? 1
    maximumRate = profile.maximumRate
    hasEnergy =
      profile.unit?.quantity == .power || (profile.sampling == .counter && profile.unit?.quantity == .energy)
    self.lateness = lateness
    isForecast = profile.isForecast
  }

  /// Whether a value holds over an interval of its own.
  var isInterval: Bool { sampling == .intervalStart || sampling == .intervalEnd }
  /// Whether readings weigh as much as the time over which they hold.
  var isTimed: Bool { sampling != .instant }
}
