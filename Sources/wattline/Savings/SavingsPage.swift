import Foundation
import PlantModel
import Savings
import SavingsAccounts

/// Report of savings as one HTML page with its plots, for print and for people who decide about rebates.
///
/// The page loads nothing from elsewhere.
enum SavingsPage {
  private static let style = """
    body{font:15px/1.45 system-ui,sans-serif;color:#1b1f24;max-width:60rem;margin:2rem auto;padding:0 1rem}
    h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:1.6rem}
    table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
    td,th{border-bottom:1px solid #d0d7de;padding:.25rem .5rem;text-align:right}
    td:first-child,th:first-child{text-align:left}dl{display:grid;grid-template-columns:16rem 1fr;gap:.15rem 1rem}
    dt{color:#57606a}dd{margin:0}svg{width:100%;height:auto}code{font-size:.8rem;overflow-wrap:anywhere}
    section{break-after:page}@media print{body{margin:0}}
    """

  /// Returns the page of reports.
  static func text(_ reports: [SavingsReport]) -> String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>Verified savings</title><style>\(style)</style></head><body>
    \(reports.map(section).joined(separator: "\n"))
    </body></html>

    """
  }

  /// Returns a text in which nothing is markup.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  private static func section(_ report: SavingsReport) -> String {
    let (account, plan) = (report.account, report.account.plan)
    let title = "\(account.plant.name), \(plan.meter)"
    let model = account.baseline.model
    return """
      <section><h1>Verified savings of \(escaped(title))</h1>
      <p>\(plan.fuel.rawValue.capitalized), \(report.span.first) to \(report.span.last), IPMVP option C.</p>
      <dl>\(pairs(figures(report)))</dl>
      \(measures(plan.measures, currency: account.plant.currency))
      <h2>Months</h2>\(SavingsPlot.months(account))
      \(months(account))
      <h2>Cumulative saving</h2>\(SavingsPlot.cumulative(account))
      \(demand(account))
      <h2>Model and data</h2>
      <dl>\(pairs(provenance(report)))
      <dt>SHA-256 of the model</dt><dd><code>\(account.baseline.checksum)</code></dd>
      <dt>SHA-256 of the baseline's data</dt><dd><code>\(model.dataDigest)</code></dd>
      <dt>SHA-256 of the data of the period</dt><dd><code>\(account.dataDigest)</code></dd></dl>
      \(remarks(report.remarks))</section>
      """
  }

  private static func provenance(_ report: SavingsReport) -> [(String, String)] {
    let model = report.account.baseline.model
    let statistics = model.verifier.model.statistics
    return [
      ("Baseline", "\(model.version), \(model.firstDay) to \(model.lastDay)"),
      ("Model", "\(model.verifier.model.name), \(model.verifier.model.parameterCount) parameters"),
      (
        "Fit",
        String(
          format: "CV(RMSE) %.1f %% of days, %.1f %% of months; NMBE %.2f %%; R² %.2f", 100 * statistics.cvrmse,
          100 * statistics.monthlyCVRMSE, 100 * statistics.nmbe, statistics.determination)
      ),
      ("ASHRAE Guideline 14, by months", statistics.isAccepted ? "accepted" : "not accepted"),
      ("Intervals rest on", model.verifier.intervalBasis),
      ("Frozen", "\(model.created) by \(model.author) with \(model.program)"),
    ]
  }

  private static func pairs(_ pairs: [(String, String)]) -> String {
    pairs.map { "<dt>\(escaped($0.0))</dt><dd>\(escaped($0.1))</dd>" }.joined()
  }

  private static func figures(_ report: SavingsReport) -> [(String, String)] {
    let (account, assessment) = (report.account, report.account.assessment)
    let (value, half, currency) = (assessment.savings.value, assessment.savings.half, account.plant.currency)
    func number(_ value: Double?, _ unit: String) -> String {
      value.map { String(format: "%.0f %@", $0, unit) } ?? "not known"
    }
    var figures = [
      (
        "Saved",
        String(
          format: "%.0f kWh, %.0f to %.0f kWh with a probability of %g %%", value, value - half, value + half,
          100 * account.plan.confidence)
      ),
      ("Share of the predicted use", String(format: "%.1f %%", 100 * value / assessment.predicted)),
      ("Without confirmed non-routine events", number(account.adjusted, "kWh")),
      ("Money", number(account.cost, currency)), ("Carbon", number(account.carbon, "kg CO₂")),
      ("Days measured", "\(account.days.count) of \(account.elapsedDays)"),
    ]
    if let investment = account.investment { figures.append(("Cost of the measures", number(investment, currency))) }
    if let years = account.payback { figures.append(("Simple payback", String(format: "%.1f years", years))) }
    if let review = account.guarantee {
      figures.append(
        (
          "Guarantee",
          String(
            format: "%@: %.0f ± %.0f kWh saved of %.0f kWh guaranteed for %d days", review.state.rawValue,
            review.saved.value, review.saved.half, review.guaranteed, review.measuredDays)
        ))
    }
    return figures
  }

  private static func measures(_ measures: [SavingsPlan.Measure], currency: String) -> String {
    guard !measures.isEmpty else { return "" }
    let rows = measures.map { measure in
      "<tr><td>\(SavingsReport.text(measure.date))</td><td>\(escaped(measure.name))</td>"
        + "<td>\(measure.cost.map { String(format: "%.0f %@", $0, escaped(currency)) } ?? "–")</td>"
        + "<td>\(escaped(measure.changes))</td></tr>"
    }
    return "<h2>Measures</h2><table><tr><th>From</th><th>Measure</th><th>Cost</th><th>Changes</th></tr>"
      + rows.joined() + "</table>"
  }

  private static func months(_ account: SavingsAccount) -> String {
    let heads = ["Month", "Predicted, kWh", "Actual, kWh", "Deviation", "± kWh", "State", "Cumulative, kWh"]
    let rows = account.months.map { month in
      let figures = month.figures
      let cells = [
        figures.name, String(format: "%.0f", figures.predicted), String(format: "%.0f", figures.actual),
        figures.deviationPercent.isFinite ? String(format: "%.1f %%", figures.deviationPercent) : "–",
        String(format: "%.0f", figures.half), figures.state?.rawValue ?? (month.isClosed ? "–" : "so far"),
        String(format: "%.0f", month.cumulative.value),
      ]
      return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
    }
    return "<table><tr>" + heads.map { "<th>\($0)</th>" }.joined() + "</tr>" + rows.joined() + "</table>"
  }

  private static func demand(_ account: SavingsAccount) -> String {
    guard !account.demand.isEmpty else { return "" }
    let rows = account.demand.map { demand in
      let (low, high) = (demand.interval.lowerBound - demand.actual, demand.interval.upperBound - demand.actual)
      return String(
        format: "<tr><td>%@</td><td>%.1f</td><td>%.1f</td><td>%.1f</td><td>%.1f to %.1f</td></tr>", demand.month,
        demand.predicted, demand.actual, demand.saving, low, high)
    }
    let heads = ["Month", "Expected, kW", "Metered, kW", "Saved, kW", "Interval, kW"]
    return "<h2>Greatest hour of each month</h2><table><tr>" + heads.map { "<th>\($0)</th>" }.joined() + "</tr>"
      + rows.joined() + "</table>"
  }

  private static func remarks(_ remarks: [String]) -> String {
    remarks.isEmpty
      ? "" : "<h2>Remarks</h2><ul>" + remarks.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
  }
}
