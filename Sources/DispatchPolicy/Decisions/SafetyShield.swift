import PlantModel
public import PlantPhysics

/// The limits of batteries and their grid connection. Every requested power passes through it last.
///
/// It is a pure function. Each limit is a range of powers. The ranges are intersected in this order:
/// 1. power and state of charge, which are physical and always hold;
/// 2. the import and export limits;
/// 3. the ramp;
/// 4. the reserve.
///
/// If a range does not intersect those before it, it gives way: the nearest power to it is used, and it is named as
/// slack.
public struct SafetyShield: Hashable, Sendable {
  /// The battery.
  public var battery: BatteryModel
  /// Largest import at the grid connection [kW]; infinite without a limit.
  public var importLimitKilowatts: Double
  /// Largest export at the grid connection, positive [kW]; infinite without a limit.
  public var exportLimitKilowatts: Double
  /// Largest change of power from one step to the next [kW/h]; infinite without a limit.
  public var rampKilowattsPerHour = Double.infinity
  /// State of charge reserved for outages, 0...1.
  public var reserveStateOfCharge = 0.0

  /// Creates the limits of a battery; by default without limits of the grid connection.
  ///
  /// - Parameters:
  ///   - battery: the battery.
  ///   - importLimitKilowatts: largest import [kW], not negative.
  ///   - exportLimitKilowatts: largest export [kW], not negative.
  public init(
    battery: BatteryModel, importLimitKilowatts: Double = .infinity, exportLimitKilowatts: Double = .infinity
  ) {
    self.battery = battery
    self.importLimitKilowatts = max(0, importLimitKilowatts)
    self.exportLimitKilowatts = max(0, exportLimitKilowatts)
  }

  /// A limit that changed the requested power, or that could not be held.
  public enum Limit: String, Sendable, CaseIterable {
    case power
    case minimumStateOfCharge = "soc_min"
    case maximumStateOfCharge = "soc_max"
    case gridImport = "import"
    case gridExport = "export"
    case ramp
    case reserve
  }

  /// The result for a requested power.
  public struct Outcome: Hashable, Sendable {
    /// Allowed power, positive discharge [kW].
    public var power: Double
    /// The limit that changed the request, if any.
    public var binding: Limit?
    /// The first limit in the order of ``SafetyShield`` that cannot be held.
    public var slack: Limit?
  }

  /// Returns the power nearest to the requested one that satisfies the limits throughout a step.
  ///
  /// Worked value: 10 kWh at 20 %, limits of 10 % and ±5 kW, η = 1: a request of 5 kW for 15 min gives 4 kW, `soc_min`.
  ///
  /// - Parameters:
  ///   - request: requested power, positive discharge [kW]; one that is not finite counts as 0.
  ///   - soc: state of charge, 0...1; one that is not finite allows no power.
  ///   - netDemand: grid exchange with this battery at rest, positive import [kW]; NaN if unknown, which disables the
  ///     grid limits.
  ///   - hours: length of the step [h].
  ///   - previous: power before the step [kW]; NaN if unknown, which disables the ramp limit.
  public func project(
    request: Double, stateOfCharge soc: Double, netDemand: Double, hours: Double, previous: Double = .nan
  ) -> Outcome {
    guard soc.isFinite else { return Outcome(power: 0) }
    let headroom = Headroom(
      battery, reserve: reserveStateOfCharge, stateOfCharge: soc, hours: hours, previous: previous,
      rampKilowattsPerHour: rampKilowattsPerHour)
    return project(request: request, within: headroom, netDemand: netDemand)
  }

  /// Returns the power nearest to the requested one for the limits of one or several batteries.
  ///
  /// - Parameters:
  ///   - request: requested power, positive discharge [kW]; one that is not finite counts as 0.
  ///   - headroom: limits of the batteries in the step.
  ///   - netDemand: grid exchange with the batteries at rest, positive import [kW]; NaN if unknown.
  func project(request: Double, within headroom: Headroom, netDemand: Double) -> Outcome {
    let request = request.isFinite ? request : 0
    var corridor = Corridor(
      low: -headroom.charge, high: headroom.discharge,
      lowBy: headroom.charge < battery.powerKilowatts ? .maximumStateOfCharge : .power,
      highBy: headroom.discharge < battery.powerKilowatts ? .minimumStateOfCharge : .power)
    if netDemand.isFinite {
      // Import is net demand − power. A limit on import requires discharge; one on export requires charging or less
      // discharge.
      corridor.narrow(
        netDemand - importLimitKilowatts, by: .gridImport, greatest: netDemand + exportLimitKilowatts, by: .gridExport)
    }
    if headroom.breaksRamp { corridor.slack = corridor.slack ?? .ramp }
    corridor.narrow(headroom.low, by: .ramp, greatest: headroom.high, by: .ramp)
    if headroom.breaksReserve { corridor.slack = corridor.slack ?? .reserve }
    corridor.narrow(-.infinity, by: .reserve, greatest: headroom.aboveReserve, by: .reserve)
    // Adding zero turns −0, the result for an empty or full battery, into 0.
    let power = min(corridor.high, max(corridor.low, request)) + 0
    let binding = power < request ? corridor.highBy : power > request ? corridor.lowBy : nil
    return Outcome(power: power, binding: binding, slack: corridor.slack)
  }
}

/// The power limits of batteries throughout a step [kW]. Limits of several batteries are sums of the individual ones,
/// so that any allowed power can be split among them.
struct Headroom: Hashable, Sendable {
  /// Largest discharge by power and state of charge alone.
  var discharge = 0.0
  /// Largest charging power by these limits, positive.
  var charge = 0.0
  /// Lowest power that also satisfies the ramp, or is nearest to it.
  var low = 0.0
  /// Highest power that also satisfies the ramp, or is nearest to it.
  var high = 0.0
  /// Highest power that also keeps the reserve, or is nearest to it.
  var aboveReserve = 0.0
  /// Whether a battery cannot satisfy its ramp.
  var breaksRamp = false
  /// Whether a battery cannot keep its reserve within its ramp.
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

/// The range of powers that remains after the limits so far, and the limit that determines each end.
private struct Corridor {
  var low: Double
  var high: Double
  var lowBy: SafetyShield.Limit
  var highBy: SafetyShield.Limit
  var slack: SafetyShield.Limit?

  /// Intersects the range with the powers between `least` and `greatest` [kW]. If nothing remains, keeps the nearest
  /// end.
  ///
  /// - Parameters:
  ///   - least: lowest power [kW].
  ///   - leastLimit: the limit that it represents.
  ///   - greatest: highest power [kW].
  ///   - greatestLimit: the limit that it represents.
  mutating func narrow(
    _ least: Double, by leastLimit: SafetyShield.Limit, greatest: Double, by greatestLimit: SafetyShield.Limit
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
