import Community
import Foundation

/// `wattline community tariff`: what members do under tariffs, and what comes of it.
enum CommunityTariffCommand {
  static let description = CommandDescription(
    name: "community tariff", summary: "evaluates tariffs of a community by what its members do under them",
    operands: ["INSTANCE"],
    options: [
      Option(name: "--tariff", value: "SPEC", help: "a tariff, several times for several: tou=0.22/17-21:0.40"),
      Option(name: "--first-hour", value: "H", help: "local hour at which the first step begins (default: 12)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      INSTANCE is a folder as for `wattline community solve`. Each member answers a tariff by its own best schedule of
      battery, car and flexible load behind its own meter.

      Tariffs:
        flat=0.30                   one price
        dynamic=+0.02               the grid's price, and a surcharge
        tou=0.22/17-21:0.40/0-6:0.18  a price, and others by hours of the local day
      Each may be followed by ,export=0.06 (default: the grid's payment) and by ,fee=0.40, money of a day, which makes
      it a tariff of two parts.

      The table has what members pay, what the connection costs, welfare and how far it is from the optimum, the peak, and
      how many members gain or lose against the grid's tariff without a plan.
      """,
    examples: [
      "wattline community tariff village --tariff flat=0.30 --tariff tou=0.22/17-21:0.40,fee=0.25",
      "wattline community tariff village --tariff dynamic=+0.02,export=0.08 --first-hour 0 --json",
    ])

  /// The report of a tariff.
  private struct Row: Encodable {
    let tariff: String
    let revenue: Double
    let gridBill: Double
    let welfare: Double
    let belowOptimum: Double
    let peakKw: Double
    let overloadKwh: Double
    let gaining: Int
    let losing: Int
    let gainTotal: Double
  }

  static func run(_ arguments: Arguments) throws {
    let texts = arguments.texts("--tariff")
    guard !texts.isEmpty else {
      throw Misuse(message: "community tariff needs --tariff SPEC, such as flat=0.30 or tou=0.22/17-21:0.40")
    }
    let hour = try arguments.number("--first-hour", in: 0...24, words: "from 0 to 24") ?? 12
    var forms: [TariffForm] = []
    for text in texts {
      do { forms.append(try TariffForm(text)) } catch { throw Misuse(message: "--tariff: \(error.description)") }
    }
    let instance = try InstanceReader.read(arguments.operands[0])
    let best = -(try CommunitySolver.solve(instance, objective: .welfare).least)
    let study = TariffStudy(instance)
    let rows = forms.map { form in
      let outcome = study.outcome(form.tariff(for: instance, firstHour: hour))
      return Row(
        tariff: outcome.tariff.name, revenue: outcome.revenue, gridBill: outcome.gridBill, welfare: outcome.welfare,
        belowOptimum: best - outcome.welfare, peakKw: outcome.peak, overloadKwh: outcome.overload,
        gaining: outcome.gaining, losing: outcome.losing, gainTotal: outcome.gains.reduce(0, +))
    }
    if arguments.has("--json") { return try Console.print(json: rows, keys: .convertToSnakeCase) }
    tell(rows, best: best)
  }

  private static func tell(_ rows: [Row], best: Double) {
    func line(_ name: String, _ cells: [String]) {
      let padded = cells.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }
      Console.print(name + String(repeating: " ", count: max(1, 28 - name.count)) + padded.joined())
    }
    Console.print(String(format: "welfare of the optimum: %.2f", best))
    line("tariff", ["members pay", "grid bill", "welfare", "below best", "peak kW", "gain/lose"])
    for row in rows {
      let numbers = [row.revenue, row.gridBill, row.welfare, row.belowOptimum, row.peakKw]
      line(row.tariff, numbers.map { String(format: "%.2f", $0) } + ["\(row.gaining)/\(row.losing)"])
    }
  }
}
