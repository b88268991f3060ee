import Foundation
import PlantModel
import Savings
import SavingsAccounts
import WattlineTime

/// Account of a meter's savings, with its printed forms.
struct SavingsReport {
  let account: SavingsAccount

  private var confidence: Double { account.plan.confidence }

  /// Local date as ISO 8601.
  static func text(_ date: Int) -> String { MeterDay.text(ofDate: date) }

  /// First and last measured day.
  var span: (first: String, last: String) {
    (SavingsReport.text(account.days.first?.date ?? 0), SavingsReport.text(account.days.last?.date ?? 0))
  }

  /// Reasons for doubt, in words.
  var remarks: [String] {
    var remarks = account.baseline.model.verifier.remarks
    let missing = account.elapsedDays - account.days.count
    if missing > 0 { remarks.append("\(missing) of \(account.elapsedDays) days lack use or temperature, in no sum") }
    if account.assessment.extrapolatedDays > 0 {
      remarks.append(
        "\(account.assessment.extrapolatedDays) days are more than 3 °C outside the temperatures of the baseline")
    }
    let effects = account.baseline.model.verifier.model.variableEffects
    for (place, name) in account.plan.variables.enumerated() where !effects.contains(where: { $0.place == place }) {
      remarks.append(SavingsDocument.idle(name.description))
    }
    if account.cost == nil {
      remarks.append("no price is known: set 'price' of the meter, or the plant's tariff")
    } else if account.pricedDays < account.days.count {
      remarks.append("\(account.days.count - account.pricedDays) days have no known price and are in no cost")
    }
    if account.payback == nil, account.investment != nil {
      remarks.append("payback is stated from 330 priced days on, so that all seasons are in it, if money is saved")
    }
    return remarks
  }
}

extension SavingsReport {
  /// Returns reports in a format.
  ///
  /// - Parameters:
  ///   - reports: Reports of meters.
  ///   - format: The format.
  static func rendered(_ reports: [SavingsReport], as format: ReportCommand.Format) throws -> String {
    switch format {
    case .text: reports.map(\.text).joined(separator: "\n\n") + "\n"
    case .csv: ([csvHeader] + reports.map(\.csv)).joined(separator: "\n") + "\n"
    case .html: SavingsPage.text(reports)
    case .json:
      try Console.json(
        reports.map(\.document), keys: .convertToSnakeCase,
        formatting: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]) + "\n"
    }
  }
}

// MARK: - JSON

/// JSON document of a meter's savings, in snake case.
struct SavingsAccountDocument: Encodable {
  struct Baseline: Encodable {
    var version: String
    var checksum: String
    var dataDigest: String
    var firstDay: String
    var lastDay: String
    var frozen: String
    var program: String
    var author: String
    var model: SavingsDocument.Model
  }

  struct Month: Encodable {
    var month: String
    var complete: Bool
    var predictedKwh: Double
    var actualKwh: Double
    var deviationPct: Nullable<Double>
    var halfIntervalKwh: Double
    var state: Nullable<String>
    var cumulativeKwh: Double
    var cumulativeHalfKwh: Double
    var guaranteedKwh: Nullable<Double>
    var costSaved: Nullable<Double>
    var carbonSavedKg: Nullable<Double>
  }

  struct Guarantee: Encodable {
    var from: String
    var kwhPerYear: Double
    var measuredDays: Int
    var guaranteedKwh: Double
    var savedKwh: Double
    var halfIntervalKwh: Double
    var state: String
  }

  struct Measure: Encodable {
    var date: String
    var name: String
    var cost: Nullable<Double>
    var changes: String
  }

  var plant: String
  var meter: String
  var fuel: String
  var currency: String
  var timezone: String
  var baseline: Baseline
  var firstDay: String
  var lastDay: String
  var elapsedDays: Int
  var measuredDays: Int
  var dataDigest: String
  var confidence: Double
  var savingsKwh: Double
  var lowKwh: Double
  var highKwh: Double
  var predictedKwh: Double
  var savingsPct: Nullable<Double>
  var fractionalUncertainty: Nullable<Double>
  var adjustedSavingsKwh: Double
  var costSaved: Nullable<Double>
  var pricedDays: Int
  var carbonSavedKg: Nullable<Double>
  var investment: Nullable<Double>
  var paybackYears: Nullable<Double>
  var guarantee: Nullable<Guarantee>
  var measures: [Measure]
  var months: [Month]
  var demand: [SavingsDocument.Demand]
  var detected: Nullable<String>
  var changeBegan: Nullable<String>
  var events: [SavingsDocument.Event]
  var remarks: [String]
}

extension SavingsReport {
  /// JSON document.
  var document: SavingsAccountDocument {
    let (assessment, plan, days) = (account.assessment, account.plan, account.days)
    let (value, half) = (assessment.savings.value, assessment.savings.half)
    return SavingsAccountDocument(
      plant: account.plant.name, meter: plan.meter, fuel: plan.fuel.rawValue, currency: account.plant.currency,
      timezone: account.plant.location.timezone, baseline: baseline, firstDay: span.first, lastDay: span.last,
      elapsedDays: account.elapsedDays, measuredDays: days.count, dataDigest: account.dataDigest,
      confidence: confidence, savingsKwh: rounded(value), lowKwh: rounded(value - half), highKwh: rounded(value + half),
      predictedKwh: rounded(assessment.predicted),
      savingsPct: Nullable(finite(100 * value / assessment.predicted)),
      fractionalUncertainty: Nullable(finite(half / abs(value))),
      adjustedSavingsKwh: rounded(account.adjusted), costSaved: Nullable(account.cost.flatMap(finite)),
      pricedDays: account.pricedDays, carbonSavedKg: Nullable(account.carbon.flatMap(finite)),
      investment: Nullable(account.investment), paybackYears: Nullable(account.payback.flatMap(finite)),
      guarantee: Nullable(guarantee),
      measures: plan.measures.map {
        SavingsAccountDocument.Measure(
          date: SavingsReport.text($0.date), name: $0.name, cost: Nullable($0.cost), changes: $0.changes)
      },
      months: account.months.map(SavingsAccountDocument.Month.init),
      demand: account.demand.map(SavingsDocument.Demand.init),
      detected: Nullable(assessment.detected.map(SavingsReport.text)),
      changeBegan: Nullable(assessment.changeStart.map(SavingsReport.text)),
      events: assessment.events.map(SavingsDocument.Event.init), remarks: remarks)
  }

  private var baseline: SavingsAccountDocument.Baseline {
    let (sealed, model) = (account.baseline, account.baseline.model)
    return SavingsAccountDocument.Baseline(
      version: model.version, checksum: sealed.checksum, dataDigest: model.dataDigest, firstDay: model.firstDay,
      lastDay: model.lastDay, frozen: model.created, program: model.program, author: model.author,
      model: SavingsDocument.Model(
        model.verifier, variables: account.plan.variables.map(\.description),
        days: account.plant.location.timezone, resolution: .daily,
        extrapolated: account.assessment.extrapolatedDays))
  }

  private var guarantee: SavingsAccountDocument.Guarantee? {
    guard let review = account.guarantee, let contract = account.plan.guarantee else { return nil }
    return SavingsAccountDocument.Guarantee(
      from: SavingsReport.text(contract.from), kwhPerYear: contract.kilowattHoursPerYear,
      measuredDays: review.measuredDays, guaranteedKwh: rounded(review.guaranteed),
      savedKwh: rounded(review.saved.value), halfIntervalKwh: rounded(review.saved.half), state: review.state.rawValue)
  }
}

extension SavingsAccountDocument.Month {
  init(_ month: SavingsAccount.Month) {
    self.init(
      month: month.figures.name, complete: month.isClosed, predictedKwh: rounded(month.figures.predicted),
      actualKwh: rounded(month.figures.actual), deviationPct: Nullable(finite(month.figures.deviationPercent)),
      halfIntervalKwh: rounded(month.figures.half), state: Nullable(month.figures.state?.rawValue),
      cumulativeKwh: rounded(month.cumulative.value), cumulativeHalfKwh: rounded(month.cumulative.half),
      guaranteedKwh: Nullable(month.guaranteed.flatMap(finite)), costSaved: Nullable(month.cost.flatMap(finite)),
      carbonSavedKg: Nullable(month.carbon.flatMap(finite)))
  }
}

// MARK: - Text and CSV

extension SavingsReport {
  /// Account as text.
  var text: String {
    let (assessment, plan, model) = (account.assessment, account.plan, account.baseline.model)
    let (value, half) = (assessment.savings.value, assessment.savings.half)
    var lines = [
      "\(account.plant.name)  \(plan.meter)  \(plan.fuel.rawValue)  \(span.first) to \(span.last)  "
        + "(\(account.plant.location.timezone), \(account.plant.currency))"
    ]
    func line(_ name: String, _ value: String) {
      lines.append("  " + name + String(repeating: " ", count: max(1, 26 - name.count)) + value)
    }
    line("frozen baseline", "\(model.version) of \(model.firstDay) to \(model.lastDay), \(model.verifier.model.name)")
    line("measured days", "\(account.days.count) of \(account.elapsedDays)")
    line("predicted use", number(assessment.predicted, "kWh"))
    line(
      "saved",
      number(value, "kWh") + String(format: "  (%.0f to %.0f with %g %%)", value - half, value + half, 100 * confidence)
    )
    line("saved, events taken out", number(account.adjusted, "kWh"))
    line("operational model", account.operational.model.version)
    line("money saved", number(account.cost, account.plant.currency))
    line("carbon saved", number(account.carbon, "kg"))
    if account.investment != nil { line("cost of measures", number(account.investment, account.plant.currency)) }
    if account.payback != nil { line("payback", number(account.payback, "years")) }
    if let review = account.guarantee {
      line(
        "guaranteed",
        number(review.guaranteed, "kWh") + "  of \(review.measuredDays) days, \(review.state.rawValue): saved "
          + String(format: "%.0f ± %.0f kWh", review.saved.value, review.saved.half))
    }
    lines += ["", "  month      predicted      actual  deviation    interval  state      cumulative"]
    lines += account.months.map(SavingsReport.row)
    for demand in account.demand {
      let (low, high) = (demand.interval.lowerBound - demand.actual, demand.interval.upperBound - demand.actual)
      lines.append(
        String(
          format: "  peak: %@, %.1f kW expected, %.1f metered, %.1f saved (%.1f to %.1f)", demand.month,
          demand.predicted, demand.actual, demand.saving, low, high))
    }
    lines += account.events.map { "  event \($0.id): \(SavingsReport.words($0.event)), \($0.decision.rawValue)" }
    lines += account.unloggedEvents.map { "  event: \(SavingsReport.words($0)), pending" }
    lines += account.logbook.investigations.filter { $0.meter == plan.meter && $0.state != .closed }.map {
      "  investigation \($0.id) since \(SavingsReport.text($0.opening.first)): \($0.cause ?? "no cause yet")"
    }
    if let detected = assessment.detected {
      lines.append("  change noticed on \(SavingsReport.text(detected))")
    }
    return (lines + remarks.map { "  ! " + $0 }).joined(separator: "\n")
  }

  /// Span and size of an event in words.
  static func words(_ event: SavingsAssessment.Event) -> String {
    String(
      format: "%@ to %@, %.0f kWh %@", text(event.start), text(event.end), abs(event.effect),
      event.isIncrease ? "more" : "less")
  }

  private static func row(_ month: SavingsAccount.Month) -> String {
    let figures = month.figures
    let state = figures.state?.rawValue ?? (month.isClosed ? "-" : "so far")
    return "  \(figures.name)"
      + String(
        format: " %12.1f %11.1f %9.1f%% %11.1f  ", figures.predicted, figures.actual, figures.deviationPercent,
        figures.half) + state + String(repeating: " ", count: max(1, 8 - state.count))
      + String(format: "%13.1f", month.cumulative.value)
  }

  private func number(_ value: Double?, _ unit: String) -> String {
    value.map { String(format: "%12.2f %@", $0, unit) } ?? "           - not known"
  }

  static let csvHeader =
    "plant,meter,fuel,month,complete,predicted_kwh,actual_kwh,deviation_pct,half_interval_kwh,state,cumulative_kwh,"
    + "cumulative_half_kwh,guaranteed_kwh,cost_saved,carbon_saved_kg,currency,model,model_sha256,data_sha256"

  /// CSV rows, one a month, with empty fields for unknown values.
  var csv: String {
    func quoted(_ text: String) -> String {
      text.contains { ",\"\n".contains($0) } ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
    }
    return account.months.map { month in
      let figures = month.figures
      let numbers: [Double?] = [
        figures.predicted, figures.actual, finite(figures.deviationPercent), figures.half,
      ]
      let sums = [month.cumulative.value, month.cumulative.half, month.guaranteed, month.cost, month.carbon]
      func cells(_ values: [Double?]) -> [String] { values.map { $0.flatMap(finite).map { "\($0)" } ?? "" } }
      let names = [quoted(account.plant.name), quoted(account.plan.meter), account.plan.fuel.rawValue, figures.name]
      let ends = [
        quoted(account.plant.currency), account.baseline.model.version, account.baseline.checksum, account.dataDigest,
      ]
      return (names + ["\(month.isClosed)"] + cells(numbers) + [figures.state?.rawValue ?? ""] + cells(sums) + ends)
        .joined(separator: ",")
    }.joined(separator: "\n")
  }
}
