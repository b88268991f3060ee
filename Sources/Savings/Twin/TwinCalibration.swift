import Glibc
public import PlantModel
public import PlantPhysics

/// Calibration of a building's physical twin to its meters.
///
/// The most probable parameters are searched, given the meters and the estimates of the file (maximum a posteriori).
/// First come 24 points of a Latin hypercube over the prior. Levenberg–Marquardt follows from the given values and from
/// the best two. Residuals are taken as normal. Their size and correlation are found from the fit itself, in three
/// rounds. The covariance is that of Laplace's approximation. The search depends on its data alone.
public struct TwinCalibration: Sendable {
  /// Parameters that were moved.
  public let parameters: TwinParameters
  /// Most probable coordinates.
  public let coordinates: [Double]
  /// Lower factor of the inverse covariance of the coordinates.
  let precision: CholeskyFactor?
  /// Standard deviation of each coordinate; that of the prior is 1.
  public let deviations: [Double]
  /// Fit of each meter.
  public let fits: [Fit]
  /// Number of simulated years.
  public let simulations: Int

  /// Energy that a meter counts.
  public enum Energy: String, Sendable, CaseIterable {
    /// Electricity.
    case electricity
    /// Gas or another fuel.
    case fuel
  }

  /// Agreement of a meter with the twin.
  public struct Fit: Sendable {
    /// Energy that the meter counts.
    public let energy: Energy
    /// Usual length of a reading.
    public let resolution: MeterReadings.Resolution
    /// Agreement of single readings.
    public let readings: Agreement
    /// Agreement of months.
    public let months: Agreement
    /// Measured and simulated energy [kWh].
    public let sums: (measured: Double, simulated: Double)

    /// Whether the months agree within the limits of ASHRAE Guideline 14: CV(RMSE) 15 %, bias 5 %.
    public var isAccepted: Bool { months.cvrmse <= 0.15 && abs(months.bias) <= 0.05 }
  }

  /// Agreement after ASHRAE Guideline 14, with one parameter.
  public struct Agreement: Sendable, Equatable {
    /// Root of the mean squared deviation, divided by the mean.
    public let cvrmse: Double
    /// Mean deviation of measured from simulated energy, divided by the mean.
    public let bias: Double

    init(measured: [Double], simulated: [Double]) {
      let mean = measured.reduce(0, +) / Double(max(1, measured.count))
      let residuals = zip(measured, simulated).map { $0 - $1 }
      let free = Double(max(1, measured.count - 1))
      cvrmse = (residuals.reduce(0) { $0 + $1 * $1 } / free).squareRoot() / mean
      bias = residuals.reduce(0, +) / free / mean
    }
  }

  /// Calibrates the twin.
  ///
  /// - Parameters:
  ///   - description: What is known of the building.
  ///   - period: Hours of the baseline.
  ///   - electricity: Meter of electricity.
  ///   - fuel: Meter of gas or another fuel; `nil` if there is none.
  /// - Throws: ``SavingsRefusal`` if the meters do not cover a year or count nothing.
  public init(
    _ description: BuildingDescription, period: TwinPeriod, electricity: TwinMeter, fuel: TwinMeter? = nil
  ) throws(SavingsRefusal) {
    try TwinCalibration.check(period, meters: [("electricity", electricity)] + (fuel.map { [("gas", $0)] } ?? []))
    let parameters = TwinParameters(description, meanTemperature: period.weather.meanTemperature)
    var search = TwinSearch(
      parameters: parameters, period: period, meters: [electricity] + (fuel.map { [$0] } ?? []))
    guard let best = search.best() else {
      throw SavingsRefusal(
        "no set of parameters near the given ones describes the building; check area, meters and set-points")
    }
    self.parameters = parameters
    coordinates = best.coordinates
    precision = best.precision
    deviations = best.coordinates.indices.map { place in
      var unit = [Double](repeating: 0, count: best.coordinates.count)
      unit[place] = 1
      return (best.precision?.solve(unit)?[place] ?? 1).squareRoot()
    }
    simulations = search.simulations
    let use = TwinCalibration.use(parameters, coordinates: coordinates, period: period)
    fits = TwinCalibration.fits(use, electricity: electricity, fuel: fuel, period: period)
  }

  /// Judges a model outside by its use in the baseline; no parameter is moved.
  ///
  /// - Parameters:
  ///   - description: What is known of the building.
  ///   - use: Hourly use by the model outside.
  ///   - period: Hours of the baseline.
  ///   - electricity: Meter of electricity.
  ///   - fuel: Meter of gas or another fuel; `nil` if there is none.
  /// - Throws: ``SavingsRefusal`` if the meters do not cover a year or count nothing.
  public init(
    outside description: BuildingDescription, use: BuildingUse, period: TwinPeriod, electricity: TwinMeter,
    fuel: TwinMeter? = nil
  ) throws(SavingsRefusal) {
    try TwinCalibration.check(period, meters: [("electricity", electricity)] + (fuel.map { [("gas", $0)] } ?? []))
    var fixed = description
    for quantity in BuildingQuantity.allCases {
      fixed.given[quantity] = .init(description.estimate(quantity).value, deviation: 0)
    }
    parameters = TwinParameters(fixed, meanTemperature: period.weather.meanTemperature)
    (coordinates, deviations, simulations) = ([], [], 1)
    precision = nil
    fits = TwinCalibration.fits(use, electricity: electricity, fuel: fuel, period: period)
  }

  private static func fits(
    _ use: BuildingUse, electricity: TwinMeter, fuel: TwinMeter?, period: TwinPeriod
  ) -> [Fit] {
    [fit(.electricity, electricity, use.electricity, period)] + (fuel.map { [fit(.fuel, $0, use.fuel, period)] } ?? [])
  }

  private static func check(_ period: TwinPeriod, meters: [(name: String, meter: TwinMeter)]) throws(SavingsRefusal) {
    for (name, meter) in meters {
      let days = meter.coveredHours / 24
      guard days >= SavingsRefusal.leastDays else {
        throw SavingsRefusal(
          "the meter of \(name) covers \(days) days with weather; a twin needs \(SavingsRefusal.leastDays) of a year")
      }
      guard meter.energies.reduce(0, +) > 0 else {
        throw SavingsRefusal("the meter of \(name) counts nothing in the baseline; leave it out")
      }
    }
  }

  /// Returns the use of the building at coordinates.
  static func use(_ parameters: TwinParameters, coordinates: [Double], period: TwinPeriod) -> BuildingUse {
    let description = parameters.description
    return BuildingModel(
      values: parameters.values(at: coordinates), schedule: description.schedule,
      heatingFuel: description.heatingFuel, waterFuel: description.waterFuel
    ).use(in: period.weather, calendar: period.calendar)
  }

  private static func fit(_ energy: Energy, _ meter: TwinMeter, _ hourly: [Double], _ period: TwinPeriod) -> Fit {
    let simulated = meter.readings.map { hourly[$0.hours].reduce(0, +) }
    let measured = meter.readings.map(\.use)
    // A bill belongs to the month of its middle.
    var months: [Int: (Double, Double)] = [:]
    for (place, reading) in meter.readings.enumerated() {
      let month = period.months[(reading.hours.lowerBound + reading.hours.upperBound) / 2]
      let sum = months[month] ?? (0, 0)
      months[month] = (sum.0 + measured[place], sum.1 + simulated[place])
    }
    let names = months.keys.sorted()
    return Fit(
      energy: energy, resolution: meter.resolution,
      readings: Agreement(measured: measured, simulated: simulated),
      months: Agreement(
        measured: names.map { months[$0]?.0 ?? 0 }, simulated: names.map { months[$0]?.1 ?? 0 }),
      sums: (measured.reduce(0, +), simulated.reduce(0, +)))
  }
}
