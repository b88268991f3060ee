import DispatchPolicy
import Foundation
import MonthlyAccounts
import PlantModel
import WattlineTime

/// Account of a plant's month, with its printed forms.
struct MonthlyReport {
  let plant: Plant
  let span: MonthSpan
  let account: MonthlyAccount

  /// Figures in order of output: name, value, unit. An unknown value is `nil`.
  private var figures: [(name: String, value: Double?, unit: String)] {
    let comparison = account.comparison
    return [
      ("elapsed_hours", account.elapsedHours, "h"), ("covered_hours", account.coveredHours, "h"),
      ("bought_kwh", account.boughtKilowattHours, "kWh"), ("sold_kwh", account.soldKilowattHours, "kWh"),
      ("energy_cost", account.energyCost, plant.currency), ("cost_coverage", account.costCoverage, ""),
      ("demand_cost", account.demandCost, plant.currency),
      ("peak_kw", account.peakKilowatts, "kW"), ("carbon_kg", account.carbonKilograms, "kg"),
      ("compared_hours", comparison?.hours, "h"),
      ("saving_vs_nothing", comparison?.savingAgainstNothing, plant.currency),
      ("saving_vs_rule", comparison?.savingAgainstRule, plant.currency),
      ("regret_vs_optimum", comparison?.regret, plant.currency), ("full_cycles", account.fullCycles, ""),
      ("good_share", account.goodShare, ""),
    ]
  }

  private var peakTime: String? { account.peakTime.map(\.description) }

  /// Local time of the peak, for people; the zone is printed in the first line.
  private var localPeakTime: String? {
    account.peakTime.map(local)
  }

  private func local(_ time: Timestamp) -> String { LocalText.minute(time, in: plant.location.timezone) }

  /// Values for JSON, with `null` for unknown ones.
  var document: [String: ReportValue] {
    var document: [String: ReportValue] = [
      "plant": .text(plant.name), "month": .text(span.name), "complete_month": .boolean(!span.isRunning),
      "currency": .text(plant.currency), "from": .text("\(span.start)"), "to": .text("\(span.end)"),
      "peak_time": peakTime.map { .text($0) } ?? .none,
      "peak_interval_minutes": .number(plant.tariff.demandInterval.inHours * 60),
      "unpriced": .list(
        account.unpriced.map {
          ["from": .text("\($0.start)"), "to": .text("\($0.end)"), "kwh": .number(rounded($0.kilowattHours))]
        }),
      "assets": .list(
        account.completeness.map {
          [
            "asset": .text($0.asset), "present_share": .number(rounded($0.presentShare)),
            "good_share": .number(rounded($0.goodShare)),
          ]
        }),
    ]
    for figure in figures { document[figure.name] = figure.value.map { .number(rounded($0)) } ?? ReportValue.none }
    return document
  }

  private func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }

  static let csvHeader =
    "plant,month,complete_month,currency,elapsed_hours,covered_hours,bought_kwh,sold_kwh,energy_cost,"
    + "cost_coverage,demand_cost,"
    + "peak_kw,carbon_kg,compared_hours,saving_vs_nothing,saving_vs_rule,regret_vs_optimum,full_cycles,good_share,"
    + "peak_time"

  /// CSV row, with empty fields for unknown values.
  var csv: String {
    func quoted(_ text: String) -> String {
      text.contains { ",\"\n".contains($0) } ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
    }
    let numbers = figures.map { $0.value.map { "\(rounded($0))" } ?? "" }
    let fields = [quoted(plant.name), span.name, "\(!span.isRunning)", quoted(plant.currency)] + numbers
    return (fields + [peakTime ?? ""]).joined(separator: ",")
  }
}

/// Value in a report's JSON.
enum ReportValue: Encodable {
  case text(String)
  case number(Double)
  case boolean(Bool)
  case list([[String: ReportValue]])
  case none

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .boolean(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .none: try container.encodeNil()
    }
  }
}

// MARK: - For people

extension MonthlyReport {
  /// Share of the time or of good readings below which a gap is reported.
  private static let fullShare = 0.995

  /// Report as text.
  var text: String {
    let so = span.isRunning ? ", so far" : ""
    var lines = ["\(plant.name)  \(span.name)\(so)  (\(plant.location.timezone), \(plant.currency))"]
    func line(_ name: String, value: String) {
      lines.append("  " + name + String(repeating: " ", count: max(1, 26 - name.count)) + value)
    }
    func number(_ value: Double?, unit: String) -> String {
      value.map { String(format: "%12.2f", $0) + (unit.isEmpty ? "" : " \(unit)") } ?? "           - not known"
    }
    let interval =
      plant.tariff.demandInterval == .hour
      ? "hour" : plant.tariff.demandInterval == .minutes(30) ? "half hour" : "quarter"
    line("energy bought", value: number(account.boughtKilowattHours, unit: "kWh"))
    line("energy sold", value: number(account.soldKilowattHours, unit: "kWh"))
    line("cost of energy", value: number(account.energyCost, unit: plant.currency))
    if plant.tariff.demandCharge > 0 { line("demand charge", value: number(account.demandCost, unit: plant.currency)) }
    line(
      "peak import",
      value: number(account.peakKilowatts, unit: "kW") + (localPeakTime.map { "  in the \(interval) from \($0)" } ?? "")
    )
    line("carbon of what was bought", value: number(account.carbonKilograms, unit: "kg"))
    if plant.assets.contains(where: { $0.kind.role == .storage }) {
      line("full cycles of batteries", value: number(account.fullCycles, unit: ""))
      line("saved against no battery", value: number(account.comparison?.savingAgainstNothing, unit: plant.currency))
      line("saved against the rule", value: number(account.comparison?.savingAgainstRule, unit: plant.currency))
      line("regret to the optimum", value: number(account.comparison?.regret, unit: plant.currency))
    }
    line("good data", value: number(account.goodShare.map { 100 * $0 }, unit: "%"))
    return (lines + gaps.map { "  ! " + $0 }).joined(separator: "\n")
  }

  /// Maximum number of time spans without a price that are listed, because one may occur every day.
  private static let namedSpans = 6

  /// Text about the time spans without a price and their energy.
  private var unpricedWords: String {
    let spans = account.unpriced.prefix(MonthlyReport.namedSpans).map { "\(local($0.start)) to \(local($0.end))" }
    let more = account.unpriced.count - spans.count
    let energy = account.unpriced.reduce(0) { $0 + $1.kilowattHours }
    let hours = account.unpriced.reduce(0) { $0 + ($1.end - $1.start).inHours }
    return "no price is known for \(String(format: "%.2f kWh in %.2f h", energy, hours)), which are in no cost: "
      + spans.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  /// Limitations of the figures.
  private var gaps: [String] {
    func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
    var gaps: [String] = []
    if account.coveredShare < MonthlyReport.fullShare {
      let missing = String(format: "%.1f", max(0, account.elapsedHours - account.coveredHours))
      gaps.append(
        "energy, money and peak cover \(percent(account.coveredShare)) of the time; the exchange with the grid is not "
          + "known for \(missing) h")
    }
    if !plant.tariff.isKnown, account.energyCost == nil {
      gaps.append("the plant has no tariff, so nothing has a cost")
    }
    if !account.unpriced.isEmpty { gaps.append(unpricedWords) }
    if account.carbonKilograms == nil {
      gaps.append("carbon is not known: set tariff.carbon.intensity, or send a sensor 'carbon' of the grid connection")
    }
    if let hours = account.comparison?.hours, hours < MonthlyReport.fullShare * account.elapsedHours {
      let share = percent(hours / max(1e-9, account.elapsedHours))
      gaps.append("savings and regret cover \(share) of the time: charge, power and prices have to be known for them")
    }
    for entry in account.completeness where entry.goodShare < MonthlyReport.fullShare {
      gaps.append(
        entry.presentShare == 0
          ? "\(entry.asset): no whole hour of readings"
          : "\(entry.asset): \(percent(entry.goodShare)) good readings, hours with any \(percent(entry.presentShare))")
    }
    return gaps
  }
}
