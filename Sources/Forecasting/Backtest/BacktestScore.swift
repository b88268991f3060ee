/// How one model did in a backtest, as a whole and for each lead.
public struct BacktestScore: Sendable {
  /// Sums over forecasts.
  public struct Sums: Sendable {
    /// Forecasts.
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

    /// Mean absolute error of the median [unit of the target]; NaN without forecasts, as all below.
    public var mae: Double { absolute / count }
    /// Root of the mean squared error of the median [unit of the target].
    public var rmse: Double { (squared / count).squareRoot() }
    /// Mean pinball loss of p10, p50 and p90 [unit of the target].
    public var pinball: Double { loss / count }
    /// Share of values from p10 to p90, ends included.
    public var coverage80: Double { covered / count }
    /// Mean width from p10 to p90 [unit of the target].
    public var width80: Double { width / count }
  }

  /// Name of the model.
  public let name: String
  /// Over all forecasts.
  public private(set) var all = Sums()
  /// By class of lead.
  public private(set) var byLead: [(lead: String, sums: Sums)]
  /// Mean absolute error over that of yesterday's value before the test.
  public var mase: Double { all.mae / scale }
  /// Seconds of all trainings.
  public private(set) var trainSeconds = 0.0
  /// How many trainings there were.
  public private(set) var trainings = 0
  /// Seconds of all scored forecasts.
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
