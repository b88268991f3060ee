extension AssetKind {
  /// Electrolyser; positive power is consumption.
  public static let electrolyser = AssetKind(
    AssetTraits(
      name: "electrolyser", sizeKeys: [.power, .capacity],
      sensors: ["power", "energy", "temperature", "voltage", "current", "hydrogen"],
      ownProfiles: ["hydrogen": SensorProfile(unit: .named("kg/h"), range: 0...10_000, mayRestAtZero: true)],
      temperatureRange: -40...120, deviceWords: ["electrolyser", "electrolyzer", "elektrolyseur"], command: .limits,
      trip: .anyFall, isNeverNegative: true, simulation: .process, simulatedSize: 500))
}
