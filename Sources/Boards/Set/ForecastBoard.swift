import PointSchema

/// The board Forecast.
enum ForecastBoard {
  static let board = Board(
    id: "forecast", title: "Forecast", question: "Can I trust the forecast?", span: .aroundNow, refresh: "1m",
    variables: [
      .plant(in: .forecastLatest),
      Variable(
        name: "asset", label: "Asset", description: "Assets that are forecast, at most 12",
        kind: .values(of: .asset, in: .forecastLatest, where: [.chosen(.plant)], limit: 12), isMultiple: true,
        offersAll: true),
    ],
    annotations: [
      Annotation(
        name: "Now", color: Palette.text,
        query: Query(
          [field(.loadPower).last.named("load"), field(.gridPower)], from: .kpi, where: [.chosen(.plant)],
          in: .present("10m")), text: "", tags: [])
    ],
    rows: [
      Row(panels: [net, band]),
      Row(title: "How good it was, in the last week", panels: [scores, all, errors, coverage]),
    ])

  private static let plantOnly: [Condition] = [.chosen(.plant)]
  private static let here: [Condition] = [.chosen(.plant), .chosen(.asset)]

  private static let net = Panel(
    "All forecasts of $plant", "Median of each forecast of the time range.", size: (24, 8),
    .lines(Lines(format: .number(.kilowatt, decimals: 1))),
    [
      Target(
        "$tag_asset",
        Query(
          [field(.p50).mean], from: .forecastLatest, where: plantOnly + [.tag(.sensor, is: "power")], by: [.asset],
          every: .automatic))
    ])

  private static let parts = Band.columns(
    "forecast", color: Palette.blue, low: field(.p10), middle: field(.p50), high: field(.p90))

  private static let band = Panel(
    "$asset: forecast and what came",
    """
    The latest forecast between its 10 % and 90 % quantiles, and what was measured. Four of five values should lie in \
    the band.
    """, size: (12, 9),
    .lines(
      Lines(
        format: .number(.kilowatt, decimals: 1),
        series: parts.series + [Lines.Series(name: "measured", color: Palette.text)])),
    [
      Target(
        "$col",
        Query(
          parts.columns, from: .forecastLatest, where: here + [.tag(.sensor, is: "power")], every: .automatic)),
      Target(
        "$col",
        Query(
          [field(.mean).mean.named("measured")], from: .feature,
          where: here + [.tag(.sensor, is: "power"), .tag(.window, is: "15m")], every: .automatic)),
    ]
  ).forEach("asset")

  private static let scoreColumns = [
    Column("Error", "error", .number(.none, decimals: 2), width: 85),
    Column("Pinball", "pinball", .number(.none, decimals: 2), width: 85),
    Column("Skill", "skill", .number(.share, decimals: 0, threshold: .below(amber: 0)), width: 75),
    Column("In the band", "inside", .number(.share, decimals: 0), width: 100),
    Column("Compared", "scored", .number(.none, decimals: 0), width: 95),
  ]

  private static let scoreFields = [
    field(.absoluteError).mean.named("error"), field(.pinball).mean.named("pinball"),
    field(.skill).mean.named("skill"), field(.covered).mean.named("inside"),
    field(.absoluteError).count.named("scored"),
  ]

  private static let scores = Panel(
    "By time ahead and model",
    """
    Mean error and pinball loss of each model by how far ahead it looked, on the times that both have. Skill is the \
    improvement over naive: below 0 the naive model is better. 80 % should lie in the band.
    """, size: (12, 10),
    .table(
      [Column("Time ahead", "lead", width: 100), Column("Model", "model")] + scoreColumns),
    // Short times first: by their names 12h would come before 1h.
    ["^.h$", "^..h$"].map {
      Target(
        Query(
          scoreFields, from: .forecastEvaluation, where: here + [.matches(.lead, $0)], in: .recent("9d"),
          by: [.lead, .model]))
    })

  private static let all = Panel(
    "By asset and model", "The same of each asset of the plant, over all times ahead.", size: (12, 10),
    .table(
      [Column("Asset", "asset"), Column("Model", "model")] + scoreColumns, sort: [("Asset", false)]),
    [
      Target(
        Query(scoreFields, from: .forecastEvaluation, where: plantOnly, in: .recent("9d"), by: [.asset, .model]))
    ])

  private static let errors = Panel(
    "Error by model", "Mean error of the chosen assets in each six hours.", size: (12, 8),
    .lines(Lines(format: .number(.kilowatt, decimals: 2), fromZero: true)),
    [
      Target(
        "$tag_model",
        Query([field(.absoluteError).mean], from: .forecastEvaluation, where: here, by: [.model], every: .fixed("6h")))
    ]
  ).over("7d")

  private static let coverage = Panel(
    "Share in the band", "Share of what came between the 10 % and 90 % quantiles in each day; 80 % is right.",
    size: (12, 8),
    .lines(Lines(format: .number(.share, decimals: 0), fromZero: true)),
    [
      Target(
        "$tag_model",
        Query([field(.covered).mean], from: .forecastEvaluation, where: here, by: [.model], every: .fixed("1d")))
    ]
  ).over("7d")
}
