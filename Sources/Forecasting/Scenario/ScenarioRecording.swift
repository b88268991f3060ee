import PlantModel

/// A plant's recorded powers slot by slot, from which a scenario starts.
public struct ScenarioRecording {
  /// The power of one asset.
  public struct Power: Sendable {
    /// The asset.
    public var asset: String
    /// What its power does in the plant's balance.
    public var role: PowerRole
    /// Whether another asset's meter counts it already.
    public var isWithin: Bool
    /// Whether it makes less of the same light when the air is warmer.
    public var isPhotovoltaic: Bool
    /// One value a row [kW, in the direction of the asset's kind].
    public var values: [Double]

    /// A power.
    public init(asset: String, role: PowerRole, isWithin: Bool, isPhotovoltaic: Bool, values: [Double]) {
      self.asset = asset
      self.role = role
      self.isWithin = isWithin
      self.isPhotovoltaic = isPhotovoltaic
      self.values = values
    }
  }

  /// Slots and calendar, the plant's load as the target, and the temperature as what is known ahead, if there is one.
  public let input: ForecastInput
  /// The powers of assets, one value a slot of ``input``.
  public let powers: [Power]
  /// Import price of each slot [currency/kWh].
  public let prices: [Double]
  /// Payment for export in each slot [currency/kWh].
  public let exportPrices: [Double]
  /// The clock on the wall.
  public let zone: LocalCalendar

  /// Puts rows, in any order, into slots.
  ///
  /// - Parameters:
  ///   - times: The time of each row.
  ///   - temperature: Of the air, one value a row [°C]; empty where it is not known.
  ///   - price: Recorded import price, one value a row [currency/kWh]; empty where the tariff is to be taken.
  public init(
    times: [Timestamp], powers: [Power], temperature: [Double], price: [Double], tariff: Tariff, zone: LocalCalendar
  ) throws(ScenarioError) {
    guard powers.contains(where: { $0.role == .consumption && !$0.isWithin }) else {
      throw ScenarioError("the recording has no power of a load; expected a column such as load.power")
    }
    let all = ForecastInput.Recording(
      times: times, target: Array(repeating: .nan, count: times.count),
      exogenous: (powers.map(\.values) + [temperature, price]).map {
        ForecastInput.Exogenous(name: "", isKnownAhead: true, values: $0)
      })
    let slots: ForecastInput
    do { slots = try ForecastInput(all, zone: zone, horizon: .day) } catch { throw ScenarioError(error.description) }
    self.powers = zip(powers, slots.exogenous).map { power, series in
      var power = power
      power.values = series.values
      return power
    }
    let load = ScenarioRecording.sum(self.powers, .consumption, slots.target.count)
    let air = slots.exogenous[powers.count].values
    let weather =
      temperature.isEmpty ? [] : [ForecastInput.Exogenous(name: "temperature", isKnownAhead: true, values: air)]
    input = ForecastInput(
      grid: slots.grid, first: slots.first, target: load, exogenous: weather, zone: zone, beyond: 2 * slots.grid.perDay)
    let recorded = slots.exogenous[powers.count + 1].values
    var clock = zone
    let moments = recorded.indices.map { slots.grid.start(of: slots.first + $0) }
    prices =
      price.isEmpty
      ? moments.map { tariff.importPrice(at: $0, local: clock.civil(at: $0)) ?? (tariff.isKnown ? .nan : 0) } : recorded
    exportPrices = moments.map { tariff.exportPrice(at: $0, local: clock.civil(at: $0)) ?? .nan }
    self.zone = zone
  }

  /// Powers of a role that no other asset's meter counts; NaN where one of them is missing.
  static func sum(_ powers: [Power], _ role: PowerRole, _ count: Int) -> [Double] {
    var sum = Array(repeating: 0.0, count: count)
    for power in powers where power.role == role && !power.isWithin {
      for slot in sum.indices { sum[slot] += power.values[slot] }
    }
    return sum
  }

  /// An asset's power, or an error that names those there are.
  func power(of asset: String) throws(ScenarioError) -> Power {
    guard let power = powers.first(where: { $0.asset == asset }) else {
      let known = powers.map(\.asset).joined(separator: ", ")
      throw ScenarioError("there is no power of an asset '\(asset)' in the recording; there are \(known)")
    }
    guard power.role != .gridExchange else {
      throw ScenarioError("'\(asset)' is the grid connection, which follows from the others; name one of them")
    }
    return power
  }
}
