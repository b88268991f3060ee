import Savings

/// A value that is `null` in JSON if there is none, so that every document has the same keys.
struct Nullable<Value: Encodable>: Encodable {
  let value: Value?

  init(_ value: Value?) { self.value = value }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let value { try container.encode(value) } else { try container.encodeNil() }
  }
}

/// The document of `wattline savings`, as JSON in snake case.
struct SavingsDocument: Encodable {
  struct Model: Encodable {
    var name: String
    var resolution: String
    var parameters: Int
    var days: String
    var holidays: Nullable<String>
    var cvrmsePct: Double
    var nmbePct: Double
    var crossValidatedCvrmsePct: Double
    var monthlyCvrmsePct: Double
    var temperatureRangeC: [Double]
    /// Acceptance after ASHRAE Guideline 14, by months.
    var isAccepted: Bool
    var remarks: [String]
  }

  struct Month: Encodable {
    var month: String
    var predictedKwh: Double
    var actualKwh: Double
    var deviationPct: Nullable<Double>
    var halfIntervalKwh: Double
    var state: Nullable<String>
  }

  struct Event: Encodable {
    var kind: String
    var start: String
    var end: String
    var effectKwh: Double
  }

  var `case`: String
  var fuel: String
  var model: Model
  var savingsKwh: Double
  var lowKwh: Double
  var highKwh: Double
  var confidence: Double
  var predictedKwh: Double
  var savingsPct: Nullable<Double>
  var fractionalUncertainty: Nullable<Double>
  var adjustedSavingsKwh: Double
  var measuredDays: Int
  var months: [Month]
  var detected: Nullable<String>
  var changeBegan: Nullable<String>
  var events: [Event]
  var measures: [String]
  var intervalRestsOn: String

  private enum CodingKeys: String, CodingKey {
    case `case`, fuel, model, savingsKwh, lowKwh, highKwh, confidence, predictedKwh, savingsPct, fractionalUncertainty
    case adjustedSavingsKwh, measuredDays, months, detected, changeBegan, events, measures, intervalRestsOn
  }
}

extension SavingsDocument {
  /// Creates the document.
  ///
  /// - Parameters:
  ///   - name: Name of the reporting file.
  ///   - options: Options of the command.
  ///   - verifier: The baseline.
  ///   - days: Clock of the days.
  ///   - resolution: Resolution of the meter.
  ///   - assessment: The result.
  init(
    case name: String, options: SavingsOptions, verifier: SavingsVerifier, days: String,
    resolution: MeterReadings.Resolution, assessment: SavingsAssessment
  ) {
    let (value, half) = (assessment.savings.value, assessment.savings.half)
    self.init(
      case: name, fuel: options.fuel,
      model: Model(verifier, days: days, resolution: resolution, extrapolated: assessment.extrapolatedDays),
      savingsKwh: rounded(value), lowKwh: rounded(value - half), highKwh: rounded(value + half),
      confidence: options.confidence, predictedKwh: rounded(assessment.predicted),
      savingsPct: Nullable(finite(100 * value / assessment.predicted)),
      fractionalUncertainty: Nullable(finite(half / abs(value))),
      adjustedSavingsKwh: rounded(assessment.adjusted), measuredDays: assessment.dayCount,
      months: assessment.months.map(Month.init), detected: Nullable(assessment.detected.map(MeterDay.text)),
      changeBegan: Nullable(assessment.changeStart.map(MeterDay.text)), events: assessment.events.map(Event.init),
      measures: options.measures.map { MeterDay.text(ofDate: $0.date) + ($0.name.isEmpty ? "" : ":\($0.name)") },
      intervalRestsOn: verifier.intervalBasis)
  }
}

extension SavingsDocument.Model {
  init(_ verifier: SavingsVerifier, days: String, resolution: MeterReadings.Resolution, extrapolated: Int) {
    let statistics = verifier.model.statistics
    let range = verifier.model.temperatureRange
    var remarks = verifier.remarks
    if extrapolated > 0 {
      remarks.append("\(extrapolated) days are more than 3 °C outside the temperatures of the baseline")
    }
    self.init(
      name: verifier.model.name, resolution: resolution == .billing ? "billing" : "daily",
      parameters: verifier.model.parameterCount, days: days, holidays: Nullable(verifier.model.holidayCountry),
      cvrmsePct: rounded(100 * statistics.cvrmse), nmbePct: rounded(100 * statistics.nmbe),
      crossValidatedCvrmsePct: rounded(100 * statistics.heldOutCVRMSE),
      monthlyCvrmsePct: rounded(100 * statistics.monthlyCVRMSE),
      temperatureRangeC: [rounded(range.lowerBound), rounded(range.upperBound)],
      isAccepted: statistics.isAccepted, remarks: remarks)
  }
}

extension SavingsDocument.Month {
  init(_ month: SavingsAssessment.Month) {
    self.init(
      month: month.name, predictedKwh: rounded(month.predicted), actualKwh: rounded(month.actual),
      deviationPct: Nullable(finite(month.deviationPercent)), halfIntervalKwh: rounded(month.half),
      state: Nullable(month.state?.rawValue))
  }
}

extension SavingsDocument.Event {
  init(_ event: SavingsAssessment.Event) {
    self.init(
      kind: event.isIncrease ? "more" : "less", start: MeterDay.text(ofDate: event.start),
      end: MeterDay.text(ofDate: event.end), effectKwh: rounded(event.effect))
  }
}

/// Returns a number to a thousandth, so that documents are short; 0 for one that is not finite.
func rounded(_ value: Double) -> Double { value.isFinite ? (value * 1000).rounded() / 1000 + 0 : 0 }

/// Returns a number to a thousandth; `nil` for one that is not finite.
func finite(_ value: Double) -> Double? { value.isFinite ? rounded(value) : nil }
