extension AssetKind {
  /// Battery; positive power is discharge, negative is charging.
  public static let battery = AssetKind(
    AssetTraits(
      name: "battery", role: .storage, sizeKeys: [.power, .capacity], powerRange: .bothDirections,
      powerMayStandStill: true,
      sensors: ["power", "soc", "soh", "energy_in", "energy_out", "temperature", "voltage", "current", "setpoint"],
      ownProfiles: [
        // The voltage of a battery at rest is constant for hours.
        "voltage": SensorProfile(unit: .named("V"), range: -10...50_000, mayStandStill: true),
        "soc": SensorProfile(unit: .named("%"), range: -1...101, maximumRate: 1, mayStandStill: true),
      ],
      temperatureRange: -40...120, deviceWords: ["battery", "bess", "batt", "akku", "powerwall", "bms", "batterie"],
      command: .follows, isForecast: false, hasOneDirection: false, healthTwin: .battery, simulation: .battery,
      simulatedSize: 50))
}
