import PlantModel
import PlantPhysics

/// The plant's net demand with its batteries at rest, from what was measured last.
struct PlantPower {
  /// Readings older than this say nothing about now.
  static let staleAfter = TimeSpan.minutes(30)
  /// The same for means over an interval, whose time is its start: up to an hour long.
  static let intervalStaleAfter = TimeSpan.minutes(90)

  /// Consumption less generation [kW].
  var netDemand = Double.nan
  /// Generation that is known [kW].
  var generation = 0.0
  /// What kept it from being known.
  var missing: String?

  /// Takes consumption and generation where each is fresh, else the grid exchange with the batteries taken out.
  init(_ last: LastValues, at moment: Timestamp, in register: PlantRegister) {
    var balance = PowerBalance()
    var batteries: Double? = 0
    var exchange: Double?
    var sawConsumption = false
    let isDark = SolarPosition(at: moment, location: register.plant.location).elevationDegrees < 0
    for position in register.assets.indices {
      let asset = register.assets[position]
      guard asset.kind.role != .none, let series = register.power(of: AssetIndex(position)) else { continue }
      let value = last.value(series, at: moment, within: PlantPower.age(of: series, in: register))
      switch asset.kind.role {
      case .storage:
        batteries = batteries.flatMap { sum in value.map { sum + $0 } }
        // A meter above the battery already has its power in it.
        if asset.within != nil, let value { balance.consumption += value }
      case .gridExchange:
        if asset.within == nil, exchange == nil { exchange = value }
      default:
        guard asset.within == nil else { continue }
        // Many inverters fall silent with the sun; that is no lack of knowledge.
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
