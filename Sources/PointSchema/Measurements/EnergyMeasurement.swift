extension FieldKey where Value == Double {
  /// Energy in the direction of the asset's power [kWh].
  public static var forwardEnergy: Self { Self("forward_kwh") }
  /// Energy against the direction of the asset's power [kWh].
  public static var reverseEnergy: Self { Self("reverse_kwh") }
  /// Share of the quarter that is known, 0...1.
  public static var knownShare: Self { Self("known_share") }
  /// Share of the quarter that is estimated, 0...1.
  public static var estimatedShare: Self { Self("estimated_share") }
}

extension FieldKey where Value == String {
  /// Origin of the energy.
  public static var source: Self { Self("source") }
}

extension Measurement {
  /// Quarters of an hour of the energy account.
  public static let energy = Measurement(
    "energy",
    contents: "each quarter of an hour of an asset, at its start",
    tags: [.plant, .asset],
    fields: [
      .float(.forwardEnergy, "energy in the direction of the asset's power [kWh]"),
      .float(.reverseEnergy, "energy against it [kWh]"),
      .float(.knownShare, "share of the quarter that is known, 0 to 1"),
      .float(.estimatedShare, "share of the quarter that is estimated, 0 to 1"),
      .text(.source, "`counter` or `power`"),
    ])
}
