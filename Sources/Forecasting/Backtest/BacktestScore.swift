/// The score of one model in a backtest, overall and by lead.
public struct BacktestScore: Sendable {
  /// Sums over forecasts.
  public struct Sums: Sendable {
    /// Number of forecasts.
    public private(set) var count = 0.0
    private var absolute = 0.0
    private var squared = 0.0
    private var loss = 0.0
    private var covered = 0.0
    private var width = 0.0

    mutating func insert(_ forecast: Backtest.Forecast) {
      let error = forecast.actual - forecast.p50
      count += 1
      absolute += error.magnitude
      squared += error * error
      loss += PinballLoss.mean(p10: forecast.p10, p50: forecast.p50, p90: forecast.p90, actual: forecast.actual)
      covered += forecast.p10 <= forecast.actual && forecast.actual <= forecast.p90 ? 1 : 0
      width += forecast.p90 - forecast.p10
    }

    /// Mean absolute error of the median [unit of the target]; NaN without forecasts, like all values below.
    public var mae: Double { absolute / count }
    /// Root mean squared error of the median [unit of the target].
    public var rmse: Double { (squared / count).squareRoot() }
    /// Mean pinball loss of p10, p50 and p90 [unit of the target].
    public var pinball: Double { loss / count }
    /// Share of actual values from p10 to p90, ends included.
    public var coverage80: Double { covered / count }
    /// Mean width from p10 to p90 [unit of the target].
    public var width80: Double { width / count }
  }

  /// Name of the model.
  public let name: String
  /// Sums over all forecasts.
  public private(set) var all = Sums()
  /// Sums by lead class.
  public private(set) var byLead: [(lead: String, sums: Sums)]
  /// Mean absolute error divided by that of yesterday's value before the test (MASE).
  public var mase: Double { all.mae / scale }
  /// Processor time of all trainings [s].
  public private(set) var trainSeconds = 0.0
  /// Number of trainings.
  public private(set) var trainings = 0
  /// Processor time of all scored forecasts [s].
  public internal(set) var predictSeconds = 0.0
  private let scale: Double

  init(name: String, leads: LeadClasses, scale: Double) {
    self.name = name
    self.scale = scale
    byLead = (0..<leads.count).map { (leads.name($0), Sums()) }
  }

  mutating func insert(_ forecast: Backtest.Forecast, lead: Int) {
    all.insert(forecast)
    byLead[lead].sums.insert(forecast)
  }

  mutating func train(_ seconds: Double) {
    trainSeconds += seconds
    trainings += 1
  }
}
