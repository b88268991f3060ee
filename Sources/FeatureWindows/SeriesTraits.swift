import EnergyAccounting
import PlantModel
import WattlineTime

/// The traits of a series that determine its windows, without names.
struct SeriesTraits: BitwiseCopyable, Hashable {
  var rule: MeterRule
  /// Whether the integral over a window is an energy [kWh].
  var hasEnergy: Bool
  var lateness: TimeSpan
  /// Whether values are forecasts for later times, from which no windows are made.
  var isForecast: Bool

  init(_ profile: SensorProfile, lateness: TimeSpan) {
    rule = MeterRule(profile)
    hasEnergy =
      profile.unit?.quantity == .power || (profile.sampling == .counter && profile.unit?.quantity == .energy)
    self.lateness = lateness
    isForecast = profile.isForecast
  }

  /// Whether an instantaneous value holds until the next, because its sender reports on change.
  var holds = false

  /// Time to which a reading refers.
  var sampling: Sampling { rule.sampling }
  /// Whether a reading is the value of a whole interval.
  var isInterval: Bool { rule.isInterval }
  /// Whether readings are weighted by the time over which they hold.
  var isTimed: Bool { sampling != .instant || holds }
}
