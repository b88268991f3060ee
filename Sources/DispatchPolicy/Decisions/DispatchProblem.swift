import PlantModel
public import PlantPhysics

/// The dispatch problem of one battery, which all policies, baselines and bounds solve.
///
/// **State** at the start of a slot:
/// - the usable energy in the battery `s` [kWh], 0...`capacity`;
/// - the net demand `n` of the slot with the battery at rest (consumption less generation) [kW], which an energy
///   manager balances within the slot;
/// - the import price `p` of this slot and of the slots of one day ahead [currency/kWh];
/// - the largest import of the billing month so far [kW].
///
/// Nothing else about the future is known.
///
/// **Action**: the battery's power `b` [kW], positive discharge, −`power` ≤ b ≤ `power`.
///
/// **Transition**: `s' = s − b h / η` when discharging and `s − b h η` when charging, with 0 ≤ s' ≤ `capacity`. `h` is
/// the slot's length [h] and `η` the one-way efficiency.
///
/// **Cost** [currency] of a slot with exchange `e = n − b`: `p h max(0, e) − x h max(0, −e) + w h |b|`, and once a
/// month `d · max e`. Carbon is part of `p`: intensity [kg/kWh] times weight [currency/kg].
///
/// Chargers (`ChargerPlan`) and curtailment (`Curtailment`) are not part of the state. Exact rules decide them
/// afterwards in the order of least cost. ``SafetyShield`` enforces ramps, the reserve and the grid connection. Several
/// batteries count as one (`BatteryFleet`).
public struct DispatchProblem: Hashable, Sendable {
  /// Sizes and efficiency of the battery.
  public var battery: BatteryModel
  /// Length of a slot `h` [h], positive.
  public var hours: Double
  /// Payment for export `x` [currency/kWh].
  public var exportPrice: Double
  /// Wear `w` for each kWh that passes the battery's terminals in either direction [currency/kWh], not negative.
  public var wearPrice: Double
  /// Demand charge `d` on a month's greatest import [currency/kW], not negative.
  public var demandCharge: Double

  /// Creates a problem. By default slots last an hour and only imported energy costs. Invalid values are replaced by
  /// the defaults.
  ///
  /// - Parameters:
  ///   - battery: sizes and efficiency.
  ///   - hours: length of a slot [h], positive.
  ///   - exportPrice: payment for export [currency/kWh].
  ///   - wearPrice: wear of the battery [currency/kWh], not negative.
  ///   - demandCharge: charge on a month's largest import [currency/kW], not negative.
  public init(
    battery: BatteryModel, hours: Double = 1, exportPrice: Double = 0, wearPrice: Double = 0, demandCharge: Double = 0
  ) {
    self.battery = battery
    self.hours = hours > 0 && hours.isFinite ? hours : 1
    self.exportPrice = exportPrice.isFinite ? exportPrice : 0
    self.wearPrice = wearPrice.isFinite ? max(0, wearPrice) : 0
    self.demandCharge = demandCharge.isFinite ? max(0, demandCharge) : 0
  }

  /// Energy between the lowest and the highest state of charge [kWh].
  public var capacity: Double {
    (battery.maximumStateOfCharge - battery.minimumStateOfCharge) * battery.energyKilowattHours
  }

  /// Number of slots in a day, at least one.
  public var slotsPerDay: Int { Int(exactly: (24 / hours).rounded()).map { max(1, $0) } ?? 1 }

  /// Returns the battery's power for a change from one usable energy to another within a slot [kW], positive discharge.
  ///
  /// Worked value: with η = 0.9 and one hour, from 2 to 1.1 kWh delivers 0.81 kW, and the way back takes 1 kW.
  public func power(from energy: Double, to next: Double) -> Double {
    let efficiency = battery.oneWayEfficiency
    return next > energy ? (energy - next) / (efficiency * hours) : (energy - next) * efficiency / hours
  }

  /// Returns the power nearest to the wanted one within the limits [kW], and the usable energy after the slot [kWh].
  public func advance(_ energy: Double, wanted power: Double) -> (energy: Double, power: Double) {
    let efficiency = battery.oneWayEfficiency
    guard power.isFinite else { return (energy, 0) }
    if power < 0 {
      let taken = min(-power, battery.powerKilowatts, (capacity - energy) / (efficiency * hours))
      return (min(capacity, energy + taken * efficiency * hours), -max(0, taken))
    }
    let given = min(power, battery.powerKilowatts, energy * efficiency / hours)
    return (max(0, energy - given * hours / efficiency), max(0, given))
  }

  /// Returns the cost of a slot without the demand charge [currency].
  ///
  /// Worked value: an hour with 3 kW of net demand at 0.50, 2 kW discharged and wear at 0.05 costs 0.60.
  ///
  /// - Parameters:
  ///   - netDemand: exchange with the battery at rest [kW].
  ///   - power: power of the battery, positive discharge [kW].
  ///   - price: import price [currency/kWh].
  public func cost(netDemand: Double, power: Double, price: Double) -> Double {
    let exchange = netDemand - power
    return hours * (exchange * (exchange > 0 ? price : exportPrice) + wearPrice * abs(power))
  }
}

/// The choices of the battery in one slot, as pieces of a convex, piecewise linear cost.
///
/// Each piece is an amount of stored energy [kWh] and the gain or cost per kWh [currency/kWh stored]. Discharge pieces
/// are sorted by falling gain, charge pieces by rising cost.
public struct SlotOffers: Sendable {
  /// An amount of energy at one price.
  public struct Offer: Sendable {
    /// Stored energy [kWh], not negative.
    public var energy: Double
    /// Gain of discharging or cost of charging [currency/kWh stored].
    public var price: Double
  }

  /// Discharge that avoids import above the cap, avoids other import, and is exported.
  public var discharge: (Offer, Offer, Offer)
  /// Charge from surplus, from import, and from import above the cap.
  public var charge: (Offer, Offer, Offer)

  /// Computes the offers of a slot.
  ///
  /// Prices that would make the cost concave (an import price below the export price, or a negative one) are changed to
  /// the nearest convex ones. This affects the plan only, not the costs.
  ///
  /// - Parameters:
  ///   - netDemand: exchange with the battery at rest [kW].
  ///   - price: import price [currency/kWh].
  ///   - problem: the battery and further prices.
  ///   - cap: import above which each further kWh costs `excess` more [kW].
  ///   - excess: additional price above the cap [currency/kWh].
  public init(netDemand: Double, price: Double, problem: DispatchProblem, cap: Double = .infinity, excess: Double = 0) {
    let efficiency = problem.battery.oneWayEfficiency
    let limit = problem.battery.powerKilowatts
    let wear = problem.wearPrice
    let export = min(problem.exportPrice, price)
    func gain(_ power: Double, price: Double) -> Offer {
      Offer(
        energy: max(0, power) * problem.hours / efficiency,
        price: min((price - wear) * efficiency, (price + wear) / efficiency))
    }
    func cost(_ power: Double, price: Double) -> Offer {
      Offer(energy: max(0, power) * problem.hours * efficiency, price: (price + wear) / efficiency)
    }
    let deficit = min(limit, max(0, netDemand))
    let above = min(deficit, max(0, netDemand - cap))
    let surplus = min(limit, max(0, -netDemand))
    let room = max(0, min(limit - surplus, cap - max(0, netDemand)))
    discharge = (
      gain(above, price: price + excess), gain(deficit - above, price: price), gain(limit - deficit, price: export)
    )
    charge = (
      cost(surplus, price: export), cost(room, price: price), cost(limit - surplus - room, price: price + excess)
    )
  }
}
