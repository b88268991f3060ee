import DispatchPolicy
public import PlantModel
import PlantPhysics
public import WattlineTime

/// Computation of a ``MonthlyAccount`` from a month's settled quarters of the energy account and its points `dispatch`
/// and `clean_1h`. Sums include the given quarters only.
public struct MonthlyAccountant {
  /// A quarter of an hour of the month.
  struct Quarter {
    var hours = 0.0
    var exchange = 0.0
    /// Energy in either direction at an unknown price [kWh], and the duration [h].
    var unpriced = 0.0
    var unpricedHours = 0.0
    var batteryHours = 0.0
    var battery = 0.0
    /// Energy through the batteries, both directions [kWh].
    var throughput = 0.0
    var price = Double.nan
    var exportPrice = Double.nan
    var charges: [AssetIndex: Double] = [:]

    var meanExchange: Double { exchange / hours }
    /// Mean power of the batteries [kW]; NaN if less than half of the quarter is known.
    var meanBattery: Double { batteryHours >= 0.125 ? battery / batteryHours : .nan }
    /// Exchange with the batteries at rest [kW]; NaN if less than half of the quarter is known.
    var netDemand: Double { hours >= 0.125 ? meanExchange + meanBattery : .nan }
  }

  private static let step = TimeSpan.minutes(15)
  let plant: Plant
  let start: Timestamp
  private let end: Timestamp
  private(set) var quarters: [Quarter]
  private var account = MonthlyAccount()
  /// Energy in either direction with a known price [kWh].
  private var priced = 0.0

  /// Creates the account of a period.
  ///
  /// - Parameters:
  ///   - plant: the plant.
  ///   - start: start of the month.
  ///   - end: end of the month or the current time, whichever is earlier.
  public init(plant: Plant, from start: Timestamp, to end: Timestamp) {
    self.plant = plant
    self.start = start
    self.end = max(start, end)
    account.elapsedHours = (self.end - start).inHours
    quarters = Array(repeating: Quarter(), count: min(4_000, Int((account.elapsedHours * 4).rounded(.up))))
  }

  /// Adds a settled quarter of an hour. Each must be added once only, because sums are not corrected.
  public mutating func record(_ settled: EnergyQuarter) {
    let place = Int(clamping: (settled.start - start).nanoseconds / MonthlyAccountant.step.nanoseconds)
    guard settled.start >= start, settled.start < end, quarters.indices.contains(place) else { return }
    func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    if let cost = finite(settled.cost) { account.energyCost = (account.energyCost ?? 0) + cost }
    if let carbon = finite(settled.carbon) { account.carbonKilograms = (account.carbonKilograms ?? 0) + carbon }
    if let discharged = finite(settled.discharged), let charged = finite(settled.charged) {
      quarters[place].batteryHours = 0.25
      quarters[place].battery = discharged - charged
      quarters[place].throughput = discharged + charged
    }
    guard let imported = finite(settled.imported), let exported = finite(settled.exported),
      settled.exchangeShare.isFinite
    else { return }
    let hours = 0.25 * min(1, max(0, settled.exchangeShare))
    account.coveredHours += hours
    account.boughtKilowattHours += imported
    account.soldKilowattHours += exported
    quarters[place].hours = hours
    quarters[place].exchange = imported - exported
    let unpriced = (imported + exported) * (1 - min(1, max(0, finite(settled.costCoverage) ?? 0)))
    priced += imported + exported - unpriced
    if unpriced > 0 {
      quarters[place].unpriced = unpriced
      quarters[place].unpricedHours = hours
    }
  }

  /// Adds a point of `dispatch`.
  ///
  /// - Parameters:
  ///   - time: time of the decision.
  ///   - asset: name of the asset.
  ///   - stateOfCharge: state of charge, 0...1.
  ///   - price: import price [currency/kWh].
  ///   - exportPrice: payment for export [currency/kWh].
  public mutating func record(
    decision time: Timestamp, asset: String, stateOfCharge: Double?, price: Double?, exportPrice: Double? = nil
  ) {
    let place = Int(clamping: (time - start).nanoseconds / MonthlyAccountant.step.nanoseconds)
    guard time >= start, quarters.indices.contains(place) else { return }
    if let price, price.isFinite { quarters[place].price = price }
    if let exportPrice, exportPrice.isFinite { quarters[place].exportPrice = exportPrice }
    if let stateOfCharge, let position = plant.assets.firstIndex(where: { $0.name == asset }) {
      quarters[place].charges[AssetIndex(position)] = stateOfCharge
    }
  }

  /// Adds the completeness of an asset's power.
  ///
  /// - Parameters:
  ///   - asset: name of the asset.
  ///   - hours: number of hours in `clean_1h`.
  ///   - goodShares: sum of the hours' shares of good readings.
  public mutating func record(completenessOf asset: String, hours: Double, goodShares: Double) {
    let expected = max(1, account.elapsedHours.rounded(.down))
    let entry = MonthlyAccount.Completeness(
      asset: asset, presentShare: min(1, hours / expected), goodShare: min(1, goodShares / expected))
    if let known = account.completeness.firstIndex(where: { $0.asset == asset }) {
      // An asset may have its power under two names; the more complete one is used.
      if entry.goodShare > account.completeness[known].goodShare { account.completeness[known] = entry }
    } else {
      account.completeness.append(entry)
    }
  }

  /// Number of quarters in the interval over which a peak is averaged. The first interval starts with the month.
  var quartersPerInterval: Int {
    max(1, Int(plant.tariff.demandInterval.nanoseconds / MonthlyAccountant.step.nanoseconds))
  }

  /// Determines the largest mean of an interval that is at least half known.
  private func settlePeak(_ account: inout MonthlyAccount) {
    let length = quartersPerInterval
    for first in stride(from: 0, to: quarters.count, by: length) {
      let interval = quarters[first..<min(quarters.count, first + length)]
      let hours = interval.reduce(0) { $0 + $1.hours }
      guard hours >= 0.125 * Double(length) else { continue }
      let mean = max(0, interval.reduce(0) { $0 + $1.exchange } / hours)
      guard mean > account.peakKilowatts ?? -1 else { continue }
      account.peakKilowatts = mean
      account.peakTime = start + MonthlyAccountant.step * Int64(first)
    }
  }

  /// Determines the share of energy with a known price, and the periods without one.
  private func settlePrices(_ account: inout MonthlyAccount) {
    guard plant.tariff.isKnown || account.energyCost != nil else { return }
    for place in quarters.indices where quarters[place].unpricedHours > 0 && quarters[place].unpriced > 0 {
      let begin = start + MonthlyAccountant.step * Int64(place)
      let end = begin + MonthlyAccountant.step
      if let last = account.unpriced.last, last.end == begin {
        account.unpriced[account.unpriced.count - 1].end = end
        account.unpriced[account.unpriced.count - 1].kilowattHours += quarters[place].unpriced
      } else {
        account.unpriced.append(
          MonthlyAccount.UnpricedSpan(start: begin, end: end, kilowattHours: quarters[place].unpriced))
      }
    }
    let missing = account.unpriced.reduce(0) { $0 + $1.kilowattHours }
    if priced + missing > 0 { account.costCoverage = priced / (priced + missing) }
  }

  /// Returns the account of all added data.
  public func finish() -> MonthlyAccount {
    var account = account
    settlePeak(&account)
    settlePrices(&account)
    if plant.tariff.demandCharge > 0 {
      account.demandCost = account.peakKilowatts.map { $0 * plant.tariff.demandCharge }
    }
    let capacity = plant.assets.reduce(0) { $0 + ($1.kind.role == .storage ? $1.energyKilowattHours ?? 0 : 0) }
    if capacity > 0, quarters.contains(where: { $0.batteryHours > 0 }) {
      account.fullCycles = quarters.reduce(0) { $0 + $1.throughput } / (2 * capacity)
    }
    account.comparison = BatteryReview(self)?.comparison
    // A declared asset without data is listed as incomplete.
    let found = account.completeness
    account.completeness = plant.assets.filter { $0.kind.role != .none && $0.kind != .generic }.map { asset in
      found.first { $0.asset == asset.name }
        ?? MonthlyAccount.Completeness(asset: asset.name, presentShare: 0, goodShare: 0)
    }
    return account
  }
}
