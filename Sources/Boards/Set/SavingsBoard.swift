import PointSchema

/// The board Savings.
enum SavingsBoard {
  static let board = Board(
    id: "savings", title: "Savings", question: "What did the measures save?", span: .lastYear, refresh: "15m",
    variables: [
      .plant(in: .savings),
      Variable(
        name: "meter", label: "Meter", description: "Meters of the plant whose savings are verified",
        kind: .values(of: .meter, in: .savings, where: [.chosen(.plant)], limit: nil)),
      Variable(
        name: "model", label: "Baseline", description: "Version of the frozen baseline",
        kind: .values(of: .model, in: .savings, where: [.chosen(.plant), .chosen(.meter)], limit: nil)),
      .currency,
    ],
    annotations: [
      Annotation(
        name: "Measures", color: Palette.green,
        query: Query([field(.measures)], from: .savings, where: here), text: "measures", tags: []),
      Annotation(
        name: "Maintenance and operation", color: Palette.blue,
        query: Query([field(.text)], from: .savingsWork, where: [.chosen(.plant)]), text: "text", tags: []),
    ],
    rows: [
      Row(panels: [
        figure(
          "Saved since the start", "Sum of predicted less actual use since the start of the reporting period.",
          Query([field(.cumulativeSaving).last], from: .savings, where: here), .number(.kilowattHour, decimals: 0)),
        figure(
          "Give or take", "Half of the interval of that sum at the end of the last closed month.",
          Query([field(.cumulativeHalfInterval).last], from: .savingsMonth, where: here),
          .number(.kilowattHour, decimals: 0, missing: "no month yet")),
        figure(
          "Guaranteed by now", "The contract's saving of a year in proportion to the days measured since it began.",
          Query([field(.guaranteedSaving).last], from: .savings, where: here),
          .number(.kilowattHour, decimals: 0, missing: "no contract")),
        figure(
          "Money saved, in $currency", "Savings of the time range at the mean price of each day.",
          Query([field(.costSaved).sum], from: .savings, where: here),
          .number(.none, decimals: 0, missing: "no prices")),
        figure(
          "Carbon saved", "Emissions saved in the time range.",
          Query([field(.carbonSaved).sum], from: .savings, where: here),
          .number(.kilogram, decimals: 0, missing: "not known")),
        figure(
          "Last closed month", "Actual less predicted use over the prediction. Above 10 % to either side is an alert.",
          Query([field(.deviation).last], from: .savingsMonth, where: here),
          .number(.percent, decimals: 1, missing: "no month yet")),
      ]),
      Row(panels: [use, deviation, cumulative, months]),
      Row(panels: [operation, investigations, events]),
    ])

  private static let here: [Condition] = [.chosen(.plant), .chosen(.meter), .chosen(.model)]

  private static func figure(_ title: String, _ description: String, _ query: Query, _ format: Format) -> Panel {
    Panel(title, description, size: (4, 5), .figures(format), [Target("value", query)])
  }

  private static let use = Panel(
    "Predicted and actual use of each day",
    "What the frozen baseline predicts for the day's weather and calendar, and what the meter counted.",
    size: (24, 9),
    .lines(
      Lines(
        format: .number(.kilowattHour, decimals: 0),
        series: [
          Lines.Series(name: "predicted", color: Palette.blue, isDashed: true),
          Lines.Series(name: "actual", color: Palette.text),
        ], fromZero: true)),
    [
      Target(
        "$col",
        Query(
          [field(.predictedEnergy).named("predicted"), field(.actualEnergy).named("actual")], from: .savings,
          where: here))
    ])

  private static let deviation = Panel(
    "Deviation of each month", "Actual less predicted use over the prediction. Savings are negative.",
    size: (12, 8),
    .lines(
      Lines(
        format: .number(.percent, decimals: 1), style: .bars,
        series: [Lines.Series(name: "deviation", color: Palette.blue)])),
    [Target("$col", Query([field(.deviation).named("deviation")], from: .savingsMonth, where: here))])

  private static let cumulative = Panel(
    "Cumulative saving",
    "The sum at the end of each month with its interval, and what the contract guarantees by then.",
    size: (12, 8),
    .lines(
      Lines(
        format: .number(.kilowattHour, decimals: 0),
        series: [
          Lines.Series(name: "low", color: Palette.blue, width: 0),
          Lines.Series(name: "high", color: Palette.blue, fillsDownTo: "low", width: 0),
          Lines.Series(name: "saved", color: Palette.blue),
          Lines.Series(name: "guaranteed", color: Palette.red, isDashed: true),
        ])),
    [
      Target(
        "$col",
        Query(
          [
            (field(.cumulativeSaving) - field(.cumulativeHalfInterval)).named("low"),
            field(.cumulativeSaving).named("saved"),
            (field(.cumulativeSaving) + field(.cumulativeHalfInterval)).named("high"),
            field(.guaranteedSaving).named("guaranteed"),
          ], from: .savingsMonth, where: here))
    ])

  private static let months = Panel(
    "Closed months",
    """
    A month is tracking below 5 % or within its own interval, warning below 10 %, else alert. It has no state if less \
    than nine tenths of its days are known.
    """, size: (24, 9),
    .table(
      [
        Column("Month from", "Time", width: 180),
        Column("Predicted", "predicted_kwh", .number(.kilowattHour, decimals: 0), width: 120),
        Column("Actual", "actual_kwh", .number(.kilowattHour, decimals: 0), width: 120),
        Column("Deviation", "deviation_pct", .number(.percent, decimals: 1), width: 100),
        Column("Give or take", "half_kwh", .number(.kilowattHour, decimals: 0), width: 120),
        Column("State", "state", width: 110),
        Column("Money saved", "cost_saved", .number(.none, decimals: 0), width: 120),
        Column("Carbon saved", "carbon_saved_kg", .number(.kilogram, decimals: 0)),
      ], sort: [("Month from", true)]),
    [
      Target(
        Query(
          [
            field(.predictedEnergy), field(.actualEnergy), field(.deviation), field(.halfInterval), field(.state),
            field(.costSaved), field(.carbonSaved),
          ], from: .savingsMonth, where: here))
    ]
  ).saying("no month is closed yet")

  private static let meterHere: [Condition] = [.chosen(.plant), .chosen(.meter)]

  private static let operation = Panel(
    "Deviation from the operational model",
    """
    Actual less expected use of each closed month. The operational model follows measures and recalibrations, so that a \
    deviation is a fault or a change that nobody has entered.
    """, size: (24, 8),
    .lines(
      Lines(
        format: .number(.percent, decimals: 1), style: .bars,
        series: [Lines.Series(name: "deviation", color: Palette.blue)])),
    [Target("$col", Query([field(.deviation).named("deviation")], from: .savingsOperationMonth, where: meterHere))]
  ).saying("no month is closed yet")

  private static let investigations = Panel(
    "Investigations", "Deviations with candidates for their cause. Assign and close them by MQTT, HTTP or command.",
    size: (24, 8),
    .table(
      [
        Column("Opened", "Time", width: 180), Column("Id", "id", width: 70), Column("State", "state", width: 100),
        Column("Severity", "severity", width: 100), Column("Since", "since_day", width: 110),
        Column("Deviation", "deviation_pct", .number(.percent, decimals: 1), width: 100),
        Column("Cause", "cause", width: 240), Column("Candidates", "candidates"),
      ], sort: [("Opened", true)]),
    [
      Target(
        Query(
          [
            field(.id), field(.state), field(.severity), field(.sinceDay), field(.deviation), field(.cause),
            field(.candidates),
          ], from: .savingsInvestigation, where: meterHere))
    ]
  ).saying("nothing was investigated")

  private static let events = Panel(
    "Non-routine events", "Spans of days at another level. Confirmed ones are taken out of the saving.", size: (24, 7),
    .table(
      [
        Column("First day", "Time", width: 180), Column("Id", "id", width: 70),
        Column("Last day", "last_day", width: 120),
        Column("More or less use", "effect_kwh", .number(.kilowattHour, decimals: 0), width: 150),
        Column("Decision", "decision", width: 120), Column("By", "by"),
      ], sort: [("First day", true)]),
    [
      Target(
        Query(
          [field(.id), field(.lastDay), field(.eventEffect), field(.decision), field(.author)], from: .savingsEvent,
          where: meterHere))
    ]
  ).saying("no event was found")
}
