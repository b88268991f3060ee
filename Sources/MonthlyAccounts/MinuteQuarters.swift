import DispatchPolicy
public import PlantModel
public import WattlineTime

/// Conversion of `kpi` points of an earlier version to quarters of an hour. That version wrote a balance and its cost
/// every minute, before the energy account by quarters existed.
///
/// A point covers the time since the previous one, between a minute and an hour. Longer gaps are not filled and cost
/// nothing.
public struct MinuteQuarters {
  private var quarters: [Timestamp: EnergyQuarter] = [:]
  /// Energy in either direction with a known price [kWh].
  private var priced: [Timestamp: Double] = [:]
  private var lastEnd: Timestamp?
  private static let step = TimeSpan.minutes(15)

  /// Creates a conversion without points.
  public init() {}

  /// Records a point. Points must come in order of time.
  ///
  /// - Parameters:
  ///   - time: start of the point's last minute.
  ///   - exchange: exchange with the grid, positive import [kW].
  ///   - battery: power of the batteries, positive discharge [kW].
  ///   - cost: cost of the time that the point covers [currency].
  ///   - carbon: emissions of that time [kg].
  public mutating func record(time: Timestamp, exchange: Double?, battery: Double?, cost: Double?, carbon: Double?) {
    let finish = time + .minute
    let span = lastEnd.map { min(.hour, max(.minute, finish - $0)) } ?? .minute
    lastEnd = finish
    var from = finish - span
    while from < finish {
      let start = from.floored(to: Self.step)
      let until = min(finish, start + Self.step)
      guard until > from else { return }
      add(
        start, share: (until - from).inHours / span.inHours, hours: (until - from).inHours, exchange: exchange,
        battery: battery, cost: cost, carbon: carbon)
      from = until
    }
  }

  private mutating func add(
    _ start: Timestamp, share: Double, hours: Double, exchange: Double?, battery: Double?, cost: Double?,
    carbon: Double?
  ) {
    var quarter = quarters[start] ?? EnergyQuarter(start: start)
    if let cost, cost.isFinite { quarter.cost = (quarter.cost ?? 0) + cost * share }
    if let carbon, carbon.isFinite { quarter.carbon = (quarter.carbon ?? 0) + carbon * share }
    if let exchange, exchange.isFinite {
      quarter.imported = (quarter.imported ?? 0) + max(0, exchange) * hours
      quarter.exported = (quarter.exported ?? 0) + max(0, -exchange) * hours
      quarter.exchangeShare = min(1, quarter.exchangeShare + 4 * hours)
      if cost?.isFinite == true { priced[start, default: 0] += exchange.magnitude * hours }
    }
    if let battery, battery.isFinite {
      quarter.discharged = (quarter.discharged ?? 0) + max(0, battery) * hours
      quarter.charged = (quarter.charged ?? 0) + max(0, -battery) * hours
    }
    quarters[start] = quarter
  }

  /// The quarters in order of time.
  public var settled: [EnergyQuarter] {
    quarters.values.sorted { $0.start < $1.start }.map { quarter in
      var quarter = quarter
      let all = (quarter.imported ?? 0) + (quarter.exported ?? 0)
      quarter.costCoverage = all > 0 ? min(1, (priced[quarter.start] ?? 0) / all) : quarter.cost == nil ? 0 : 1
      return quarter
    }
  }
}
