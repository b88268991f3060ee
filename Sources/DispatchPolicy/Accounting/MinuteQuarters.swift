import PlantModel

/// Makes quarters of an hour of points `kpi` that an earlier version wrote: a balance and its cost a minute, before there
/// was an account by quarters.
///
/// A point stands for the time since the one before it, at least a minute and at most an hour: longer gaps are not filled,
/// and nothing is paid in them.
public struct MinuteQuarters {
  private var quarters: [Timestamp: EnergyQuarter] = [:]
  /// Energy in either direction whose price is known [kWh].
  private var priced: [Timestamp: Double] = [:]
  private var lastEnd: Timestamp?
  private static let step = TimeSpan.minutes(15)

  /// No point yet.
  public init() {}

  /// Takes in a point; they come in the order of time.
  ///
  /// - Parameters:
  ///   - exchange: Import positive [kW].
  ///   - battery: Discharge positive [kW].
  ///   - cost: Of the time for which the point stands [currency].
  ///   - carbon: Likewise [kg].
  public mutating func note(time: Timestamp, exchange: Double?, battery: Double?, cost: Double?, carbon: Double?) {
    let finish = time + .minute
    let span = lastEnd.map { min(.hour, max(.minute, finish - $0)) } ?? .minute
    lastEnd = finish
    var from = finish - span
    while from < finish {
      let start = from.floored(to: Self.step)
      let until = min(finish, start + Self.step)
      guard until > from else { return }
      add(start, share: (until - from).inHours / span.inHours, (until - from).inHours, exchange, battery, cost, carbon)
      from = until
    }
  }

  private mutating func add(
    _ start: Timestamp, share: Double, _ hours: Double, _ exchange: Double?, _ battery: Double?, _ cost: Double?,
    _ carbon: Double?
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

  /// The quarters in the order of time.
  public var settled: [EnergyQuarter] {
    quarters.values.sorted { $0.start < $1.start }.map { quarter in
      var quarter = quarter
      let all = (quarter.imported ?? 0) + (quarter.exported ?? 0)
      quarter.costCoverage = all > 0 ? min(1, (priced[quarter.start] ?? 0) / all) : quarter.cost == nil ? 0 : 1
      return quarter
    }
  }
}
