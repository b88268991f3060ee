extension AssetKind {
  /// Consumption of a building or process; positive power is consumption.
  public static let load = AssetKind(
    AssetTraits(
      name: "load", driver: .people,
      deviceWords: [
        "load", "house", "home", "building", "consumption", "haus", "pump", "boiler", "hvac", "lighting", "hall",
      ],
      isAlwaysServed: true, trip: .fallOfConstantRunner, isNeverNegative: true, simulation: .building,
      simulatedSize: 50))
}
