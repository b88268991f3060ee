import EnergyAccounting
import PlantModel

/// What the windows of a series need to know about it, without its names.
struct SeriesTraits: BitwiseCopyable, Hashable {
  var rule: MeterRule
  /// Whether the window's integral is an energy [kWh].
  var hasEnergy: Bool
  var lateness: TimeSpan
  /// Whether values are what is expected at times ahead, which no window is made of.
  var isForecast: Bool

  init(_ profile: SensorProfile, lateness: TimeSpan) {
    rule = MeterRule(profile)
    hasEnergy =
      profile.unit?.quantity == .power || (profile.sampling == .counter && profile.unit?.quantity == .energy)
    self.lateness = lateness
    isForecast = profile.isForecast
  }

  /// Whether an instant holds until the next, because its sender reports on change.
  var holds = false

  /// What a value stands for in time.
  var sampling: Sampling { rule.sampling }
  /// Whether a value holds over an interval of its own.
  var isInterval: Bool { rule.isInterval }
  /// Whether readings weigh as much as the time over which they hold.
  var isTimed: Bool { sampling != .instant || holds }
}
