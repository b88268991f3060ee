import PlantModel

/// The way in which a sensor's values are judged, according to what drives them.
enum SensorClass: Sendable {
  /// Driven by decisions and events (an arriving car, a dispatched battery, a switch, a counter). Any value within
  /// range is normal, so only its data quality is judged.
  case eventDriven
  /// Driven by weather or people: compared with the same time on past days, with a generous scale.
  case variable
  /// All others, such as voltages, frequencies and the temperatures of equipment.
  case steady

  init(_ index: SeriesIndex, in register: PlantRegister) {
    let profile = register.series[index.position].profile
    let traits = register.kind(of: index).traits
    if profile.mayStandStill || profile.sampling == .counter {
      self = .eventDriven
      return
    }
    switch profile.unit?.quantity {
    case .power, .energy, .reactivePower, .apparentPower, .reactiveEnergy, .apparentEnergy, .current, .charge, .flow,
      .massFlow:
      self = traits.driver == .decisions ? .eventDriven : .variable
    case .irradiance, .speed, .illuminance, .rotation: self = .variable
    case .angle, .price, .volumePrice, .carbonIntensity, .count, .duration: self = .eventDriven
    case .temperature: self = traits.temperatureFollowsWeather ? .variable : .steady
    default: self = .steady
    }
  }

  /// Weight of a full drift score, 0...1.
  var driftWeight: Double {
    switch self {
    case .eventDriven: 0
    case .variable: 0.2
    case .steady: 0.5
    }
  }
}
