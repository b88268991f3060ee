import PlantModel

/// What cleaning needs of a sensor's profile, without its names.
struct CleaningProfile: BitwiseCopyable, Hashable {
  var lowest: Double
  var highest: Double
  var maximumRate: Double
  /// Scatter that is ordinary for the quantity even where the last values happen to agree [canonical unit].
  var scatter: Float
  var sampling: Sampling
  var mayStandStill: Bool
  var mayRestAtZero: Bool
  /// Whether the quantity jumps by nature: power, current, states.
  var isSwitched: Bool
  /// Whether nobody has said what it can reach, though that could be said.
  var hasLearnedRange: Bool
  /// Whether a value is said to hold until the next; `nil` where its own readings tell.
  var holds: Bool?
  /// Whether it does by what it measures, unless its readings tell otherwise.
  var holdsByNature: Bool
  /// For how long at the most.
  var longestSilence: TimeSpan
  /// Whether values are what is expected at times ahead; they are not judged.
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
