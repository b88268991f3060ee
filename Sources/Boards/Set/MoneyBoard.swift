import PointSchema

/// The board Money and carbon.
enum MoneyBoard {
  static let board = Board(
    id: "money", title: "Money and carbon", question: "How does the month go?", span: .thisMonth, refresh: "5m",
    variables: [.plant(in: .kpi), .currency],
    annotations: [.configuration],
    rows: [
      Row(panels: [
        figure("Cost so far, in $currency", costText, cost, .number(.none, decimals: 2, missing: "no prices")),
        figure(
          "At this pace in 30 days, in $currency",
          "Mean cost of the quarters of an hour whose cost is known, carried on evenly to thirty days.", pace,
          .number(.none, decimals: 2, missing: "no prices")),
        figure("Peak so far", peakText, peak, .number(.kilowatt, decimals: 1, missing: "not known"), width: 3),
        figure(
          "Self-sufficiency", sufficiencyText, sufficiency, .number(.share, decimals: 0, missing: "not known"), width: 3
        ),
        figure("Carbon", carbonText, carbon, .number(.kilogram, decimals: 1, missing: "no intensity")),
        figure(
          "Days with figures", "Time of the range that has an account at all; figures beside are of this time.",
          accounted, .number(.none, decimals: 1, missing: "none"), width: 3),
        figure(
          "Measured of it", "Mean share of its exchange that was measured; figures beside miss the rest.", known,
          .number(.share, decimals: 1, threshold: .below(amber: 0.99, red: 0.9), missing: "not known"), width: 3),
      ]),
      Row(
        title: "The same, 30 days before",
        panels: [
          figure("Cost, in $currency", costText, cost, .number(.none, decimals: 2, missing: "not known"))
            .shifted(back: "30d"),
          figure("Peak", peakText, peak, .number(.kilowatt, decimals: 1, missing: "not known")).shifted(back: "30d"),
          figure(
            "Self-sufficiency", sufficiencyText, sufficiency, .number(.share, decimals: 0, missing: "not known")
          ).shifted(back: "30d"),
          figure("Carbon", carbonText, carbon, .number(.kilogram, decimals: 1, missing: "not known"))
            .shifted(back: "30d"),
        ]),
      Row(title: "Over time", panels: [costByDay, carbonByHour, energyByDay, peakByDay]),
    ])

  private static let here: [Condition] = [.chosen(.plant)]

  private static let costText =
    "Import at the tariff less payment for export over the time range, at the prices that are known."
  private static let peakText = "Greatest mean import of a quarter of an hour in the time range."
  private static let sufficiencyText =
    "Share of the consumption of the time range that did not come from the grid. Energy kept in batteries counts late."
  private static let carbonText = "Emissions of the imported energy of the time range."

  private static let cost = Query([field(.cost).sum], from: .kpi, where: here)
  private static let pace = Query(
    [field(.cost).sum / field(.cost).count * 2_880], from: .kpi, where: here)
  private static let peak = Query([field(.importEnergy).maximum * 4], from: .kpi, where: here)
  private static let sufficiency = Query(
    [1 - field(.importEnergy).sum / field(.loadEnergy).sum], from: .kpi, where: here)
  private static let carbon = Query([field(.carbon).sum], from: .kpi, where: here)
  private static let accounted = Query([field(.exchangeShare).count / 96], from: .kpi, where: here)
  private static let known = Query([field(.exchangeShare).mean], from: .kpi, where: here)

  private static func figure(
    _ title: String, _ description: String, _ query: Query, _ format: Format, width: Int = 4
  ) -> Panel {
    Panel(title, description, size: (width, 5), .figures(format), [Target("value", query)])
  }

  /// Bars of a sum of the account.
  private static func bars(
    _ title: String, _ description: String, _ columns: [Expression], _ series: [Lines.Series], every length: String,
    unit: Unit
  ) -> Panel {
    Panel(
      title, description, size: (12, 8),
      .lines(Lines(format: .number(unit), style: .bars, series: series)),
      [Target("$col", Query(columns, from: .kpi, where: here, every: .fixed(length)))])
  }

  private static let costByDay = bars(
    "Cost of each day, in $currency", "Days by UTC. Negative is earned.", [field(.cost).sum.named("cost")],
    [Lines.Series(name: "cost", color: Palette.text)], every: "1d", unit: .none)
  private static let carbonByHour = bars(
    "Carbon of each hour", "Emissions of the imported energy.", [field(.carbon).sum.named("carbon")],
    [Lines.Series(name: "carbon", color: Palette.purple)], every: "1h", unit: .kilogram)
  private static let energyByDay = bars(
    "Energy of each day", "Days by UTC: generated, consumed, imported, and exported as negative.",
    [
      field(.generationEnergy).sum.named("generated"), field(.loadEnergy).sum.named("consumed"),
      field(.importEnergy).sum.named("imported"), (-field(.exportEnergy).sum).named("exported"),
    ],
    [
      Lines.Series(name: "generated", color: Palette.green), Lines.Series(name: "consumed", color: Palette.blue),
      Lines.Series(name: "imported", color: Palette.text), Lines.Series(name: "exported", color: Palette.purple),
    ], every: "1d", unit: .kilowattHour)
  private static let peakByDay = bars(
    "Peak of each day", "Greatest mean import of a quarter of an hour, by days of UTC.",
    [(field(.importEnergy).maximum * 4).named("peak")], [Lines.Series(name: "peak", color: Palette.text)], every: "1d",
    unit: .kilowatt)
}
