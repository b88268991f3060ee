import PlantModel

/// What a plant's month came to: energy, money, and what its batteries changed.
///
/// Sums are over what is known; ``coveredHours`` of ``elapsedHours`` says how much that is. A figure of which nothing is
/// known is `nil`.
public struct MonthlyAccount: Sendable, Equatable {
  /// How much of an asset's power was there and good, over the whole time.
  public struct Completeness: Sendable, Equatable {
    /// The asset.
    public var asset: String
    /// Share of the hours that have a value, 0...1.
    public var presentShare: Double
    /// Share of good readings, hours without any counting as none, 0...1.
    public var goodShare: Double
  }

  /// A stretch in which energy was exchanged at a price that is not known.
  public struct UnpricedSpan: Sendable, Equatable {
    /// Its first quarter of an hour.
    public var start: Timestamp
    /// The end of its last one.
    public var end: Timestamp
    /// What was imported and exported at no known price [kWh].
    public var kilowattHours: Double
  }

  /// What the batteries did against what they could have done, over the hours in which all of it is known. Energy left in
  /// them at the end of a stretch counts at its mean price.
  public struct Comparison: Sendable, Equatable {
    /// Hours that are compared.
    public var hours = 0.0
    /// What was saved against resting batteries, wear and demand charge counted [currency].
    public var savingAgainstNothing = 0.0
    /// What was saved against ``DispatchRule`` [currency].
    public var savingAgainstRule = 0.0
    /// What was spent above the best that could have been done with all known beforehand [currency].
    public var regret = 0.0
  }

  /// Time of the month that has passed [h].
  public var elapsedHours = 0.0
  /// Time of it for which the exchange with the grid is known [h].
  public var coveredHours = 0.0
  /// Energy imported and exported [kWh].
  public var boughtKilowattHours = 0.0
  /// Energy exported [kWh].
  public var soldKilowattHours = 0.0
  /// Cost of the energy whose price is known, negative when earned [currency].
  public var energyCost: Double?
  /// Share of the exchanged energy whose price is known, 0...1; `nil` where nothing was exchanged, or the plant has no
  /// prices at all.
  public var costCoverage: Double?
  /// When energy was exchanged whose price is not known.
  public var unpriced: [UnpricedSpan] = []
  /// Demand charge on the peak; 0 where the tariff has none, `nil` where the peak is not known [currency].
  public var demandCost: Double? = 0
  /// Emissions of what was imported [kg CO₂].
  public var carbonKilograms: Double?
  /// Greatest mean import of the tariff's interval, a quarter of an hour unless it says another [kW].
  public var peakKilowatts: Double?
  /// When that interval began.
  public var peakTime: Timestamp?
  /// Energy through the batteries, both directions, over twice what they hold; `nil` without a battery.
  public var fullCycles: Double?
  /// `nil` where the plant has no battery whose sizes are known, or nothing can be compared.
  public var comparison: Comparison?
  /// One entry an asset that has a power, in the order of the plant's file.
  public var completeness: [Completeness] = []

  /// Nothing known.
  public init() {}

  /// Share of the elapsed time that the money covers, 0...1.
  public var coveredShare: Double { elapsedHours > 0 ? min(1, coveredHours / elapsedHours) : 0 }
  /// Mean share of good readings over the assets; `nil` without any.
  public var goodShare: Double? {
    completeness.isEmpty ? nil : completeness.reduce(0) { $0 + $1.goodShare } / Double(completeness.count)
  }
}
