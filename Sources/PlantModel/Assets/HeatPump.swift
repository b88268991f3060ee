extension AssetKind {
  /// Heat pump; positive power is consumption.
  public static let heatPump = AssetKind(
    AssetTraits(
      name: "heat_pump", deviceWords: ["heatpump", "heat_pump", "hp", "waermepumpe", "warmtepomp"], command: .limits,
      isAlwaysServed: true, isNeverNegative: true, simulation: .heatPump, simulatedSize: 10))
}
