import Community
import Foundation
import PlantModel

/// `summary.json` and `sensitivity.csv` of a simulation, and what is told of it.
struct SimulationSummary: Encodable {
  /// Figures of an output over the runs.
  struct Figures: Encodable {
    let mean: Double
    let standardError: Double
    let p10: Double
    let p50: Double
    let p90: Double
    let valueAtRisk: Double
    let cvar: Double

    init(_ statistics: SampleStatistics) {
      mean = statistics.mean
      standardError = statistics.standardError
      p10 = statistics.p10
      p50 = statistics.p50
      p90 = statistics.p90
      valueAtRisk = statistics.valueAtRisk
      cvar = statistics.tailMean
    }
  }

  /// Figures of a variant.
  struct Variant: Encodable {
    let name: String
    let cost: Figures
    let peakKw: Figures
    let emissionsKg: Figures
    let selfSufficiency: Figures
    let unservedKwh: Figures
    let npv: Figures?
    let npvPositiveShare: Double?
    let paybackYears: Double?
    let paidBackShare: Double?
  }

  /// The mean cost of the base after some of the runs.
  struct Convergence: Encodable {
    let runs: Int
    let cost: Double
    let standardError: Double
    let cvar: Double
  }

  /// Effects of an input over its range.
  struct Input: Encodable {
    let input: String
    let low: Double
    let high: Double
    let effects: [Effect]
  }
  struct Effect: Encodable {
    let output: String
    let mean: Double
    let magnitude: Double
    let deviation: Double
  }

  let runs: Int
  let days: Int
  let years: Int
  let discountRate: Double
  let seed: UInt64
  let tail: Double
  let control: String
  let variants: [Variant]
  let convergence: [Convergence]
  let sensitivity: [Input]

  init(_ study: SimulationStudy, runs: [[CommunitySimulation.Outcome]], sensitivity: MorrisScreening?) {
    let settings = study.simulation.settings
    self.runs = runs.count
    (days, years, discountRate) = (settings.daysPerYear, settings.years, settings.discountRate)
    (seed, tail, control) = (settings.seed, study.tail, settings.control.rawValue)
    variants = study.variants.indices.map { place in
      SimulationSummary.variant(study.variants[place].name, rows: runs.map { $0[place] }, tail: study.tail)
    }
    convergence = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].map { Int(Double(runs.count) * $0) }.filter { $0 > 1 }.map {
      count in
      let costs = SampleStatistics(runs.prefix(count).map { $0[0].cost }, tail: study.tail, isWorseHigh: true)
      return Convergence(
        runs: count, cost: costs.mean, standardError: costs.standardError, cvar: costs.tailMean)
    }
    self.sensitivity = zip(study.simulation.variedInputs, sensitivity?.effects ?? []).map { input, effects in
      let range = settings.ranges[input] ?? input.range
      return Input(
        input: input.rawValue, low: range.lowerBound, high: range.upperBound,
        effects: zip(CommunitySimulation.outputs, effects).map {
          Effect(output: $0, mean: $1.mean, magnitude: $1.magnitude, deviation: $1.deviation)
        })
    }
  }

  private static func variant(_ name: String, rows: [CommunitySimulation.Outcome], tail: Double) -> Variant {
    func figures(_ values: [Double], isWorseHigh: Bool = true) -> Figures {
      Figures(SampleStatistics(values, tail: tail, isWorseHigh: isWorseHigh))
    }
    let values = rows.compactMap(\.netPresentValue)
    let paybacks = rows.compactMap(\.payback)
    let isBase = values.isEmpty
    return Variant(
      name: name, cost: figures(rows.map(\.cost)), peakKw: figures(rows.map(\.peak)),
      emissionsKg: figures(rows.map(\.emissions)),
      selfSufficiency: figures(rows.map(\.selfSufficiency), isWorseHigh: false),
      unservedKwh: figures(rows.map(\.unserved)), npv: isBase ? nil : figures(values, isWorseHigh: false),
      npvPositiveShare: isBase ? nil : Double(values.count { $0 > 0 }) / Double(values.count),
      // A median over all runs is known only if most have paid back.
      paybackYears: paybacks.count * 2 > rows.count
        ? (paybacks + Array(repeating: .infinity, count: rows.count - paybacks.count)).sorted()[(rows.count - 1) / 2]
        : nil,
      paidBackShare: isBase ? nil : Double(paybacks.count) / Double(rows.count))
  }

  func write(to folder: String) throws {
    let text = try Console.json(
      self, keys: .convertToSnakeCase, formatting: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    try OutputFile.write(text + "\n", to: "\(folder)/summary.json")
    guard !sensitivity.isEmpty else { return }
    var table = "input,low,high,output,mean,magnitude,deviation\n"
    for input in sensitivity {
      for effect in input.effects {
        table += "\(input.input),\(input.low),\(input.high),\(effect.output),\(effect.mean),"
        table += "\(effect.magnitude),\(effect.deviation)\n"
      }
    }
    try OutputFile.write(table, to: "\(folder)/sensitivity.csv")
  }

  /// Prints the tables.
  func tell() {
    Console.print(
      "\(runs.counted("run")) of \(years.counted("year")), p50 (p10 to p90); the worst \(percent(tail)) in CVaR")
    for variant in variants { tell(variant) }
    Console.print("convergence of the base's cost:")
    for row in convergence {
      Console.print(
        String(
          format: "  after %6d runs  %.2f ± %.2f  CVaR %.2f", row.runs, row.cost, row.standardError, row.cvar))
    }
    guard !sensitivity.isEmpty else { return }
    Console.print("what matters (mean effect over an input's range; ± its deviation):")
    let order = sensitivity.sorted { ($0.effects.first?.magnitude ?? 0) > ($1.effects.first?.magnitude ?? 0) }
    line("", ["cost", "peak, kW", "CO2, kg", "self-suff.", "unserved, kWh"])
    for input in order {
      line(input.input, input.effects.map { "\(number($0.magnitude)) ± \(number($0.deviation))" })
    }
  }

  private func tell(_ variant: Variant) {
    Console.print("\(variant.name):")
    for (name, figures) in [
      ("cost a year", variant.cost), ("peak, kW", variant.peakKw), ("CO2 a year, kg", variant.emissionsKg),
      ("self-sufficiency", variant.selfSufficiency), ("unserved a year, kWh", variant.unservedKwh),
    ] { tell(name, figures: figures) }
    if let npv = variant.npv { tell("net present value", figures: npv) }
    if let share = variant.paidBackShare {
      let median = variant.paybackYears.map { "median \(String(format: "%.1f", $0)) years, " } ?? ""
      Console.print("  payback             \(median)within the years in \(percent(share)) of runs")
    }
  }

  private func tell(_ name: String, figures: Figures) {
    let width = String(repeating: " ", count: max(1, 22 - name.count))
    Console.print(
      "  \(name)\(width)\(number(figures.p50)) (\(number(figures.p10)) to \(number(figures.p90))), mean "
        + "\(number(figures.mean)), VaR \(number(figures.valueAtRisk)), CVaR \(number(figures.cvar))")
  }

  private func line(_ name: String, _ cells: [String]) {
    let padded = cells.map { String(repeating: " ", count: max(1, 17 - $0.count)) + $0 }
    Console.print("  " + name + String(repeating: " ", count: max(1, 14 - name.count)) + padded.joined())
  }

  private func percent(_ share: Double) -> String { String(format: "%.3g %%", share * 100) }

  private func number(_ value: Double) -> String {
    String(format: value.magnitude < 10 ? "%.3f" : value.magnitude < 1000 ? "%.1f" : "%.0f", value)
  }
}
