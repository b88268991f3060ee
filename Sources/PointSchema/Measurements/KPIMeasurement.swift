extension FieldKey where Value == Double {
  /// Power of all generators [kW].
  public static var generationPower: Self { Self("generation_kw") }
  /// Consumption, measured or from the balance [kW].
  public static var loadPower: Self { Self("load_kw") }
  /// Power of the grid connections, positive import [kW].
  public static var gridPower: Self { Self("grid_kw") }
  /// Power of the batteries, positive discharge [kW].
  public static var batteryPower: Self { Self("battery_kw") }
  /// Greatest import that the grid connections allow [kW].
  public static var importLimit: Self { Self("import_limit_kw") }
  /// Greatest export that the grid connections allow [kW].
  public static var exportLimit: Self { Self("export_limit_kw") }
  /// Share of the generators that report, 0...1.
  public static var generationCoverage: Self { Self("generation_coverage") }
  /// Share of the loads that report, 0...1.
  public static var loadCoverage: Self { Self("load_coverage") }
  /// Share of the batteries that report, 0...1.
  public static var batteryCoverage: Self { Self("battery_coverage") }
  /// Imported energy [kWh].
  public static var importEnergy: Self { Self("import_kwh") }
  /// Exported energy [kWh].
  public static var exportEnergy: Self { Self("export_kwh") }
  /// Share of the quarter with a known exchange, 0...1.
  public static var exchangeShare: Self { Self("exchange_share") }
  /// Generated energy [kWh].
  public static var generationEnergy: Self { Self("generation_kwh") }
  /// Consumed energy [kWh].
  public static var loadEnergy: Self { Self("load_kwh") }
  /// Energy out of batteries [kWh].
  public static var dischargeEnergy: Self { Self("discharge_kwh") }
  /// Energy into batteries [kWh].
  public static var chargeEnergy: Self { Self("charge_kwh") }
  /// Share of the generation that was not exported, 0...1.
  public static var selfConsumption: Self { Self("self_consumption") }
  /// Cost of the exchange, negative if earned [currency].
  public static var cost: Self { Self("cost") }
  /// Share of the exchanged energy with a known price, 0...1.
  public static var costCoverage: Self { Self("cost_coverage") }
  /// Emissions of the imported energy [kg].
  public static var carbon: Self { Self("carbon_kg") }
}

extension FieldKey where Value == String {
  /// Currency of the cost.
  public static var currency: Self { Self("currency") }
}

extension Measurement {
  /// Power, energy and money of a plant.
  public static let kpi = Measurement(
    "kpi",
    contents: "power each minute; energy and money at the start of each quarter of an hour",
    tags: [.plant],
    fields: [
      .float(.generationPower, "power of all generators [kW]", when: "each minute"),
      .float(.loadPower, "consumption [kW]", when: "each minute"),
      .float(.gridPower, "power of the grid connections, positive import [kW]", when: "each minute"),
      .float(.batteryPower, "power of the batteries, positive discharge [kW]", when: "each minute"),
      .float(.generationCoverage, "share of the generators that report, 0 to 1", when: "each minute"),
      .float(.loadCoverage, "share of the loads that report, 0 to 1", when: "each minute"),
      .float(.batteryCoverage, "share of the batteries that report, 0 to 1", when: "each minute"),
      .float(.importLimit, "greatest import that is allowed [kW]", when: "each minute, if it is limited"),
      .float(.exportLimit, "greatest export that is allowed [kW]", when: "each minute, if it is limited"),
      .float(.importEnergy, "imported energy [kWh]", when: "each quarter of an hour"),
      .float(.exportEnergy, "exported energy [kWh]", when: "each quarter of an hour"),
      .float(.exchangeShare, "share of the quarter with a known exchange, 0 to 1", when: "each quarter of an hour"),
      .float(.generationEnergy, "generated energy [kWh]", when: "each quarter of an hour"),
      .float(.loadEnergy, "consumed energy [kWh]", when: "each quarter of an hour"),
      .float(.dischargeEnergy, "energy out of batteries [kWh]", when: "each quarter of an hour"),
      .float(.chargeEnergy, "energy into batteries [kWh]", when: "each quarter of an hour"),
      .float(
        .selfConsumption, "share of the generation that was not exported, 0 to 1", when: "each quarter of an hour"),
      .float(
        .cost, "cost of the exchange at known prices, negative if earned [currency]", when: "each quarter of an hour"),
      .text(.currency, "currency of the cost", when: "with a cost"),
      .float(
        .costCoverage, "share of the exchanged energy with a known price, 0 to 1",
        when: "each quarter of an hour, if there are prices"),
      .float(
        .carbon, "emissions of the imported energy [kg]", when: "each quarter of an hour, if the intensity is known"),
    ])
}
