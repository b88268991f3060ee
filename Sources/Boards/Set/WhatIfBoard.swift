import PointSchema

/// The board What-if.
enum WhatIfBoard {
  static let board = Board(
    id: "what-if", title: "What-if", question: "What would change?", span: .lastWeek, refresh: "1m",
    variables: [
      .plant(in: .scenario),
      Variable(
        name: "scenario", label: "Scenario", description: "Scenarios that wattline scenario has kept, at most 12",
        kind: .values(of: .scenario, in: .scenario, where: [.chosen(.plant)], limit: 12), isMultiple: true,
        offersAll: true),
      .currency,
    ],
    rows: [Row(panels: [outcomes, load, difference, cost, peak])])

  private static let here: [Condition] = [.chosen(.plant), .chosen(.scenario)]

  private static let parts = Band.columns(
    "with", color: Palette.purple, low: field(.loadPower(.p10)), middle: field(.loadPower(.p50)),
    high: field(.loadPower(.p90)))

  private static let outcomes = Panel(
    "What each scenario comes to",
    """
    Cost and greatest import at the end of the scenario's span, with the events and without: medians, and 10 % and 90 % \
    quantiles of what is with them. The change is with less without.
    """, size: (24, 7),
    .table([
      Column("Scenario", "scenario"),
      Column("Cost without", "without", .number(.none, decimals: 2), width: 120),
      Column("Cost with", "cost", .number(.none, decimals: 2), width: 110),
      Column("Change", "change", .number(.none, decimals: 2), width: 100),
      Column("Cost p10", "cost_p10", .number(.none, decimals: 2), width: 110),
      Column("Cost p90", "cost_p90", .number(.none, decimals: 2), width: 110),
      Column("Peak without", "peak_without", .number(.kilowatt, decimals: 1), width: 120),
      Column("Peak with", "peak", .number(.kilowatt, decimals: 1), width: 110),
      Column("Peak p10", "peak_kw_p10", .number(.kilowatt, decimals: 1), width: 110),
      Column("Peak p90", "peak_kw_p90", .number(.kilowatt, decimals: 1), width: 110),
    ]),
    [
      Target(
        Query(
          [
            field(.cost(.p50)).last.named("cost"), field(.cost(.p10)), field(.cost(.p90)),
            field(.peakPower(.p50)).named("peak"), field(.peakPower(.p10)), field(.peakPower(.p90)),
            field(.costWithout).named("without"), field(.peakPowerWithout).named("peak_without"),
            (field(.cost(.p50)) - field(.costWithout)).named("change"),
          ], from: .scenario, where: here, by: [.scenario]))
    ])

  private static let load = Panel(
    "$scenario: load with and without", "Load with the events between its 10 % and 90 % quantiles, and as recorded.",
    size: (12, 9),
    .lines(
      Lines(
        format: .number(.kilowatt, decimals: 1),
        series: parts.series + [Lines.Series(name: "without", color: Palette.text)])),
    [
      Target(
        "$col",
        Query(
          parts.columns + [field(.recordedPower).mean.named("without")], from: .scenario, where: here,
          every: .automatic))
    ]
  ).forEach("scenario")

  /// Lines of which those without the events are dashed.
  private static func pairs(_ format: Format, fromZero: Bool) -> Lines {
    Lines(
      format: format,
      series: [Lines.Series(name: " without$", color: Palette.text, isDashed: true, isPattern: true)],
      fromZero: fromZero)
  }

  private static let difference = Panel(
    "Difference: with less without", "What the events add to the load, by scenario.", size: (8, 9),
    .lines(Lines(format: .number(.kilowatt, decimals: 1))),
    [
      Target(
        "$tag_scenario",
        Query(
          [field(.loadPower(.p50)).mean - field(.recordedPower).mean], from: .scenario, where: here, by: [.scenario],
          every: .automatic))
    ])

  private static let cost = Panel(
    "Cost since the span began, in $currency", "Medians with and without the events, by scenario.", size: (8, 9),
    .lines(pairs(.number(.none, decimals: 2), fromZero: false)),
    [("with", field(.cost(.p50))), ("without", field(.costWithout))].map {
      Target(
        "$tag_scenario \($0)", Query([$1.mean], from: .scenario, where: here, by: [.scenario], every: .automatic))
    })

  private static let peak = Panel(
    "Greatest import since the span began", "Medians with and without the events, by scenario.", size: (8, 9),
    .lines(pairs(.number(.kilowatt, decimals: 1), fromZero: true)),
    [("with", field(.peakPower(.p50))), ("without", field(.peakPowerWithout))].map {
      Target(
        "$tag_scenario \($0)", Query([$1.mean], from: .scenario, where: here, by: [.scenario], every: .automatic))
    })
}
