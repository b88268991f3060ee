extension AssetKind {
  /// Connection to the public grid; positive power is import.
  public static let grid = AssetKind(
    AssetTraits(
      name: "grid", role: .gridExchange, powerRange: .connectionLimits, sensors: AssetKind.connectionSensors,
      deviceWords: ["grid", "mains", "utility", "netz", "gridmeter", "connection"], hasOneDirection: false,
      healthTwin: .gridBalance, simulation: .connection, simulatedSize: 100))

  /// Meter at the grid connection; positive power is import.
  public static let meter = AssetKind(
    AssetTraits(
      name: "meter", role: .gridExchange, isMeter: true, powerRange: .connectionLimits,
      sensors: AssetKind.connectionSensors,
      deviceWords: [
        "meter", "smartmeter", "p1", "zaehler", "dsmr", "em", "shellyem", "shellypro3em", "shellyemg3", "shelly3em",
      ],
      hasOneDirection: false, simulation: .connection, simulatedSize: 100))

  private static let connectionSensors = [
    "power", "energy_import", "energy_export", "voltage", "current", "frequency", "price", "export_price", "carbon",
  ]
}
