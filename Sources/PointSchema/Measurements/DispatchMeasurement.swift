extension FieldKey where Value == Double {
  /// Recommended power in the asset's own direction [kW].
  public static var recommendedPower: Self { Self("recommended_kw") }
  /// Power of the fixed rule in the asset's own direction [kW].
  public static var rulePower: Self { Self("rule_kw") }
  /// State of charge, 0...1.
  public static var stateOfCharge: Self { Self("soc") }
  /// Price of imported energy [currency/kWh].
  public static var price: Self { Self("price") }
  /// Price of exported energy [currency/kWh].
  public static var exportPrice: Self { Self("export_price") }
  /// Saving of the recommended power in its quarter of an hour [currency].
  public static var saving: Self { Self("saving") }
  /// Cost of the past day above the minimum [currency].
  public static var regret: Self { Self("regret") }
  /// Saving of the batteries' measured power in a local day [currency].
  public static var daySaving: Self { Self("day_saving") }
  /// Saving of a local day if every recommendation had been followed [currency].
  public static var followedDaySaving: Self { Self("day_saving_followed") }
  /// Greatest possible saving of a local day [currency].
  public static var optimalDaySaving: Self { Self("day_saving_optimal") }
}

extension FieldKey where Value == Bool {
  /// Whether a safety limit changed the recommendation.
  public static var shield: Self { Self("shield") }
}

extension Measurement {
  /// Recommended powers.
  public static let dispatch = Measurement(
    "dispatch",
    contents: "each recommendation for an asset",
    tags: [.plant, .asset],
    fields: [
      .float(.recommendedPower, "recommended power in the asset's own direction [kW]"),
      .float(.actualPower, "measured power [kW]", when: "if it is known"),
      .float(.rulePower, "power of the fixed rule [kW]"),
      .float(.stateOfCharge, "state of charge, 0 to 1", when: "of a battery"),
      .float(.price, "price of imported energy [currency/kWh]", when: "if it is known"),
      .float(.exportPrice, "price of exported energy [currency/kWh]", when: "if it is known"),
      .float(
        .saving,
        "saving of the recommended power in its quarter of an hour, presuming the battery's present charge [currency]; "
          + "where it is not followed, the next recommendation presumes the same energy, so do not add them up",
        when: "if prices are known"),
      .float(
        .regret, "cost of the past day above the minimum [currency]",
        when: "of the first battery, if the whole day is known"),
      .float(
        .daySaving,
        "saving of all batteries in the local day that ended, against none; what is left in them counts "
          + "with its value [currency]", when: "of the first battery, after a known day of 24 hours"),
      .float(
        .followedDaySaving, "the same if every recommendation of the day had been followed [currency]",
        when: "of the first battery, after a known day of 24 hours"),
      .float(
        .optimalDaySaving, "the same at the optimum [currency]",
        when: "of the first battery, after a known day of 24 hours"),
      .boolean(.shield, "whether a safety limit changed the recommendation"),
      .text(.reason, "reason for people"),
    ])
}
