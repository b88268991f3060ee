import PointSchema

/// The board Fleet.
enum FleetBoard {
  static let board = Board(
    id: "fleet", title: "Fleet", question: "Is all right, and if not, where?", refresh: "10s",
    rows: [
      Row(panels: [verdict, counts, totals, plants, toDo, thirtyDays, powers])
    ])

  private static let verdict = Verdict(
    of: .pipeline, where: [.tag(.stage, is: "process")], by: .instance,
    missing: "NOTHING IN THE DATABASE YET, or it is away. To start: wattline run --config DIR"
  ).panel(
    "Is all right?",
    """
    The worst alert of all plants, and the age of the report that says so. Wattline reports every ten seconds; after a \
    minute without a report nothing here is known to be well.
    """,
    size: (12, 5))

  private static let counts = Panel(
    "Now", "What the report of the last minute counts; nothing where there was none.", size: (5, 5),
    .figures(.number(.none, decimals: 0, missing: "not known"), naming: true),
    [
      Target(
        "$col",
        Query(
          [
            field(.critical).last.named("critical"), field(.warnings).last.named("warnings"),
            field(.plants).last.named("plants"),
          ], from: .pipeline, where: [.tag(.stage, is: "process")], in: .recent("1m")))
    ])

  private static let totals = Panel(
    "All plants together",
    """
    Sum over the plants of the powers of their last five minutes. Battery is positive when it discharges, grid when it \
    imports.
    """, size: (7, 5),
    .figures(.number(.kilowatt, decimals: 1, missing: "not known"), naming: true),
    [
      Target(
        "$col",
        Query(
          ["generation", "load", "battery", "grid"].map { column($0).sum.named($0) },
          from: Query(
            [
              field(.generationPower).last.named("generation"), field(.loadPower).last.named("load"),
              field(.batteryPower).last.named("battery"), field(.gridPower).last.named("grid"),
            ], from: .kpi, in: .recent("5m"), by: [.plant])))
    ])

  private static let plants = Panel(
    "Plants, the worst first",
    """
    The worst alert of each plant with its reason, how many alerts stand, the lowest health index of any asset, and \
    the powers of the last five minutes. A plant's name opens it.
    """, size: (24, 9),
    .table(
      [
        Column("Severity", "worst", .severity, width: 95),
        Column("Plant", "plant", width: 120, link: Link("This plant", to: "plant", [("plant", .cell)])),
        Column("Reason", "reason", isWrapped: true),
        Column("Since", "since", .number(.ago), width: 120),
        Column("Standing alerts", "standing", .number(.none, decimals: 0), width: 115),
        Column(
          "Lowest health", "health", .number(.none, decimals: 0, threshold: .below(amber: 60, red: 30)), width: 105),
        Column("Generation", "generation", .number(.kilowatt, decimals: 1), width: 90),
        Column("Load", "load", .number(.kilowatt, decimals: 1), width: 85),
        Column("Battery", "battery", .number(.kilowatt, decimals: 1), width: 85),
        Column("Grid", "grid", .number(.kilowatt, decimals: 1), width: 85),
        Column("Meters heard", "heard", .number(.share, decimals: 0, threshold: .below(amber: 0.999)), width: 110),
      ], sort: [("Severity", true), ("Standing alerts", true)]),
    [
      Target(
        Standing.query(
          [field(.rank).maximum.named("worst"), field(.title).named("reason"), field(.since).named("since")],
          where: [Standing.isActive, field(.cause) == ""], by: [.plant])),
      Target(Standing.query([field(.title).count.named("standing")], by: [.plant])),
      Target(
        Query(
          [column("index").minimum.named("health")],
          from: Query([field(.index).last.named("index")], from: .health, in: .recent("1d"), by: [.plant, .asset]),
          by: [.plant])),
      Target(
        Query(
          [
            field(.generationPower).last.named("generation"), field(.loadPower).last.named("load"),
            field(.batteryPower).last.named("battery"), field(.gridPower).last.named("grid"),
            field(.loadCoverage).last.named("heard"),
          ], from: .kpi, in: .recent("5m"), by: [.plant])),
      Target(Query([field(.loadPower).count.named("minutes")], from: .kpi, in: .recent("30d"), by: [.plant])),
    ])

  private static let toDo = Standing.table(
    "What to act on now",
    """
    Alerts that follow from no other, of all plants: severity first. What follows from them is on the board Alerts. A \
    click on an id shows how to acknowledge it.
    """, size: (24, 9), where: [Standing.isActive, field(.cause) == ""], without: ["State", "Follows from"])

  private static let thirtyDays = Panel(
    "Alerts raised in each of thirty days", "How many alerts were raised on each day, by severity.", size: (12, 8),
    .lines(
      Lines(
        format: .number(.none, decimals: 0), style: .bars,
        series: [
          Lines.Series(name: "critical", color: Palette.red),
          Lines.Series(name: "warning", color: Palette.ground(.amber)),
        ], fromZero: true, isStacked: true)),
    ["critical", "warning"].map { severity in
      Target(
        severity,
        Query(
          [field(.id).count], from: .alerts, where: [field(.status) == "raised", field(.severity) == severity],
          every: .fixed("1d"), fill: .zero))
    }
  ).over("30d")

  private static let powers = Panel(
    "Grid power of each plant", "Mean power at each plant's grid connection; positive is import.", size: (12, 8),
    .lines(Lines(format: .number(.kilowatt, decimals: 1))),
    [
      Target(
        "$tag_plant",
        Query([field(.gridPower).mean], from: .kpi, by: [.plant], every: .automatic, fill: .null))
    ])
}
