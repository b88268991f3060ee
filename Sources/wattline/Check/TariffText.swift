import Foundation
import PlantModel
import WattlineTime

/// Tariff of a plant as `check` prints it: the price list, a line per kind of day, and gaps without a price.
struct TariffText {
  private let plant: Plant
  private var tariff: Tariff { plant.tariff }

  init(_ plant: Plant) { self.plant = plant }

  /// Lines of text; empty if the plant has no tariff.
  var lines: [String] {
    guard tariff.isKnown || tariff.demandCharge > 0 || tariff.carbonIntensity != nil else { return [] }
    return ["tariff in \(plant.currency)/kWh"] + listLines + importLines + exportLines + chargeLines
  }

  private var listLines: [String] {
    guard let first = tariff.schedule.slots.first else { return [] }
    let prices = tariff.schedule.slots.map(\.importPrice)
    let step = tariff.schedule.step.map { " of \(Int(($0.inHours * 60).rounded())) min" } ?? ""
    var lines = [
      "  list  \(local(first.start)) to \(local(tariff.schedule.end)), \(prices.count) rows\(step), "
        + "\(price(prices.min() ?? 0)) to \(price(prices.max() ?? 0))"
        + (tariff.schedule.tellsExport ? ", with payments for export" : "")
    ]
    let spans = tariff.schedule.spans
    let holes = zip(spans, spans.dropFirst()).map { "\(local($0.end)) to \(local($1.start))" }
    if !holes.isEmpty {
      let more = holes.count > 5 ? " and \(holes.count - 5) more" : ""
      lines.append("  ! the list has no row for \(holes.prefix(5).joined(separator: ", "))\(more)")
    }
    if tariff.importPeriods.isEmpty {
      lines.append("  ! outside of the list no price is known; 'import' beside it would hold there")
    }
    return lines
  }

  private var importLines: [String] {
    if tariff.importPeriods.isEmpty {
      return tariff.schedule.isEmpty ? ["  ! import has no price in the file"] : []
    }
    let outline = TariffOutline(tariff.importPeriods)
    let name = tariff.schedule.isEmpty ? "import" : "import outside of the list"
    return days(outline, name: name) + holes(outline, name: "import")
  }

  private var exportLines: [String] {
    if tariff.exportPeriods.isEmpty {
      guard let fallback = tariff.exportFallback else {
        return ["  ! outside of the list no payment for export is known; 'export' beside it would hold there"]
      }
      return ["  export  \(price(fallback))" + (tariff.schedule.tellsExport ? " outside of the list" : "")]
    }
    let outline = TariffOutline(tariff.exportPeriods)
    return days(outline, name: "export") + holes(outline, name: "export")
  }

  private var chargeLines: [String] {
    var lines: [String] = []
    if tariff.demandCharge > 0 {
      let minutes = Int(tariff.demandInterval.inHours * 60)
      lines.append(
        "  demand charge  \(price(tariff.demandCharge)) \(plant.currency)/kW of the month's greatest mean of "
          + "\(minutes) min")
    }
    if let carbon = tariff.carbonIntensity { lines.append("  carbon  \(price(carbon)) kg/kWh of import") }
    return lines
  }

  private func days(_ outline: TariffOutline, name: String) -> [String] {
    outline.days.map { day in
      let stretches = day.stretches.map { stretch in
        stretch.fromMinute == 0 && stretch.toMinute == 1440
          ? stretch.price.map(price) ?? "no price" : "\(span(stretch)) \(stretch.price.map(price) ?? "no price")"
      }
      return "  \(name)  \(TariffText.name(of: day)): \(stretches.joined(separator: ", "))"
    }
  }

  private func holes(_ outline: TariffOutline, name: String) -> [String] {
    outline.holes.map { day in
      "  ! \(name) has no price: \(TariffText.name(of: day)) \(day.stretches.map(span).joined(separator: ", ")); its "
        + "cost is left out. A first entry {price: …} would hold there"
    }
  }

  private static func name(of day: TariffOutline.Day) -> String {
    day.months.isEmpty ? day.days : "\(day.months) \(day.days)"
  }

  private func span(_ stretch: TariffOutline.Stretch) -> String {
    "\(LocalText.minute(ofDay: stretch.fromMinute))-\(LocalText.minute(ofDay: stretch.toMinute))"
  }

  private func local(_ time: Timestamp) -> String { LocalText.minute(time, in: plant.location.timezone) }

  /// Returns a price rounded to six decimals, without spurious digits.
  private func price(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    return rounded.magnitude < 1e9 && rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
