import Foundation
import PlantModel
import Savings
import SavingsAccounts

/// `wattline savings forecast`: what meters will use in the next month and until the year's end.
enum SavingsForecastCommand {
  static let description = CommandDescription(
    name: "savings forecast", summary: "use of the next month and the year, with the budget and the score so far",
    options: [
      Option(name: "--plant", value: "P", help: "the plant (default: all with savings)"),
      CommandDescription.configurationOption,
      Option(name: "--budget", value: "MONEY", help: "budget of a calendar year for each meter, in its currency"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      The operational model predicts with the weather of past years, each also shifted by one and two weeks; their
      spread is in the interval. The score is of the forecasts that would have been made on the day before each closed
      month, beside the use of the month a year before. Costs are at the mean price of the last year's days.
      """,
    examples: ["wattline savings forecast --plant riverside --budget 12000", "wattline savings forecast --json"])

  /// Forecast of a meter, for JSON.
  private struct Document: Encodable {
    struct Forecast: Encodable {
      var first, last: String
      var expectedKwh, halfIntervalKwh: Double
      var scenarios: Int

      init(_ forecast: UseForecast) {
        (first, last) = (SavingsReport.text(forecast.first), SavingsReport.text(forecast.last))
        (expectedKwh, halfIntervalKwh) = (rounded(forecast.expected), rounded(forecast.half))
        scenarios = forecast.scenarios
      }
    }
    struct Year: Encodable {
      var year: Int
      var actualKwh, expectedKwh, halfIntervalKwh: Double
      var cost, costHalf, budget, excessProbability: Nullable<Double>
    }
    struct Score: Encodable {
      struct Month: Encodable {
        var month: String
        var forecast: Forecast
        var actualKwh: Double
        var yearBeforeKwh: Nullable<Double>
      }
      var errorPct, yearBeforeErrorPct, coveragePct: Nullable<Double>
      var months: [Month]
    }

    var plant, meter, model, currency: String
    var confidence: Double
    var nextMonth: Nullable<Forecast>
    var year: Nullable<Year>
    var score: Score

    init(_ account: SavingsAccount, budget: Double?) {
      let outlook = UseOutlook(account, budget: budget)
      (plant, meter, model) = (account.plant.name, account.plan.meter, account.operational.model.version)
      (currency, confidence) = (account.plant.currency, account.plan.confidence)
      nextMonth = Nullable(outlook.nextMonth.map(Forecast.init))
      year = Nullable(
        outlook.year.map { year in
          Year(
            year: year.year, actualKwh: rounded(year.actual), expectedKwh: rounded(year.expected),
            halfIntervalKwh: rounded(year.half), cost: Nullable(year.cost.map(rounded)),
            costHalf: Nullable(year.costHalf.map(rounded)), budget: Nullable(year.budget),
            excessProbability: Nullable(year.excessProbability.map(rounded)))
        })
      let own = outlook.score
      score = Score(
        errorPct: Nullable(finite(own.error)), yearBeforeErrorPct: Nullable(finite(own.naiveError)),
        coveragePct: Nullable(finite(own.coverage)),
        months: own.months.map { month in
          Score.Month(
            month: month.name, forecast: Forecast(month.forecast), actualKwh: rounded(month.actual),
            yearBeforeKwh: Nullable(month.yearBefore.map(rounded)))
        })
    }

    var text: String {
      var lines = ["\(plant)  \(meter)  operational model \(model)"]
      func line(_ name: String, _ words: String) {
        lines.append("  " + name + String(repeating: " ", count: max(1, 20 - name.count)) + words)
      }
      line(
        "next month",
        nextMonth.value.map {
          "\($0.first.prefix(7))  " + String(format: "%.0f ± %.0f kWh", $0.expectedKwh, $0.halfIntervalKwh)
        } ?? "not known: no weather of that season")
      if let year = year.value {
        line(
          "year \(year.year)",
          String(
            format: "%.0f ± %.0f kWh, of which %.0f so far", year.expectedKwh, year.halfIntervalKwh, year.actualKwh))
        if let cost = year.cost.value, let half = year.costHalf.value {
          line("cost of the year", String(format: "%.2f ± %.2f %@", cost, half, currency))
        }
        if let budget = year.budget.value {
          line(
            "budget",
            String(format: "%.2f %@", budget, currency)
              + (year.excessProbability.value.map { String(format: ", exceeded with %.0f %%", 100 * $0) }
                ?? ", not compared: no price is known"))
        }
      } else {
        line("year", "not known: more than a tenth of its days so far are missing")
      }
      if let error = score.errorPct.value, let coverage = score.coveragePct.value {
        line(
          "score",
          String(
            format: "%d months: error %.1f %%, %.0f %% within the interval", score.months.count, error, coverage)
            + (score.yearBeforeErrorPct.value.map { String(format: "; the month a year before: %.1f %%", $0) } ?? ""))
      }
      return lines.joined(separator: "\n")
    }
  }

  static func run(_ arguments: Arguments) throws {
    let savings = try PlantSavings(arguments.configuration, plant: arguments.text("--plant"))
    let budget = try arguments.number("--budget", in: 0...1e15, words: "an amount of money from 0, such as 12000")
    let documents = try savings.reports().map { Document($0.account, budget: budget) }
    if arguments.has("--json") {
      Console.print(
        try Console.json(
          documents, keys: .convertToSnakeCase, formatting: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]))
    } else if !documents.isEmpty {
      Console.print(documents.map(\.text).joined(separator: "\n\n"))
    }
    if documents.count < savings.meterCount {
      try Console.finish()
      exit(ExitCode.failed)
    }
  }
}

/// `wattline savings portfolio`: the sum of the savings of all plants, with its uncertainty.
enum SavingsPortfolioCommand {
  static let description = CommandDescription(
    name: "savings portfolio", summary: "what all plants saved together, with the uncertainty of the sum",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      Savings of each fuel are summed over the meters of all plants, from each one's reporting start. Meters do not err
      independently: one weather moves them all. The correlation of two meters is that of what their baselines left
      over on common days; a negative one counts as none. Beside the interval stand its independent and its shared
      part, and what it were if all erred alike.
      """,
    examples: ["wattline savings portfolio --config /etc/wattline", "wattline savings portfolio --json"])

  /// Sum of a fuel, for JSON.
  private struct Document: Encodable {
    struct Member: Encodable {
      var plant, meter: String
      var savingsKwh, halfIntervalKwh, adjustedSavingsKwh, predictedKwh: Double
    }
    var fuel: String
    var meters: Int
    var savingsKwh, halfIntervalKwh, independentHalfKwh, sharedHalfKwh, greatestHalfKwh, adjustedSavingsKwh: Double
    var predictedKwh: Double
    var correlation: Nullable<Double>
    var members: [Member]

    init(_ accounts: [SavingsAccount], fuel: String) {
      let sum = PortfolioEstimate(
        accounts.map { ($0.assessment.savings, $0.baseline.model.verifier.standardResiduals) })
      (self.fuel, meters) = (fuel, accounts.count)
      (savingsKwh, halfIntervalKwh) = (rounded(sum.savings.value), rounded(sum.savings.half))
      (independentHalfKwh, sharedHalfKwh) = (rounded(sum.independentHalf), rounded(sum.sharedHalf))
      greatestHalfKwh = rounded(sum.greatestHalf)
      adjustedSavingsKwh = rounded(accounts.reduce(0) { $0 + $1.adjusted })
      predictedKwh = rounded(accounts.reduce(0) { $0 + $1.assessment.predicted })
      correlation = Nullable(sum.correlation.map(rounded))
      members = accounts.map { account in
        Member(
          plant: account.plant.name, meter: account.plan.meter, savingsKwh: rounded(account.assessment.savings.value),
          halfIntervalKwh: rounded(account.assessment.savings.half), adjustedSavingsKwh: rounded(account.adjusted),
          predictedKwh: rounded(account.assessment.predicted))
      }
    }

    var text: String {
      var lines = [
        "\(fuel): \(meters) meters saved "
          + String(format: "%.0f ± %.0f kWh of %.0f kWh predicted", savingsKwh, halfIntervalKwh, predictedKwh),
        String(
          format: "  interval: %.0f kWh independent and %.0f kWh shared by weather and calendar; %.0f kWh if all erred "
            + "alike", independentHalfKwh, sharedHalfKwh, greatestHalfKwh),
        "  correlation of two meters: "
          + (correlation.value.map { String(format: "%.2f", $0) } ?? "not known, taken as 1"),
        String(format: "  with confirmed events taken out: %.0f kWh", adjustedSavingsKwh),
      ]
      lines += members.map {
        "  \($0.plant)  \($0.meter)  " + String(format: "%.0f ± %.0f kWh", $0.savingsKwh, $0.halfIntervalKwh)
      }
      return lines.joined(separator: "\n")
    }
  }

  static func run(_ arguments: Arguments) throws {
    let savings = try PlantSavings(arguments.configuration, plant: nil)
    let accounts = try savings.reports().map(\.account)
    let documents = Set(accounts.map(\.plan.fuel.rawValue)).sorted().map { fuel in
      Document(accounts.filter { $0.plan.fuel.rawValue == fuel }, fuel: fuel)
    }
    if arguments.has("--json") {
      Console.print(
        try Console.json(
          documents, keys: .convertToSnakeCase, formatting: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]))
    } else if !documents.isEmpty {
      Console.print(documents.map(\.text).joined(separator: "\n\n"))
    }
    if accounts.count < savings.meterCount {
      try Console.finish()
      exit(ExitCode.failed)
    }
  }
}
