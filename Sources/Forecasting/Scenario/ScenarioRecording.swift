public import PlantModel
public import WattlineTime

/// Recorded powers of a plant by slot, the basis of a scenario.
public struct ScenarioRecording {
  /// The power of one asset.
  public struct Power: Sendable {
    /// Name of the asset.
    public var asset: String
    /// Role of the power in the plant's balance.
    public var role: PowerRole
    /// Whether another asset's meter already includes it.
    public var isWithin: Bool
    /// Whether it is photovoltaic, so that warmer air reduces its power.
    public var isPhotovoltaic: Bool
    /// One value a row [kW, in the direction of the asset's kind].
    public var values: [Double]

    /// Creates the power of an asset.
    ///
    /// - Parameters:
    ///   - asset: Name of the asset.
    ///   - role: Role of the power in the plant's balance.
    ///   - isWithin: Whether another asset's meter already includes it.
    ///   - isPhotovoltaic: Whether it is photovoltaic.
    ///   - values: One value a row [kW].
    public init(asset: String, role: PowerRole, isWithin: Bool, isPhotovoltaic: Bool, values: [Double]) {
      self.asset = asset
      self.role = role
      self.isWithin = isWithin
      self.isPhotovoltaic = isPhotovoltaic
      self.values = values
    }
  }

  /// Slots and calendar, with the plant's load as target and the temperature, if any, as a series known ahead.
  public let input: ForecastInput
  /// Powers of the assets, one value a slot of ``input``.
  public let powers: [Power]
  /// Import price of each slot [currency/kWh].
  public let prices: [Double]
  /// Payment for export in each slot [currency/kWh].
  public let exportPrices: [Double]
  /// Local time zone.
  public let zone: LocalCalendar

  /// Creates slots from rows in any order.
  ///
  /// - Parameters:
  ///   - times: Time of each row.
  ///   - powers: Powers of the assets, one value a row.
  ///   - temperature: Air temperature, one value a row [°C]; empty if unknown.
  ///   - price: Recorded import price, one value a row [currency/kWh]; empty to use the tariff.
  ///   - tariff: Tariff of the plant.
  ///   - zone: Local time zone.
  /// - Throws: ``ScenarioError`` if there is no load or the times do not make a grid.
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
    let load = ScenarioRecording.sum(self.powers, role: .consumption, count: slots.target.count)
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

  /// Returns the sum of the powers of a role that no other asset's meter includes; NaN if one of them is missing.
  ///
  /// - Parameters:
  ///   - powers: Powers of the assets.
  ///   - role: Role to be summed.
  ///   - count: Number of slots.
  static func sum(_ powers: [Power], role: PowerRole, count: Int) -> [Double] {
    var sum = Array(repeating: 0.0, count: count)
    for power in powers where power.role == role && !power.isWithin {
      for slot in sum.indices { sum[slot] += power.values[slot] }
    }
    return sum
  }

  /// Returns an asset's power.
  ///
  /// - Throws: ``ScenarioError``, which lists the known assets, if there is none; also for the grid connection.
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
