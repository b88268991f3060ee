import PointSchema

/// The board Plant.
enum PlantBoard {
  static let board = Board(
    id: "plant", title: "Plant", question: "What is going on in a plant?", refresh: "10s",
    variables: [
      .plant(isMultiple: true),
      Variable(
        name: "meter", label: "Meter", description: "Assets that measure a frequency: grid connections",
        kind: .values(of: .asset, in: .clean, where: [.chosen(.plant), .tag(.sensor, is: "frequency")], limit: 12),
        isMultiple: true, offersAll: true, isHidden: true),
    ],
    annotations: Annotation.all,
    rows: [
      Row(
        title: "$plant", repeated: "plant",
        panels: [
          verdict, now, toDo, health, powers, expected, nextDay, charge, stateOfHealth, price, voltages, frequencies,
          voltage, frequency, current,
        ])
    ])

  private static let here: [Condition] = [.chosen(.plant)]

  private static let verdict = Verdict(
    of: .plantState, where: here, by: .plant, missing: "NO PROCESS HAS REPORTED ON THIS PLANT"
  ).panel(
    "Is all right here?",
    """
    The worst alert of this plant, and the age of the report that says so. Wattline reports every ten seconds; after a \
    minute without a report nothing here is known to be well.
    """, size: (10, 4))

  private static let now = Panel(
    "Power now",
    """
    Powers of the last five minutes. Battery is positive when it discharges, grid when it imports. “not known” \
    means that no meter has reported.
    """, size: (14, 4),
    .figures(.number(.kilowatt, decimals: 1, missing: "not known"), naming: true),
    [
      Target(
        "$col",
        Query(
          [
            field(.generationPower).last.named("generation"), field(.loadPower).last.named("load"),
            field(.batteryPower).last.named("battery"), field(.gridPower).last.named("grid"),
          ], from: .kpi, where: here, in: .recent("5m")))
    ])

  private static let toDo = Standing.table(
    "What is wrong",
    "Alerts of this plant that stand and follow from no other, worst first. An empty table is a plant without alerts.",
    size: (24, 7), of: here, where: [Standing.isActive, field(.cause) == ""], without: ["Plant", "Follows from"])

  private static let health = Panel(
    "Assets, the least healthy first",
    """
    Health index of each asset: 100 is nothing against it, below 60 it is poor. What lowers it, and in how many days \
    service is due where the index falls. An asset's name opens it.
    """, size: (10, 9),
    .table(
      [
        Column(
          "Asset", "asset", width: 120,
          link: Link("This asset", to: "asset", [("plant", .variable("plant")), ("asset", .cell)])),
        Column("Health", "index", .number(.none, decimals: 0, threshold: .below(amber: 60, red: 30)), width: 80),
        Column("State", "state", width: 85),
        Column("Lowered by", "contributors", isWrapped: true),
        Column("Service due", "maintenance_days", .number(.days, decimals: 0), width: 100),
      ], sort: [("Health", false)]),
    [
      Target(
        Query(
          [field(.index).last.named("index"), field(.state), field(.contributors), field(.maintenanceDays)],
          from: .health, where: here, in: .recent("1d"), by: [.asset]))
    ])

  private static let powers = Panel(
    "Power flow",
    """
    Mean power of the plant's parts, and the limits of the grid connection. Generation and load are positive as such; \
    battery is positive when it discharges, grid when it imports.
    """, size: (14, 9),
    .lines(
      Lines(
        format: .number(.kilowatt, decimals: 1),
        series: [
          Lines.Series(name: "generation", color: Palette.green), Lines.Series(name: "load", color: Palette.blue),
          Lines.Series(name: "battery", color: Palette.purple), Lines.Series(name: "grid", color: Palette.text),
          Lines.Series(name: "import limit", color: Palette.red, isDashed: true),
          Lines.Series(name: "export limit", color: Palette.red, isDashed: true),
        ])),
    [
      Target(
        "$col",
        Query(
          [
            field(.generationPower).mean.named("generation"), field(.loadPower).mean.named("load"),
            field(.batteryPower).mean.named("battery"), field(.gridPower).mean.named("grid"),
            field(.importLimit).mean.named("import limit"), (-field(.exportLimit).mean).named("export limit"),
          ], from: .kpi, where: here, every: .automatic, fill: .null))
    ])

  private static let expectation = Band.columns(
    "expected", color: Palette.blue, low: field(.p10), middle: field(.p50), high: field(.p90))

  private static let expected = Panel(
    "Grid power: actual against expected",
    """
    Power at the grid connection, positive is import, and the latest forecast of the same time between its 10 % and \
    90 % quantiles. The board Forecast has every asset.
    """, size: (12, 9),
    .lines(
      Lines(
        format: .number(.kilowatt, decimals: 1),
        series: expectation.series + [Lines.Series(name: "actual", color: Palette.text)])),
    [
      Target(
        "$col",
        Query(
          expectation.columns, from: .forecastLatest,
          where: here + [.chosen(.asset, by: "meter"), .tag(.sensor, is: "power")], every: .automatic)),
      Target(
        "$col", Query([field(.gridPower).mean.named("actual")], from: .kpi, where: here, every: .automatic, fill: .null)
      ),
    ])

  private static let nextDay = Panel(
    "The next 24 hours", "Median of the forecast of each asset from now on.", size: (12, 9),
    .lines(Lines(format: .number(.kilowatt, decimals: 1))),
    [
      Target(
        "$tag_asset",
        Query(
          [field(.p50).mean], from: .forecastLatest, where: here + [.tag(.sensor, is: "power")], by: [.asset],
          every: .automatic))
    ]
  ).over("+24h")

  private static let charge = Panel(
    "State of charge", "Energy in each battery as a share of its capacity.", size: (8, 8),
    .lines(Lines(format: .number(.share, decimals: 0), fromZero: true)),
    [
      Target(
        "$tag_asset",
        Query([field(.stateOfCharge).mean], from: .dispatch, where: here, by: [.asset], every: .automatic))
    ])

  private static let stateOfHealth = Panel(
    "State of health", "Capacity of each battery relative to the nominal one, as its twin estimates it.", size: (4, 8),
    .figures(
      .number(.percent, decimals: 1, threshold: .below(amber: 80, red: 70), missing: "not known"), naming: true),
    [
      Target(
        "$tag_asset",
        Query([field(.stateOfHealthEstimate).last], from: .health, where: here, in: .recent("2d"), by: [.asset]))
    ])

  /// The values of a sensor of the grid connection beside its normal band.
  ///
  /// - Parameters:
  ///   - title: Title of the panel.
  ///   - sensor: Start of the sensor's name.
  ///   - unit: Unit of its values.
  ///   - band: Greatest normal deviation from the usual, and that which is amber already.
  /// - Returns: The panel.
  private static func card(_ title: String, sensor: String, unit: Unit, band: (amber: Double, red: Double)) -> Panel {
    let value = field(.value)
    let percent = Format.number(.share, decimals: 1, threshold: .off(amber: band.amber, red: band.red))
    return Panel(
      title,
      """
      Last value, how far it is off the mean of the time range, the normal band around that mean by EN 50160, and the \
      least and greatest value. A sensor's name opens it.
      """, size: (12, 5),
      .table(
        [
          Column(
            "Sensor", "sensor", width: 120,
            link: Link(
              "This sensor", to: "sensor",
              [("plant", .variable("plant")), ("asset", .column("Asset")), ("sensor", .cell)])),
          Column("Asset", "asset", width: 90),
          Column("Now", "now", .number(unit, decimals: 2)),
          Column("Off usual", "off", percent, width: 85),
          Column("Normal from", "low", .number(unit, decimals: 1)),
          Column("to", "high", .number(unit, decimals: 1)),
          Column("Least", "least", .number(unit, decimals: 2)),
          Column("Greatest", "greatest", .number(unit, decimals: 2)),
        ], sort: [("Sensor", false)]),
      [
        Target(
          Query(
            [
              value.last.named("now"), (value.last / value.mean - .number(1)).named("off"),
              (value.mean * (1 - band.red)).named("low"), (value.mean * (1 + band.red)).named("high"),
              value.minimum.named("least"), value.maximum.named("greatest"),
            ], from: .clean, where: here + [.chosen(.asset, by: "meter"), .matches(.sensor, "^\(sensor)")],
            in: .rangeWithin("7d"), by: [.asset, .sensor]))
      ]
    ).saying("no \(sensor) is measured")
  }

  private static let voltages = card(
    "Grid voltage: now against normal", sensor: "voltage", unit: .volt, band: (0.08, 0.1))
  private static let frequencies = card(
    "Grid frequency: now against normal", sensor: "frequency", unit: .hertz, band: (0.006, 0.01))

  /// A sensor of the grid connection on an axis of its own, so that a deviation of a few percent is seen.
  private static func grid(_ title: String, _ description: String, sensor: String, unit: Unit) -> Panel {
    Panel(
      title, description, size: (8, 8), .lines(Lines(format: .number(unit, decimals: 2))),
      [
        Target(
          "$tag_asset $tag_sensor",
          Query(
            [field(.value).mean], from: .clean,
            where: here + [.chosen(.asset, by: "meter"), .matches(.sensor, "^\(sensor)")], in: .rangeWithin("7d"),
            by: [.asset, .sensor], every: .automatic, fill: .null)),
        Target(
          "$tag_asset $tag_sensor",
          Query(
            [field(.mean).mean], from: .cleanHourly,
            where: here + [.chosen(.asset, by: "meter"), .matches(.sensor, "^\(sensor)")],
            in: .rangeBefore("7d", upTo: nil), by: [.asset, .sensor], every: .automatic, fill: .null)),
      ])
  }

  private static let voltage = grid(
    "Grid voltage", "Voltage at the grid connection. More than 10 % off the usual raises an alert.", sensor: "voltage",
    unit: .volt)
  private static let frequency = grid(
    "Grid frequency", "Frequency at the grid connection. More than 1 % off 50 or 60 Hz raises an alert.",
    sensor: "frequency", unit: .hertz)
  private static let current = grid(
    "Grid current", "Current at the grid connection.", sensor: "current", unit: .ampere)

  private static let price = Panel(
    "Price of energy", "Price of imported and exported energy, in the plant's currency for a kWh.", size: (12, 8),
    .lines(
      Lines(
        format: .number(.none, decimals: 2),
        series: [
          Lines.Series(name: "import", color: Palette.text, isStepped: true),
          Lines.Series(name: "export", color: Palette.green, isStepped: true),
        ])),
    [
      Target(
        "$col",
        Query(
          [field(.price).mean.named("import"), field(.exportPrice).mean.named("export")], from: .dispatch, where: here,
          every: .automatic))
    ])
}
