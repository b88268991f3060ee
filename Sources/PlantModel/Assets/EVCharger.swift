extension AssetKind {
  /// Charger of electric vehicles; positive power is consumption.
  public static let evCharger = AssetKind(
    AssetTraits(
      name: "ev_charger", hasVehicles: true, sizeKeys: [.power, .capacity], powerMayStandStill: true,
      sensors: ["power", "energy", "connected", "soc", "energy_requested", "time_left", "voltage", "current"],
      deviceWords: [
        "charger", "wallbox", "evse", "ev", "ocpp", "goe", "zappi", "chargepoint", "evcharger", "easee",
      ],
      command: .takesAllowance, simulation: .charger, simulatedSize: 11))
}
