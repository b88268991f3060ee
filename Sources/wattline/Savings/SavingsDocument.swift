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
    var variables: [Variable]
    var hourly: Nullable<Hourly>
    var remarks: [String]
  }

  /// Further independent variable that was offered.
  struct Variable: Encodable {
    var name: String
    /// Use of a day by each unit of the variable's daily mean [kWh]; `nil` if the variable does not help.
    var kwhPerUnit: Nullable<Double>
    /// Least and greatest daily mean of the baseline; `nil` if the variable does not help.
    var range: Nullable<[Double]>
  }

  /// Model of the hours within a day.
  struct Hourly: Encodable {
    var name: String
    var cvrmsePct: Double
    var nmbePct: Double
    /// Acceptance after ASHRAE Guideline 14, by hours.
    var isAccepted: Bool
  }

  /// Greatest hour of a month.
  struct Demand: Encodable {
    var month: String
    var predictedKw: Double
    var actualKw: Double
    var savingsKw: Double
    var lowKw: Double
    var highKw: Double
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
  var demand: [Demand]
  var detected: Nullable<String>
  var changeBegan: Nullable<String>
  var events: [Event]
  var measures: [String]
  var intervalRestsOn: String

  private enum CodingKeys: String, CodingKey {
    case `case`, fuel, model, savingsKwh, lowKwh, highKwh, confidence, predictedKwh, savingsPct, fractionalUncertainty
    case adjustedSavingsKwh, measuredDays, months, demand, detected, changeBegan, events, measures, intervalRestsOn
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
  ///   - demand: Savings of the monthly peaks.
  init(
    case name: String, options: SavingsOptions, verifier: SavingsVerifier, days: String,
    resolution: MeterReadings.Resolution, assessment: SavingsAssessment, demand: [DemandSaving]
  ) {
    let (value, half) = (assessment.savings.value, assessment.savings.half)
    self.init(
      case: name, fuel: options.fuel,
      model: Model(
        verifier, variables: options.variables, days: days, resolution: resolution,
        extrapolated: assessment.extrapolatedDays),
      savingsKwh: rounded(value), lowKwh: rounded(value - half), highKwh: rounded(value + half),
      confidence: options.confidence, predictedKwh: rounded(assessment.predicted),
      savingsPct: Nullable(finite(100 * value / assessment.predicted)),
      fractionalUncertainty: Nullable(finite(half / abs(value))),
      adjustedSavingsKwh: rounded(assessment.adjusted), measuredDays: assessment.dayCount,
      months: assessment.months.map(Month.init), demand: demand.map(Demand.init),
      detected: Nullable(assessment.detected.map(MeterDay.text)),
      changeBegan: Nullable(assessment.changeStart.map(MeterDay.text)), events: assessment.events.map(Event.init),
      measures: options.measures.map { MeterDay.text(ofDate: $0.date) + ($0.name.isEmpty ? "" : ":\($0.name)") },
      intervalRestsOn: verifier.intervalBasis)
  }
}

extension SavingsDocument {
  /// Returns the remark on a variable that does not help.
  static func idle(_ name: String) -> String {
    "'\(name)' does not lower the error of months that were left out, and is not in the model"
  }
}

extension SavingsDocument.Model {
  init(
    _ verifier: SavingsVerifier, variables names: [String], days: String, resolution: MeterReadings.Resolution,
    extrapolated: Int
  ) {
    let statistics = verifier.model.statistics
    let range = verifier.model.temperatureRange
    var remarks = verifier.remarks
    if extrapolated > 0 {
      let variables = verifier.model.variableEffects.isEmpty ? "" : ", or have a variable outside those of it"
      remarks.append("\(extrapolated) days are more than 3 °C outside the temperatures of the baseline\(variables)")
    }
    let effects = verifier.model.variableEffects
    let variables = names.enumerated().map { place, name in
      let effect = effects.first { $0.place == place }
      return SavingsDocument.Variable(
        name: name, kwhPerUnit: Nullable(effect.map(\.slope)),
        range: Nullable(effect.map { [rounded($0.range.lowerBound), rounded($0.range.upperBound)] }))
    }
    for (place, name) in names.enumerated() where !effects.contains(where: { $0.place == place }) {
      remarks.append(SavingsDocument.idle(name))
    }
    if let hourly = verifier.hourly, !hourly.statistics.isAccepted {
      remarks.append(
        "ASHRAE Guideline 14 does not accept the model of hours, CV(RMSE) above 30 % or NMBE above 10 %, so there are no "
          + "savings of the peak")
    }
    self.init(
      name: verifier.model.name, resolution: resolution == .billing ? "billing" : "daily",
      parameters: verifier.model.parameterCount, days: days, holidays: Nullable(verifier.model.holidayCountry),
      cvrmsePct: rounded(100 * statistics.cvrmse), nmbePct: rounded(100 * statistics.nmbe),
      crossValidatedCvrmsePct: rounded(100 * statistics.heldOutCVRMSE),
      monthlyCvrmsePct: rounded(100 * statistics.monthlyCVRMSE),
      temperatureRangeC: [rounded(range.lowerBound), rounded(range.upperBound)],
      isAccepted: statistics.isAccepted, variables: variables,
      hourly: Nullable(verifier.hourly.map(SavingsDocument.Hourly.init)),
      remarks: remarks)
  }
}

extension SavingsDocument.Hourly {
  init(_ model: HourlyModel) {
    self.init(
      name: "time of week and temperature", cvrmsePct: rounded(100 * model.statistics.cvrmse),
      nmbePct: rounded(100 * model.statistics.nmbe), isAccepted: model.statistics.isAccepted)
  }
}

extension SavingsDocument.Demand {
  init(_ demand: DemandSaving) {
    self.init(
      month: demand.month, predictedKw: rounded(demand.predicted), actualKw: rounded(demand.actual),
      savingsKw: rounded(demand.saving), lowKw: rounded(demand.interval.lowerBound - demand.actual),
      highKw: rounded(demand.interval.upperBound - demand.actual))
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
