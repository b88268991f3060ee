import PlantModel
import WattlineTime

/// The parts of a sensor's profile that cleaning needs, without names.
struct CleaningProfile: BitwiseCopyable, Hashable {
  var lowest: Double
  var highest: Double
  var maximumRate: Double
  /// Scatter that is normal for the quantity even if the last values are equal [canonical unit].
  var scatter: Float
  var sampling: Sampling
  var mayStandStill: Bool
  var mayRestAtZero: Bool
  /// Whether the quantity jumps by nature: power, current, states.
  var isSwitched: Bool
  /// Whether the quantity is bounded but no range is configured; the range is then learned.
  var hasLearnedRange: Bool
  /// Whether a value holds until the next, as configured; `nil` if the readings decide.
  var holds: Bool?
  /// Whether a value holds until the next, as the quantity suggests; the readings may show otherwise.
  var holdsByNature: Bool
  /// Longest time for which a value holds until the next.
  var longestSilence: TimeSpan
  /// Whether values are forecasts for later times; these are not judged.
  var isForecast: Bool

  init(_ profile: SensorProfile) {
    lowest = profile.range.lowerBound
    highest = profile.range.upperBound
    maximumRate = profile.maximumRate
    sampling = profile.sampling
    isForecast = profile.isForecast
    holdsByNature = profile.holdsByNature
    longestSilence = profile.longestSilence ?? .day
    holds =
      switch profile.reports {
      case .onChange: profile.sampling == .instant
      case .interval: false
      case .auto: profile.sampling == .instant ? nil : false
      }
    mayStandStill = profile.mayStandStill
    mayRestAtZero = profile.mayRestAtZero
    isSwitched = profile.mayRestAtZero || profile.mayStandStill || profile.unit == nil
    hasLearnedRange =
      profile.range.upperBound == .infinity && profile.sampling != .counter && Self.hasSize(profile.unit)
    switch profile.unit?.quantity {
    case .temperature, .percentage, .pressure, .speed: scatter = 1
    case .frequency: scatter = 0.05
    default: scatter = 1e-9
    }
  }

  private static func hasSize(_ unit: Unit?) -> Bool {
    switch unit?.quantity {
    case .power, .reactivePower, .apparentPower, .current: true
    default: false
    }
  }
}
