import PointSchema

/// The board Community.
enum CommunityBoard {
  static let board = Board(
    id: "community", title: "Community", question: "What does the community do?", span: .aroundNow, refresh: "1m",
    variables: [
      Variable(
        name: "community", label: "Community", description: "Communities that run, or of which there are studies",
        kind: .values(of: .community, in: .community, where: [], limit: nil))
    ],
    rows: [
      Row(panels: [
        figure(
          "Net load now", "Import less export of all members, estimated from those that are metered.",
          field(.netPower).last, .number(.kilowatt, decimals: 1, missing: "nobody metered")),
        figure(
          "Give or take", "Standard deviation of that estimate.", field(.netDeviation).last,
          .number(.kilowatt, decimals: 1, missing: "nobody metered"), width: 3),
        figure("Members", "Members of the community.", field(.members).last, .number(.count), width: 3),
        figure(
          "Metered", "Members that told of the latest quarter of an hour.", field(.metered).last, .number(.count),
          width: 3),
        figure(
          "Greatest import planned", "Of the day ahead.", field(.plannedPeak).last,
          .number(.kilowatt, decimals: 1, missing: "not decided")),
        figure(
          "Limit of import", "Above it a kilowatt-hour costs the price of overload.",
          field(.communityImportLimit).last, .number(.kilowatt, decimals: 0, missing: "no limit"), width: 3),
        figure(
          "Gain of the day ahead", "Of all members together, against each alone. In the community's currency.",
          field(.gain).last, .number(.none, decimals: 2, missing: "not decided")),
      ]),
      Row(title: "A day back and a day ahead", panels: [flows, range, prices, carbon]),
      Row(title: "Members", panels: [members, gains, deviations]),
      Row(title: "Studies", panels: [studies, decisions]),
    ])

  private static let here: [Condition] = [.chosen(.community)]

  private static func figure(
    _ title: String, _ description: String, _ value: Expression, _ format: Format, width: Int = 4
  ) -> Panel {
    Panel(
      title, description, size: (width, 5), .figures(format),
      [Target("value", Query([value], from: .community, where: here))])
  }

  /// Lines over the day ahead, of which each past quarter keeps what was decided last.
  private static func lines(
    _ title: String, _ description: String, _ columns: [Expression], _ lines: Lines
  ) -> Panel {
    Panel(
      title, description, size: (12, 9), .lines(lines),
      [Target("$col", Query(columns, from: .communityAhead, where: here, every: .automatic))])
  }

  private static let flows = lines(
    "Flows of the connection", "Planned import and export.",
    [field(.plannedImport).mean.named("import"), field(.plannedExport).mean.named("export")],
    Lines(
      format: .number(.kilowatt, decimals: 1),
      series: [
        Lines.Series(name: "import", color: Palette.blue, isStepped: true),
        Lines.Series(name: "export", color: Palette.green, isStepped: true),
      ], fromZero: true))

  private static let range = lines(
    "Net load as members have been",
    "Import less export of the whole, as its past lets expect: median, and the range that holds it in four of five "
      + "cases. Known after three days.",
    [
      field(.p10).mean.named("low"), field(.p50).mean.named("median"), field(.p90).mean.named("high"),
    ],
    Lines(
      format: .number(.kilowatt, decimals: 1),
      series: [
        Lines.Series(name: "low", color: Palette.purple, width: 0),
        Lines.Series(name: "high", color: Palette.purple, fillsDownTo: "low", width: 0),
        Lines.Series(name: "median", color: Palette.purple),
      ]))

  private static let prices = lines(
    "Price of a kilowatt-hour", "Within the community, for buying and selling alike, and at the grid.",
    [field(.price).mean.named("community"), field(.gridImportPrice).mean.named("grid")],
    Lines(
      format: .number(.none, decimals: 3),
      series: [
        Lines.Series(name: "community", color: Palette.blue, isStepped: true),
        Lines.Series(name: "grid", color: Palette.text, isDashed: true, isStepped: true),
      ]))

  private static let carbon = lines(
    "Carbon of a kilowatt-hour imported", "Kilograms of carbon dioxide.",
    [field(.carbonIntensity).mean.named("carbon")],
    Lines(
      format: .number(.kilogram, decimals: 2),
      series: [Lines.Series(name: "carbon", color: Palette.text, isStepped: true)], fromZero: true))

  private static let members = Panel(
    "Who shares", "The latest quarter of an hour of each member. Money is of the day ahead, against being alone.",
    size: (24, 8),
    .table([
      Column("Member", "plant"),
      Column("Battery", "battery_kw", .number(.kilowatt, decimals: 2), width: 110),
      Column("Cars", "car_kw", .number(.kilowatt, decimals: 2), width: 110),
      Column("Net planned", "net_kw", .number(.kilowatt, decimals: 2), width: 120),
      Column("Pays", "cost_ahead", .number(.none, decimals: 2), width: 110),
      Column("Alone", "cost_alone", .number(.none, decimals: 2), width: 110),
      Column("Gain", "gain", .number(.none, decimals: 2), width: 110),
    ]),
    [
      Target(
        Query(
          [
            field(.plannedBattery).last.named("battery_kw"), field(.plannedCars).last.named("car_kw"),
            field(.netPower).last.named("net_kw"), field(.dayAheadCost).last.named("cost_ahead"),
            field(.aloneCost).last.named("cost_alone"), field(.gain).last.named("gain"),
          ], from: .communityMember, where: here, by: [.plant]))
    ]
  ).saying("no member has told yet")

  private static let gains = Panel(
    "Gain by member", "Gain of the day ahead against being alone, in the community's currency.", size: (12, 8),
    .lines(Lines(format: .number(.none, decimals: 2))),
    [
      Target(
        "$tag_plant",
        Query([field(.gain).mean], from: .communityMember, where: here, by: [.plant], every: .automatic))
    ])

  private static let deviations = Panel(
    "What deviations cost", "Measured less planned energy at the community's price, by member. Negative is a saving.",
    size: (12, 8),
    .lines(Lines(format: .number(.none, decimals: 3), style: .bars, isStacked: true)),
    [
      Target(
        "$tag_plant",
        Query([field(.deviationCost).sum], from: .communityMember, where: here, by: [.plant], every: .automatic))
    ])

  private static let studies = Panel(
    "Variants side by side", "The latest study of each variant: a year's figures over its runs.", size: (12, 7),
    .table([
      Column("Variant", "scenario"),
      Column("Cost", "cost", .number(.none, decimals: 0), width: 90),
      Column("p10", "p10", .number(.none, decimals: 0), width: 90),
      Column("p90", "p90", .number(.none, decimals: 0), width: 90),
      Column("Peak", "peak", .number(.kilowatt, decimals: 1), width: 90),
      Column("Carbon", "carbon", .number(.kilogram, decimals: 0), width: 90),
      Column("Own share", "own", .number(.share, decimals: 0), width: 90),
    ]),
    [
      Target(
        Query(
          [
            field(.cost).last.named("cost"), field(.p10).last.named("p10"), field(.p90).last.named("p90"),
            field(.plannedPeak).last.named("peak"), field(.carbon).last.named("carbon"),
            field(.selfSufficiency).last.named("own"),
          ], from: .communityScenario, where: here, by: [.scenario]))
    ]
  ).over("400d").saying("no study is kept; a job 'scenarios' of the interface keeps one")

  private static let decisions = Panel(
    "Decisions", "Each quarter of an hour: what was assumed, or why nothing was decided.", size: (12, 7),
    .table(
      [
        Column("Time", "Time", width: 170),
        Column("Gap", "gap", .number(.share, decimals: 4), width: 80),
        Column("Seconds", "solve_s", .number(.seconds, decimals: 1), width: 90),
        Column("What", "reason"),
      ], sort: [("Time", true)]),
    [
      Target(
        Query(
          [field(.optimalityGap), field(.solveTime), field(.reason)], from: .community, where: here))
    ]
  ).saying("nothing is decided yet")
}
