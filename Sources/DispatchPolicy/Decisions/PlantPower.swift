import PlantModel
import PlantPhysics
import WattlineTime

/// The plant's net demand with its batteries at rest, from the latest measurements.
struct PlantPower {
  /// Largest age of a reading that is used.
  static let staleAfter = TimeSpan.minutes(30)
  /// Largest age of a mean over an interval. Its timestamp is the interval's start, and intervals last up to an hour.
  static let intervalStaleAfter = TimeSpan.minutes(90)

  /// Consumption less generation [kW].
  var netDemand = Double.nan
  /// Known generation [kW].
  var generation = 0.0
  /// The missing value, if the net demand is unknown.
  var missing: String?

  /// Computes the net demand from consumption and generation if all are recent, else from grid exchange and batteries.
  ///
  /// - Parameters:
  ///   - last: the latest values.
  ///   - timestamp: the current time.
  ///   - register: the plant's register.
  init(_ last: LastValues, at timestamp: Timestamp, in register: PlantRegister) {
    var balance = PowerBalance()
    var batteries: Double? = 0
    var exchange: Double?
    var sawConsumption = false
    let isDark = SolarPosition(at: timestamp, location: register.plant.location).elevationDegrees < 0
    for position in register.assets.indices {
      let asset = register.assets[position]
      guard asset.kind.role != .none, let series = register.power(of: AssetIndex(position)) else { continue }
      let value = last.value(series, at: timestamp, within: PlantPower.age(of: series, in: register))
      switch asset.kind.role {
      case .storage:
        batteries = batteries.flatMap { sum in value.map { sum + $0 } }
        // The meter of the enclosing asset already includes the battery's power.
        if asset.within != nil, let value { balance.consumption += value }
      case .gridExchange:
        if asset.within == nil, exchange == nil { exchange = value }
      default:
        guard asset.within == nil else { continue }
        // Many inverters stop reporting after sunset; their power is then 0.
        guard let value = value ?? (asset.kind.traits.driver == .sun && isDark ? 0 : nil) else {
          missing = missing ?? "\(asset.name).\(register.series[series.position].sensor)"
          continue
        }
        balance.add(value, as: asset.kind.role)
        if asset.kind.role == .generation { generation += value }
        if asset.kind.role == .consumption { sawConsumption = true }
      }
    }
    settle(balance, exchange: exchange, batteries: batteries, sawConsumption: sawConsumption)
  }

  private mutating func settle(_ balance: PowerBalance, exchange: Double?, batteries: Double?, sawConsumption: Bool) {
    if sawConsumption, missing == nil {
      netDemand = balance.netDemand
    } else if let exchange, let batteries {
      netDemand = exchange + batteries
      missing = nil
    } else {
      missing = missing ?? "load"
    }
  }

  static func age(of series: SeriesIndex, in register: PlantRegister) -> TimeSpan {
    switch register.series[series.position].profile.sampling {
    case .intervalStart, .intervalEnd: intervalStaleAfter
    case .instant, .counter: staleAfter
    }
  }
}
