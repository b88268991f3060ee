extension AssetKind {
  /// Wind turbine; positive power is generation.
  public static let wind = AssetKind(
    AssetTraits(
      name: "wind", role: .generation, driver: .wind,
      sensors: ["power", "energy", "wind_speed", "wind_direction", "rotor_speed"],
      deviceWords: ["wind", "turbine", "wtg"], command: .limits, trip: .anyFall, resourceSensor: "wind_speed",
      isNeverNegative: true, simulation: .windTurbine, simulatedSize: 100))
}
