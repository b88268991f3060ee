extension AssetKind {
  /// Photovoltaic generator; positive power is generation.
  public static let pv = AssetKind(
    AssetTraits(
      name: "pv", role: .generation, driver: .sun,
      sensors: ["power", "dc_power", "energy", "irradiance", "temperature", "voltage", "current", "status"],
      // The temperature of a module under broken cloud changes by some 5 K per minute.
      temperatureRange: -40...95, temperatureFollowsWeather: true,
      deviceWords: [
        "pv", "solar", "solarcharger", "pvinverter", "inverter", "roof", "photovoltaic", "dach", "growatt", "string",
      ],
      command: .limits, trip: .anyFall, resourceSensor: "irradiance", isNeverNegative: true,
      healthTwin: .photovoltaic, simulation: .photovoltaic, simulatedSize: 100))
}
