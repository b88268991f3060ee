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

extension FieldKey where Value == Double {
  /// Use that the operational model expects [kWh].
  public static var expectedEnergy: Self { Self("expected_kwh") }
  /// Actual minus expected use of an event [kWh].
  public static var eventEffect: Self { Self("effect_kwh") }
}

extension FieldKey where Value == String {
  /// Measures that begin on a day.
  public static var measures: Self { Self("measures") }
  /// Last day of an event.
  public static var lastDay: Self { Self("last_day") }
  /// First day of a deviation.
  public static var sinceDay: Self { Self("since_day") }
  /// Decision of a person about an event.
  public static var decision: Self { Self("decision") }
  /// Person who decided or wrote.
  public static var author: Self { Self("by") }
  /// Candidates for a cause.
  public static var candidates: Self { Self("candidates") }
  /// Kind of work on the plant.
  public static var work: Self { Self("work") }
  /// Asset that was worked on.
  public static var workedAsset: Self { Self("worked_asset") }
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

  /// Days of a meter against its operational model.
  public static let savingsOperation = Measurement(
    "savings_operation",
    contents: "each closed day of a meter whose savings are verified, against its operational model, at its start",
    tags: [.plant, .meter],
    fields: [
      .float(.expectedEnergy, "use that the operational model expects [kWh]"),
      .float(.actualEnergy, "actual use [kWh]"),
      .float(.deviation, "actual minus expected use over the expectation [%]", when: "if the expectation is not 0"),
      .float(.halfInterval, "half of the interval of the difference [kWh]"),
      .text(.model, "version of the operational model"),
    ])

  /// Months of a meter against its operational model.
  public static let savingsOperationMonth = Measurement(
    "savings_operation_month",
    contents: "each closed month of a meter whose savings are verified, against its operational model, at its start",
    tags: [.plant, .meter],
    fields: [
      .float(.expectedEnergy, "use that the operational model expects [kWh]"),
      .float(.actualEnergy, "actual use [kWh]"),
      .float(.deviation, "actual minus expected use over the expectation [%]", when: "if the expectation is not 0"),
      .float(.halfInterval, "half of the interval of the difference [kWh]"),
      .text(.state, "`tracking`, `warning` or `alert`"),
      .text(.model, "version of the operational model"),
    ])

  /// Non-routine events.
  public static let savingsEvent = Measurement(
    "savings_event",
    contents: "each non-routine event of a meter whose savings are verified, at its first day",
    tags: [.plant, .meter],
    fields: [
      .text(.id, "identifier within the plant, such as `E1`"), .text(.lastDay, "last day"),
      .float(.eventEffect, "actual minus expected use [kWh]"),
      .text(.decision, "`pending`, `confirmed` (taken out of the saving) or `rejected`"),
      .text(.author, "person who decided", when: "once somebody has"),
    ])

  /// Investigations of deviations.
  public static let savingsInvestigation = Measurement(
    "savings_investigation",
    contents: "each investigation of a deviation, at its opening; a change replaces the point",
    tags: [.plant, .meter],
    fields: [
      .text(.id, "identifier within the plant, such as `I1`"), .text(.state, "`open`, `assigned` or `closed`"),
      .text(.severity, "severity of its alert"), .text(.sinceDay, "first day of the deviation"),
      .float(.deviation, "deviation at its opening [%]"), .float(.halfInterval, "half of its interval [kWh]"),
      .text(.candidates, "candidates for the cause, with semicolons"),
      .text(.cause, "cause", when: "once somebody has named one"),
      .text(.author, "person who named the cause or closed it", when: "once somebody has"),
    ])

  /// Work on the plant.
  public static let savingsWork = Measurement(
    "savings_work",
    contents: "each entry of maintenance or operation, at its day",
    tags: [.plant],
    fields: [
      .text(.id, "identifier within the plant, such as `M1`"), .text(.work, "`maintenance` or `operation`"),
      .text(.text, "what was done"), .text(.workedAsset, "asset", when: "if one is named"),
      .text(.author, "person who wrote it"),
    ])
}
