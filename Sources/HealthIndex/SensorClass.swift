import PlantModel

/// How the values of a sensor may be judged: by what drives them.
enum SensorClass: Sendable {
  /// Driven by decisions and events (an arriving car, a dispatched battery, a switch, a counter): any value within range
  /// is ordinary, so that only the quality of its data is judged.
  case eventDriven
  /// Driven by weather or people: judged against the same time of past days, with a generous scale.
  case variable
  /// Everything else, such as voltages, frequencies and the temperatures of equipment.
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

  /// How much a full drift score counts.
  var driftWeight: Double {
    switch self {
    case .eventDriven: 0
    case .variable: 0.2
    case .steady: 0.5
    }
  }
}
