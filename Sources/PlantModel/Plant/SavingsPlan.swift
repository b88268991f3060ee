/// Meter whose savings are verified, as the plant's file states it under `savings`.
///
/// Dates are local days of the plant [days since 1970-01-01].
public struct SavingsPlan: Hashable, Sendable {
  /// Energy that the meter counts.
  public enum Fuel: String, Sendable, CaseIterable {
    /// Electricity, at the plant's tariff unless the file gives a price.
    case electricity
    /// Gas or another fuel, in kWh.
    case gas
    /// Heat or cold from a network.
    case heat
  }

  /// Change of building, plant or operation that should save energy.
  public struct Measure: Hashable, Sendable {
    /// First day on which it is in force.
    public var date: Int
    /// Name.
    public var name: String
    /// Cost of it, once [currency]; `nil` if the file gives none.
    public var cost: Double?
    /// Change that it makes, in words; may be empty.
    public var changes: String
    /// Changes that it makes to quantities of the building, for its physical twin.
    public var quantities: [BuildingQuantity: QuantityChange] = [:]
    /// Whether fans are sized anew for the changed building.
    public var isResized = false

    /// Creates a measure.
    ///
    /// - Parameters:
    ///   - date: First day on which it is in force.
    ///   - name: Name.
    ///   - cost: Cost of it, once [currency].
    ///   - changes: What it changes, in words.
    public init(date: Int, name: String, cost: Double? = nil, changes: String = "") {
      (self.date, self.name, self.cost, self.changes) = (date, name, cost, changes)
    }
  }

  /// Contract on savings.
  public struct Guarantee: Hashable, Sendable {
    /// Guaranteed saving of a year of 365 days [kWh], above 0.
    public var kilowattHoursPerYear: Double
    /// First day of the contract.
    public var from: Int

    /// Creates a contract.
    ///
    /// - Parameters:
    ///   - kilowattHoursPerYear: Guaranteed saving of a year [kWh], above 0.
    ///   - from: First day of the contract.
    public init(kilowattHoursPerYear: Double, from: Int) {
      (self.kilowattHoursPerYear, self.from) = (kilowattHoursPerYear, from)
    }
  }

  /// Asset whose energy is verified.
  public var asset: String
  /// Power or energy of the asset; `nil` for its energy account, in the direction of its power.
  public var sensor: String?
  /// Energy that the meter counts.
  public var fuel = Fuel.electricity
  /// Asset and sensor of the outdoor temperature.
  public var temperature: SensorName
  /// Sensors of further independent variables, such as pieces made in an hour.
  public var variables: [SensorName] = []
  /// First and last day of the baseline.
  public var baseline: ClosedRange<Int>
  /// First day that is compared with the baseline.
  public var reportingStart: Int
  /// Price of a kWh [currency]; `nil` for the plant's tariff, or for none if the fuel is not electricity.
  public var price: Double?
  /// Emissions of a kWh [kg CO₂]; `nil` for those of the tariff, or for unknown ones if the fuel is not electricity.
  public var carbonIntensity: Double?
  /// Probability of intervals, 0.5...0.999.
  public var confidence = 0.9
  /// Measures in order of their dates.
  public var measures: [Measure] = []
  /// Contract on savings, if there is one.
  public var guarantee: Guarantee?
  /// Estimates of the building, for its physical twin; `nil` if the file gives nothing.
  public var building: BuildingDescription?

  /// Creates a plan without measures.
  ///
  /// - Parameters:
  ///   - asset: Asset whose energy is verified.
  ///   - sensor: Power or energy of the asset; `nil` for its energy account.
  ///   - temperature: Sensor of the outdoor temperature.
  ///   - baseline: First and last day of the baseline.
  ///   - reportingStart: First day that is compared with the baseline; `nil` for the day after it.
  public init(
    asset: String, sensor: String? = nil, temperature: SensorName, baseline: ClosedRange<Int>,
    reportingStart: Int? = nil
  ) {
    (self.asset, self.sensor, self.temperature, self.baseline) = (asset, sensor, temperature, baseline)
    self.reportingStart = reportingStart ?? baseline.upperBound + 1
  }

  /// Name of the meter as the file writes it: `main` or `main.power`.
  public var meter: String { sensor.map { "\(asset).\($0)" } ?? asset }
}
