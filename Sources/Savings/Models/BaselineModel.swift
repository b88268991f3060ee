/// Model of a meter's use by weather and calendar, fitted on a baseline.
public protocol BaselineModel: Sendable {
  /// Name in the field's terms.
  var name: String { get }
  /// Number of parameters.
  var parameterCount: Int { get }
  /// Figures of the fit.
  var statistics: FitStatistics { get }
  /// Least and greatest mean temperature of a baseline day [°C].
  var temperatureRange: ClosedRange<Double> { get }
  /// Country whose holidays the meter keeps, as an ISO 3166 code; `nil` if none was found.
  var holidayCountry: String? { get }
  /// Variables that the model depends on besides weather and calendar.
  var variableEffects: [DailyModel.VariableEffect] { get }

  /// Returns the predicted use of each day [kWh]; NaN if the weather is unknown.
  func predict(_ days: [MeterDay]) -> [Double]
}

extension BaselineModel {
  /// None.
  public var variableEffects: [DailyModel.VariableEffect] { [] }
}
