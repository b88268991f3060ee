extension Tag {
  /// Meter whose savings are verified.
  public static let meter = Tag("meter", meaning: "meter as the plant's file names it: `main` or `main.power`")
}

extension FieldKey where Value == Double {
  /// Use that a frozen baseline predicts [kWh].
  public static var predictedEnergy: Self { Self("predicted_kwh") }
  /// Actual use [kWh].
  public static var actualEnergy: Self { Self("actual_kwh") }
  /// Actual minus predicted use over the prediction [%].
  public static var deviation: Self { Self("deviation_pct") }
  /// Half of the interval of a saving [kWh].
  public static var halfInterval: Self { Self("half_kwh") }
  /// Sum of savings since the start of the reporting period [kWh].
  public static var cumulativeSaving: Self { Self("cumulative_kwh") }
  /// Half of the interval of that sum [kWh].
  public static var cumulativeHalfInterval: Self { Self("cumulative_half_kwh") }
  /// Sum that a contract guarantees by then [kWh].
  public static var guaranteedSaving: Self { Self("guaranteed_kwh") }
  /// Money saved [currency].
  public static var costSaved: Self { Self("cost_saved") }
  /// Emissions saved [kg].
  public static var carbonSaved: Self { Self("carbon_saved_kg") }
}

extension FieldKey where Value == String {
  /// Measures that begin on a day.
  public static var measures: Self { Self("measures") }
}

extension Measurement {
  /// Days of a meter whose savings are verified.
  public static let savings = Measurement(
    "savings",
    contents: "each closed day of a meter whose savings are verified, at its start",
    tags: [.plant, .meter, .model],
    fields: [
      .float(.predictedEnergy, "use that the frozen baseline predicts [kWh]"),
      .float(.actualEnergy, "actual use [kWh]"),
      .float(.deviation, "actual minus predicted use over the prediction [%]", when: "if the prediction is not 0"),
      .float(.halfInterval, "half of the interval of the day's saving [kWh]"),
      .float(.cumulativeSaving, "sum of savings since the start of the reporting period [kWh]"),
      .float(.guaranteedSaving, "sum that the contract guarantees by then [kWh]", when: "with a contract"),
      .float(.costSaved, "money saved [currency]", when: "if the price of the day is known"),
      .float(.carbonSaved, "emissions saved [kg]", when: "if the emissions of the day are known"),
      .text(.measures, "names of the measures that begin", when: "on the first measured day of a measure"),
    ])

  /// Months of a meter whose savings are verified.
  public static let savingsMonth = Measurement(
    "savings_month",
    contents: "each closed month of a meter whose savings are verified, at its start",
    tags: [.plant, .meter, .model],
    fields: [
      .float(.predictedEnergy, "use that the frozen baseline predicts [kWh]"),
      .float(.actualEnergy, "actual use [kWh]"),
      .float(.deviation, "actual minus predicted use over the prediction [%]", when: "if the prediction is not 0"),
      .float(.halfInterval, "half of the interval of the month's saving [kWh]"),
      .text(.state, "`tracking`, `warning` or `alert`", when: "if nine tenths of the days are known"),
      .float(.cumulativeSaving, "sum of savings since the start of the reporting period [kWh]"),
      .float(.cumulativeHalfInterval, "half of the interval of that sum [kWh]"),
      .float(.guaranteedSaving, "sum that the contract guarantees by then [kWh]", when: "with a contract"),
      .float(.costSaved, "money saved [currency]", when: "if a price is known"),
      .float(.carbonSaved, "emissions saved [kg]", when: "if emissions are known"),
    ])
}
