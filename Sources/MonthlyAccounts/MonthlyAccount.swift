import DispatchPolicy
import PlantModel
public import WattlineTime

/// The monthly account of a plant: energy, costs, and the effect of its batteries.
///
/// Sums include known values only; ``coveredHours`` of ``elapsedHours`` are covered. A figure without any known value
/// is `nil`.
public struct MonthlyAccount: Sendable, Equatable {
  /// Completeness of an asset's power over the whole time.
  public struct Completeness: Sendable, Equatable {
    /// Name of the asset.
    public var asset: String
    /// Share of the hours with a value, 0...1.
    public var presentShare: Double
    /// Share of good readings, 0...1; hours without any count as zero.
    public var goodShare: Double
  }

  /// A period in which energy was exchanged at an unknown price.
  public struct UnpricedSpan: Sendable, Equatable {
    /// Start of its first quarter of an hour.
    public var start: Timestamp
    /// End of its last quarter of an hour.
    public var end: Timestamp
    /// Energy imported and exported at an unknown price [kWh].
    public var kilowattHours: Double
  }

  /// The result of the batteries compared with alternatives, over the hours with complete data. Energy left at the end
  /// of a stretch counts at the stretch's mean price, less the losses of discharging it.
  public struct Comparison: Sendable, Equatable {
    /// Duration that is compared [h].
    public var hours = 0.0
    /// Saving against resting batteries, wear and demand charge included [currency].
    public var savingAgainstNothing = 0.0
    /// Saving against ``DispatchRule`` [currency].
    public var savingAgainstRule = 0.0
    /// Cost above the optimum with perfect foresight [currency].
    public var regret = 0.0
  }

  /// Elapsed time of the month [h].
  public var elapsedHours = 0.0
  /// Time with a known exchange with the grid [h].
  public var coveredHours = 0.0
  /// Energy imported [kWh].
  public var boughtKilowattHours = 0.0
  /// Energy exported [kWh].
  public var soldKilowattHours = 0.0
  /// Cost of the energy with a known price; negative if earned [currency].
  public var energyCost: Double?
  /// Share of the exchanged energy with a known price, 0...1; `nil` if nothing was exchanged, or the plant has no
  /// prices.
  public var costCoverage: Double?
  /// Periods in which energy was exchanged at an unknown price.
  public var unpriced: [UnpricedSpan] = []
  /// Demand charge on the peak [currency]; 0 if the tariff has none, `nil` if the peak is unknown.
  public var demandCost: Double? = 0
  /// Emissions of the imported energy [kg CO₂].
  public var carbonKilograms: Double?
  /// Largest mean import over the tariff's demand interval, by default a quarter of an hour [kW].
  public var peakKilowatts: Double?
  /// Start of that interval.
  public var peakTime: Timestamp?
  /// Energy through the batteries in both directions divided by twice their capacity; `nil` without a battery.
  public var fullCycles: Double?
  /// Comparison of the batteries' operation; `nil` without a battery of known sizes or without comparable data.
  public var comparison: Comparison?
  /// Completeness of each asset that has a power, in the order of the plant file.
  public var completeness: [Completeness] = []

  /// Creates an empty account.
  public init() {}

  /// Share of the elapsed time that the account covers, 0...1.
  public var coveredShare: Double { elapsedHours > 0 ? min(1, coveredHours / elapsedHours) : 0 }
  /// Mean share of good readings over the assets; `nil` without any.
  public var goodShare: Double? {
    completeness.isEmpty ? nil : completeness.reduce(0) { $0 + $1.goodShare } / Double(completeness.count)
  }
}
