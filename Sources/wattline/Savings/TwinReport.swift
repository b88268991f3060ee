import Foundation
import PlantConfig
import PlantModel
import Savings

/// Report of a twin: its fit, its parameters, and what each measure should save.
struct TwinReport {
  let study: TwinStudy
  let predictions: [TwinStudy.Prediction]
  let confidence: Double

  /// Document for JSON, with keys in snake case.
  var document: TwinDocument {
    let calibration = study.calibration
    return TwinDocument(
      name: study.name, days: study.clockName, irradiance: study.hasMeasuredSun ? "measured" : "estimated",
      confidence: confidence,
      simulations: calibration.simulations, fits: calibration.fits.map(TwinDocument.Fit.init),
      parameters: parameters.map { row in
        TwinDocument.Parameter(
          quantity: row.quantity.rawValue, unit: row.quantity.profile.unit, given: rounded(row.given),
          calibrated: rounded(row.calibrated), learnedPct: rounded(row.learned), atBound: row.isAtBound)
      },
      measures: predictions.map { TwinDocument.Measure($0, told: told) }, remarks: remarks)
  }

  /// Energies of which the twin tells something.
  private var told: Set<TwinCalibration.Energy> {
    Set(study.calibration.fits.filter(\.isAccepted).map(\.energy))
  }

  private struct Row {
    let quantity: BuildingQuantity
    let given: Double
    let calibrated: Double
    /// Part of the prior's variance that the meters took away [%].
    let learned: Double
    let isAtBound: Bool
  }

  private var parameters: [Row] {
    let calibration = study.calibration
    let given = calibration.parameters.values(at: calibration.coordinates.map { _ in 0 })
    let found = calibration.parameters.values(at: calibration.coordinates)
    return calibration.parameters.quantities.enumerated().map { place, quantity in
      Row(
        quantity: quantity, given: given[quantity] ?? .nan, calibrated: found[quantity] ?? .nan,
        learned: 100 * max(0, 1 - calibration.deviations[place] * calibration.deviations[place]),
        isAtBound: abs(calibration.coordinates[place]) > 2.5)
    }
  }

  private var remarks: [String] {
    var remarks = study.refused.map {
      String(
        format: "nothing is told of %@: its months miss ASHRAE Guideline 14 with CV(RMSE) %.1f %% (15 %%) and bias "
          + "%.1f %% (5 %%); review what the building's file says", $0.energy.rawValue, 100 * $0.months.cvrmse,
        100 * $0.months.bias)
    }
    let far = parameters.filter(\.isAtBound).map(\.quantity.rawValue)
    if !far.isEmpty {
      remarks.append(
        "far from what was given: \(far.joined(separator: ", ")); they may stand for something that the model lacks")
    }
    if !study.hasMeasuredSun { remarks.append("irradiance is estimated from the swing of temperature in each day") }
    return remarks
  }

  /// The report as text.
  var text: String {
    var lines = ["\(study.name)  twin  (\(study.clockName), \(study.calibration.simulations) simulated years)"]
    for fit in study.calibration.fits {
      lines.append(
        "  \(fit.energy.rawValue)".padded(16)
          + String(
            format: "%9.0f kWh metered %9.0f by the twin   months: CV(RMSE) %4.1f %%, bias %5.1f %%  %@",
            fit.sums.measured, fit.sums.simulated, 100 * fit.months.cvrmse, 100 * fit.months.bias,
            fit.isAccepted ? "accepted" : "refused"))
    }
    if !parameters.isEmpty { lines.append("\n  quantity                 given  calibrated  learned") }
    for row in parameters {
      lines.append(
        "  \(row.quantity.rawValue)".padded(22)
          + String(
            format: "%10.3f %11.3f %7.0f %%  %@", row.given, row.calibrated, row.learned, row.quantity.profile.unit)
          + (row.isAtBound ? "  !" : ""))
    }
    for prediction in predictions { lines += measure(prediction) }
    return (lines + remarks.map { "  ! " + $0 }).joined(separator: "\n")
  }

  private func measure(_ item: TwinStudy.Prediction) -> [String] {
    let prediction = item.prediction
    var lines = [
      "", "  \(item.measure.name)", "  month        electricity saved     interval       gas saved     interval",
    ]
    func cells(_ figures: TwinPrediction.Figures, _ energy: TwinCalibration.Energy) -> String {
      guard told.contains(energy) else { return "          -            -     " }
      let half = (figures.bounds.upperBound - figures.bounds.lowerBound) / 2
      // A model outside has no interval.
      return String(format: "%12.1f kWh ", figures.saved)
        + (half > 0 ? String(format: "± %9.1f ", half) : "          -  ")
    }
    for month in prediction.months {
      lines.append("  \(month.name)  " + cells(month.electricity, .electricity) + cells(month.fuel, .fuel))
    }
    lines.append("  all      " + cells(prediction.electricity, .electricity) + cells(prediction.fuel, .fuel))
    return lines
  }
}

/// The document of `wattline savings twin`.
struct TwinDocument: Encodable {
  struct Fit: Encodable {
    var energy: String
    var resolution: String
    var meteredKwh: Double
    var simulatedKwh: Double
    var cvrmsePct: Double
    var nmbePct: Double
    var monthlyCvrmsePct: Double
    var monthlyNmbePct: Double
    var isAccepted: Bool

    init(_ fit: TwinCalibration.Fit) {
      (energy, resolution) = (fit.energy.rawValue, fit.resolution.rawValue)
      (meteredKwh, simulatedKwh) = (rounded(fit.sums.measured), rounded(fit.sums.simulated))
      (cvrmsePct, nmbePct) = (rounded(100 * fit.readings.cvrmse), rounded(100 * fit.readings.bias))
      (monthlyCvrmsePct, monthlyNmbePct) = (rounded(100 * fit.months.cvrmse), rounded(100 * fit.months.bias))
      isAccepted = fit.isAccepted
    }
  }

  struct Parameter: Encodable {
    var quantity: String
    var unit: String
    var given: Double
    var calibrated: Double
    var learnedPct: Double
    var atBound: Bool
  }

  struct Figures: Encodable {
    var beforeKwh: Double
    var afterKwh: Double
    var savedKwh: Double
    /// Bounds; `null` for a model outside, which has none.
    var lowKwh: Nullable<Double>
    var highKwh: Nullable<Double>

    init(_ figures: TwinPrediction.Figures) {
      (beforeKwh, afterKwh) = (rounded(figures.before), rounded(figures.after))
      savedKwh = rounded(figures.saved)
      let hasBounds = figures.bounds.lowerBound < figures.bounds.upperBound
      lowKwh = Nullable(hasBounds ? rounded(figures.bounds.lowerBound) : nil)
      highKwh = Nullable(hasBounds ? rounded(figures.bounds.upperBound) : nil)
    }
  }

  struct Month: Encodable {
    var month: String
    var electricity: Nullable<Figures>
    var fuel: Nullable<Figures>
  }

  struct Measure: Encodable {
    var name: String
    var changes: [String: String]
    var electricity: Nullable<Figures>
    var fuel: Nullable<Figures>
    var months: [Month]

    init(_ item: TwinStudy.Prediction, told: Set<TwinCalibration.Energy>) {
      func shown(_ figures: TwinPrediction.Figures, _ energy: TwinCalibration.Energy) -> Nullable<Figures> {
        Nullable(told.contains(energy) ? Figures(figures) : nil)
      }
      name = item.measure.name
      changes = Dictionary(
        uniqueKeysWithValues: item.measure.changes.map { ($0.key.rawValue, $0.value.words) })
      electricity = shown(item.prediction.electricity, .electricity)
      fuel = shown(item.prediction.fuel, .fuel)
      months = item.prediction.months.map {
        Month(month: $0.name, electricity: shown($0.electricity, .electricity), fuel: shown($0.fuel, .fuel))
      }
    }
  }

  var name: String
  var days: String
  var irradiance: String
  var confidence: Double
  var simulations: Int
  var fits: [Fit]
  var parameters: [Parameter]
  var measures: [Measure]
  var remarks: [String]
}

extension String {
  /// The text with blanks up to a length.
  fileprivate func padded(_ length: Int) -> String { self + String(repeating: " ", count: max(1, length - count)) }
}
