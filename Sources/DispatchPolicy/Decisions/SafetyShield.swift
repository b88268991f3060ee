import PlantModel
import PlantPhysics

/// The limits of batteries and of their grid connection: whatever wishes for a power passes through here last.
///
/// A pure function. Each limit is a range of powers, and the ranges are cut with each other in this order: power and state
/// of charge, which are physics and always hold; the import and the export limit; the ramp; the reserve. Where a range
/// leaves nothing of those before it, it gives way: the nearest power to it is taken, and it is named as slack.
public struct SafetyShield: Hashable, Sendable {
  /// The battery.
  public var battery: BatteryModel
  /// Greatest import at the grid connection [kW]; infinite where there is no limit.
  public var importLimitKilowatts: Double
  /// Greatest export at the grid connection [kW], positive; infinite where there is no limit.
  public var exportLimitKilowatts: Double
  /// Greatest change of power from one step to the next [kW/h]; infinite where there is no limit.
  public var rampKilowattsPerHour = Double.infinity
  /// State of charge that is kept for outages, 0...1.
  public var reserveStateOfCharge = 0.0

  /// The limits of a battery; without further arguments the grid takes and gives anything.
  public init(
    battery: BatteryModel, importLimitKilowatts: Double = .infinity, exportLimitKilowatts: Double = .infinity
  ) {
    self.battery = battery
    self.importLimitKilowatts = max(0, importLimitKilowatts)
    self.exportLimitKilowatts = max(0, exportLimitKilowatts)
  }

  /// A limit that changed a wish, or that could not be held.
  public enum Limit: String, Sendable, CaseIterable {
    case power
    case minimumStateOfCharge = "soc_min"
    case maximumStateOfCharge = "soc_max"
    case gridImport = "import"
    case gridExport = "export"
    case ramp
    case reserve
  }

  /// What became of a wish.
  public struct Outcome: Hashable, Sendable {
    /// The power that may be asked for, positive discharge [kW].
    public var power: Double
    /// The limit that decided, if the wish was changed.
    public var binding: Limit?
    /// The first limit in the order above that cannot be held.
    public var slack: Limit?
  }

  /// The power nearest to a wish that keeps the limits all through a step.
  ///
  /// Worked value: 10 kWh at 20 %, limits 10 % and ±5 kW, η = 1: a wish of 5 kW for 15 min becomes 4 kW, `soc_min`.
  /// - Parameters:
  ///   - wish: Wanted power, positive discharge [kW]; not finite counts as 0.
  ///   - soc: State of charge, 0...1; not finite allows no power.
  ///   - netDemand: Grid exchange with this battery at rest, positive import [kW]; NaN where unknown, then the grid
  ///     limits are not looked at.
  ///   - hours: Length of the step [h].
  ///   - previous: Power before the step [kW]; NaN where unknown, then the ramp is not looked at.
  public func project(
    wish: Double, stateOfCharge soc: Double, netDemand: Double, hours: Double, previous: Double = .nan
  ) -> Outcome {
    guard soc.isFinite else { return Outcome(power: 0) }
    let headroom = Headroom(
      battery, reserve: reserveStateOfCharge, stateOfCharge: soc, hours: hours, previous: previous,
      rampKilowattsPerHour: rampKilowattsPerHour)
    return project(wish: wish, within: headroom, netDemand: netDemand)
  }

  /// The same for what one or several batteries can do in the step.
  func project(wish: Double, within headroom: Headroom, netDemand: Double) -> Outcome {
    let wish = wish.isFinite ? wish : 0
    var corridor = Corridor(
      low: -headroom.charge, high: headroom.discharge,
      lowBy: headroom.charge < battery.powerKilowatts ? .maximumStateOfCharge : .power,
      highBy: headroom.discharge < battery.powerKilowatts ? .minimumStateOfCharge : .power)
    if netDemand.isFinite {
      // Import is net − power: a limit on import asks for discharge, one on export for charging or less discharge.
      corridor.narrow(
        netDemand - importLimitKilowatts, by: .gridImport, netDemand + exportLimitKilowatts, by: .gridExport)
    }
    if headroom.breaksRamp { corridor.slack = corridor.slack ?? .ramp }
    corridor.narrow(headroom.low, by: .ramp, headroom.high, by: .ramp)
    if headroom.breaksReserve { corridor.slack = corridor.slack ?? .reserve }
    corridor.narrow(-.infinity, by: .reserve, headroom.aboveReserve, by: .reserve)
    // Adding zero turns −0, which an empty or full battery gives, into 0.
    let power = min(corridor.high, max(corridor.low, wish)) + 0
    let binding = power < wish ? corridor.highBy : power > wish ? corridor.lowBy : nil
    return Outcome(power: power, binding: binding, slack: corridor.slack)
  }
}

/// What batteries can do all through a step [kW]. Of several, each by its own limits, so that what all can do together can
/// be split among them.
struct Headroom: Hashable, Sendable {
  /// Greatest discharge by power and state of charge alone.
  var discharge = 0.0
  /// Greatest charging by these, positive.
  var charge = 0.0
  /// Least power that also keeps the ramp, or is nearest to it.
  var low = 0.0
  /// Greatest power that also keeps the ramp, or is nearest to it.
  var high = 0.0
  /// Greatest power that also leaves the reserve, or is nearest to it.
  var aboveReserve = 0.0
  /// Whether a battery cannot keep its ramp.
  var breaksRamp = false
  /// Whether a battery that keeps its ramp cannot leave its reserve.
  var breaksReserve = false

  init() {}

  init(
    _ battery: BatteryModel, reserve: Double, stateOfCharge soc: Double, hours: Double, previous: Double = .nan,
    rampKilowattsPerHour ramp: Double = .infinity
  ) {
    discharge = min(battery.powerKilowatts, battery.dischargeLimit(stateOfCharge: soc, hours: hours))
    charge = min(battery.powerKilowatts, battery.chargeLimit(stateOfCharge: soc, hours: hours))
    (low, high) = (-charge, discharge)
    if previous.isFinite, ramp.isFinite {
      let (least, greatest) = (previous - ramp * hours, previous + ramp * hours)
      breaksRamp = least > high + 1e-9 || greatest < low - 1e-9
      (low, high) = (min(high, max(low, least)), max(low, min(high, greatest)))
    }
    var kept = battery
    kept.minimumStateOfCharge = max(battery.minimumStateOfCharge, reserve)
    let left = min(discharge, kept.dischargeLimit(stateOfCharge: soc, hours: hours))
    breaksReserve = left < low - 1e-9
    aboveReserve = max(low, min(high, left))
  }

  static func + (a: Headroom, b: Headroom) -> Headroom {
    var sum = a
    sum.discharge += b.discharge
    sum.charge += b.charge
    sum.low += b.low
    sum.high += b.high
    sum.aboveReserve += b.aboveReserve
    sum.breaksRamp = a.breaksRamp || b.breaksRamp
    sum.breaksReserve = a.breaksReserve || b.breaksReserve
    return sum
  }
}

/// The powers that are left after each limit, and which limit each end is due to.
private struct Corridor {
  var low: Double
  var high: Double
  var lowBy: SafetyShield.Limit
  var highBy: SafetyShield.Limit
  var slack: SafetyShield.Limit?

  /// Leaves what also lies between two powers, or the end that is nearest to it where nothing does.
  mutating func narrow(
    _ least: Double, by leastLimit: SafetyShield.Limit, _ greatest: Double, by greatestLimit: SafetyShield.Limit
  ) {
    let tolerance = 1e-9 * max(1, abs(low), abs(high))
    if least > high {
      if least > high + tolerance { slack = slack ?? leastLimit }
      (low, lowBy) = (high, leastLimit)
    } else if least > low {
      (low, lowBy) = (least, leastLimit)
    }
    if greatest < low {
      if greatest < low - tolerance { slack = slack ?? greatestLimit }
      (high, highBy) = (low, greatestLimit)
    } else if greatest < high {
      (high, highBy) = (greatest, greatestLimit)
    }
  }
}
