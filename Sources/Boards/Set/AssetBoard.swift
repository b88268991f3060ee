import PointSchema

/// The board Asset.
enum AssetBoard {
  static let board = Board(
    id: "asset", title: "Asset", question: "Why is an asset unhealthy?", span: .lastWeek,
    variables: [.plant(), .asset(), .find, Variable.sensors.asAll],
    annotations: Annotation.all,
    rows: [
      Row(panels: [index, verdict, alerts, history, scores, residuals]),
      Row(
        title: "What its twin finds",
        panels: [charge, resistance, performance, innovation]),
      Row(title: "Sensors, each on an axis of its own", panels: [sensor]),
    ])

  private static let here: [Condition] = [.chosen(.plant), .chosen(.asset)]

  private static let index = Panel(
    "Health index", "100 is nothing against the asset, 0 is failed. Amber below 60, red below 30.", size: (4, 6),
    .figures(.number(.none, decimals: 0, threshold: .below(amber: 60, red: 30), missing: "not judged")),
    [Target("index", Query([field(.index).last], from: .health, where: here, in: .recent("1d")))])

  private static let verdict = Panel(
    "What lowers it, and when service is due",
    "State, the sensors or comparisons that count most against it, and the day at which its falling index reaches 60.",
    size: (20, 6),
    .table([
      Column("Judged", "Time", width: 160),
      Column("State", "state", width: 90),
      Column("Lowered by", "contributors", isWrapped: true),
      Column("Anomaly", "anomaly", .number(.share, decimals: 0), width: 90),
      Column("Drift", "drift", .number(.share, decimals: 0), width: 80),
      Column("Trend a day", "trend_per_day", .number(.none, decimals: 2), width: 110),
      Column("Service due in", "maintenance_days", .number(.days, decimals: 0), width: 120),
      Column("at the earliest", "maintenance_days_low", .number(.days, decimals: 0), width: 120),
      Column("at the latest", "maintenance_days_high", .number(.days, decimals: 0), width: 110),
    ]),
    [
      Target(
        Query(
          [
            field(.index).last.named("index"), field(.state), field(.contributors), field(.anomaly), field(.drift),
            field(.trend), field(.maintenanceDays), field(.maintenanceDaysLow), field(.maintenanceDaysHigh),
          ], from: .health, where: here, in: .recent("1d")))
    ])

  private static let alerts = Standing.table(
    "Alerts of this asset", "Alerts of this asset that stand. An empty table is an asset without alerts.",
    size: (24, 7),
    of: here)

  private static let history = Panel(
    "Health index over time", "Below 60 the asset is poor, and the alert health follows.", size: (8, 8),
    .lines(
      Lines(
        format: .number(.none, decimals: 0), series: [Lines.Series(name: "index", color: Palette.text)], fromZero: true)
    ),
    [Target("index", Query([field(.index).mean], from: .health, where: here, every: .automatic))])

  private static let scores = Panel(
    "Anomaly and drift", "0 is ordinary, 100 % is certain. Anomalies are sudden, drift is slow.", size: (8, 8),
    .lines(
      Lines(
        format: .number(.share, decimals: 0),
        series: [
          Lines.Series(name: "anomaly", color: Palette.purple), Lines.Series(name: "drift", color: Palette.blue),
        ], fromZero: true)),
    [
      Target(
        "$col",
        Query(
          [field(.anomaly).mean.named("anomaly"), field(.drift).mean.named("drift")], from: .health, where: here,
          every: .automatic))
    ])

  private static let residuals = Panel(
    "Measured less forecast",
    "Difference between what came and the median of the forecast one hour ahead, of each forecast sensor of the asset.",
    size: (8, 8),
    .lines(Lines(format: .number(.none))),
    [
      Target(
        "$tag_sensor",
        Query(
          [field(.actual).mean - field(.p50).mean], from: .forecastEvaluation,
          where: here + [.tag(.lead, is: "1h"), .tag(.model, isNot: "naive")], by: [.sensor], every: .automatic))
    ])

  private static let charge = Panel(
    "State of charge: measured and estimated",
    "What the battery reports, and what its twin estimates with one standard deviation to either side.", size: (8, 8),
    .lines(
      Lines(
        format: .number(.percent, decimals: 1),
        series: [
          Lines.Series(name: "reported", color: Palette.text), Lines.Series(name: "estimated", color: Palette.purple),
          Lines.Series(name: "estimated −", color: Palette.purple, width: 0),
          Lines.Series(name: "estimated +", color: Palette.purple, fillsDownTo: "estimated −", width: 0),
        ])),
    [
      Target(
        "$col",
        Query(
          [
            field(.stateOfChargeEstimate).mean.named("estimated"),
            (field(.stateOfChargeEstimate).mean - field(.stateOfChargeDeviation).mean).named("estimated −"),
            (field(.stateOfChargeEstimate).mean + field(.stateOfChargeDeviation).mean).named("estimated +"),
          ], from: .health, where: here, every: .automatic)),
      Target(
        "reported",
        Query(
          [field(.stateOfCharge).mean * 100], from: .dispatch, where: here, every: .automatic)),
    ])

  private static let resistance = Panel(
    "State of health",
    "Capacity of a battery relative to the nominal one, as its twin estimates it.",
    size: (4, 8),
    .lines(
      Lines(
        format: .number(.percent, decimals: 1),
        series: [Lines.Series(name: "state of health", color: Palette.purple)])),
    [
      Target(
        "state of health", Query([field(.stateOfHealthEstimate).mean], from: .health, where: here, every: .automatic))
    ])

  private static let performance = Panel(
    "Performance ratio",
    "Of a PV generator, after IEC 61724-1: yield relative to that of its rating in the same light.",
    size: (4, 8),
    .lines(
      Lines(
        format: .number(.share, decimals: 0), series: [Lines.Series(name: "performance", color: Palette.green)],
        fromZero: true)),
    [
      Target("performance", Query([field(.performanceRatio).mean], from: .health, where: here, every: .automatic))
    ])

  private static let innovation = Panel(
    "Grid meter less the sum of all meters",
    "Of a grid connection: difference from what the other meters predict, with two standard deviations to either side.",
    size: (8, 8),
    .lines(
      Lines(
        format: .number(.kilowatt, decimals: 2),
        series: [
          Lines.Series(name: "difference", color: Palette.text),
          Lines.Series(name: "−2 σ", color: Palette.blue, width: 0),
          Lines.Series(name: "+2 σ", color: Palette.blue, fillsDownTo: "−2 σ", width: 0),
        ])),
    [
      Target(
        "$col",
        Query(
          [
            field(.innovation).mean.named("difference"), (field(.innovationDeviation).mean * -2).named("−2 σ"),
            (field(.innovationDeviation).mean * 2).named("+2 σ"),
          ], from: .health, where: here, every: .automatic))
    ])

  private static let sensor = Panel(
    "$sensor", "Cleaned readings of the last two days, and means of hours before; dots are readings that are not good.",
    size: (8, 7),
    .lines(
      Lines(
        format: .number(.none),
        series: [
          Lines.Series(name: "^(?!not good)", color: Palette.blue, isPattern: true),
          Lines.Series(name: "not good", color: Palette.red, isPoints: true),
        ])), Readings.targets(here + [.chosen(.sensor)])
  ).forEach("sensor")
}

extension Variable {
  /// The variable with several choices, of which all are made at first.
  fileprivate var asAll: Variable {
    var variable = self
    variable.isMultiple = true
    variable.offersAll = true
    return variable
  }
}

/// Cleaned readings in the resolution that a time range needs.
enum Readings {
  /// Readings of the last two days, means of hours before, and means of days before two months.
  static func targets(_ conditions: [Condition]) -> [Target] {
    [
      Target(
        "$tag_sensor [$tag_unit]",
        Query(
          [field(.value).mean], from: .clean, where: conditions, in: .rangeWithin("2d"), by: [.sensor, .unit],
          every: .automatic, fill: .null)),
      Target(
        "$tag_sensor [$tag_unit], hours",
        Query(
          [field(.mean).mean], from: .cleanHourly, where: conditions, in: .rangeBefore("2d", upTo: "60d"),
          by: [.sensor, .unit], every: .automatic)),
      Target(
        "$tag_sensor [$tag_unit], days",
        Query(
          [field(.mean).mean], from: .cleanDaily, where: conditions, in: .rangeBefore("60d", upTo: nil),
          by: [.sensor, .unit], every: .automatic)),
      Target(
        "not good",
        Query(
          [field(.value).mean], from: .clean, where: conditions + [field(.quality) > 0], in: .rangeWithin("2d"),
          every: .automatic)),
    ]
  }
}
