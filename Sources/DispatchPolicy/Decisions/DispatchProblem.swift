import PlantModel
import PlantPhysics

/// The dispatch of one battery, stated once: what every policy, baseline and bound solves.
///
/// **State** at the start of a slot: usable energy in the battery `s` [kWh], 0...`capacity`; the net demand `n` of the
/// slot with the battery at rest (consumption less generation) [kW], which an energy manager balances within the slot;
/// the import price `p` of this slot and of those a day ahead [currency/kWh]; the greatest import of the billing month
/// so far [kW]. Nothing else of the future is known.
///
/// **Action**: the battery's power `b` [kW], positive discharge, −`power` ≤ b ≤ `power`.
///
/// **Transition**: `s' = s − b h / η` when discharging and `s − b h η` when charging, `h` the slot's length [h] and `η`
/// the efficiency of one way; 0 ≤ s' ≤ `capacity`.
///
/// **Cost** [currency] of a slot with exchange `e = n − b`:
/// `p h max(0, e) − x h max(0, −e) + w h |b|`, and once a month `d · max e`. Carbon enters by its weight as part of `p`:
/// intensity [kg/kWh] times weight [currency/kg].
///
/// What is decided after it, by exact rules and in the order of least cost, is no part of the state: chargers
/// (`ChargerPlan`: energy and time left of each vehicle) and curtailment (`Curtailment`). Ramps, the reserve and the grid
/// connection are ``SafetyShield``'s. Several batteries are one here (`BatteryFleet`).
public struct DispatchProblem: Hashable, Sendable {
  /// Sizes and efficiency.
  public var battery: BatteryModel
  /// Length of a slot `h` [h], positive.
  public var hours: Double
  /// Payment for export `x` [currency/kWh].
  public var exportPrice: Double
  /// Wear `w` for each kWh that passes the battery's terminals in either direction [currency/kWh], not negative.
  public var wearPrice: Double
  /// Demand charge `d` on a month's greatest import [currency/kW], not negative.
  public var demandCharge: Double

  /// A problem; without further arguments slots of an hour, and only imported energy costs.
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

  /// Slots in a day, at least one.
  public var slotsPerDay: Int { Int(exactly: (24 / hours).rounded()).map { max(1, $0) } ?? 1 }

  /// The battery's power for a change from one usable energy to another within a slot [kW], positive discharge.
  ///
  /// Worked value: η = 0.9, an hour: from 2 to 1.1 kWh delivers 0.81 kW, and back takes 1 kW.
  public func power(from energy: Double, to next: Double) -> Double {
    let efficiency = battery.oneWayEfficiency
    return next > energy ? (energy - next) / (efficiency * hours) : (energy - next) * efficiency / hours
  }

  /// Usable energy after a slot at the power nearest to the wanted one that the limits allow, and that power.
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

  /// Cost of a slot without the demand charge [currency].
  ///
  /// Worked value: an hour of 3 kW net demand at 0.50 with 2 kW discharged and wear at 0.05 costs 0.60.
  public func cost(netDemand: Double, power: Double, price: Double) -> Double {
    let exchange = netDemand - power
    return hours * (exchange * (exchange > 0 ? price : exportPrice) + wearPrice * abs(power))
  }
}

/// What moving energy is worth in one slot: the battery's choices as pieces of a convex, piecewise linear cost.
///
/// Each piece is an amount of stored energy [kWh] and the cost or gain of each of them [currency/kWh stored]. Discharge
/// pieces are in falling order of gain, charge pieces in rising order of cost.
public struct SlotOffers: Sendable {
  /// An amount of energy at one price.
  public struct Offer: Sendable {
    /// Stored energy [kWh], not negative.
    public var energy: Double
    /// Gain of taking out or cost of putting in [currency/kWh stored].
    public var price: Double
  }

  /// Import above the cap avoided, import avoided, export.
  public var discharge: (Offer, Offer, Offer)
  /// Surplus kept, import, import above the cap.
  public var charge: (Offer, Offer, Offer)

  /// The offers of a slot.
  ///
  /// Prices that would make the cost concave (an import price below the export price, or negative) are bent to the
  /// nearest convex ones: they decide the plan only, not what is paid.
  /// - Parameters:
  ///   - netDemand: Exchange with the battery at rest [kW].
  ///   - price: Import price [currency/kWh].
  ///   - problem: The battery and further prices.
  ///   - cap: Import [kW] above which each further kWh costs `excess` more.
  ///   - excess: Additional price above the cap [currency/kWh].
  public init(netDemand: Double, price: Double, problem: DispatchProblem, cap: Double = .infinity, excess: Double = 0) {
    let efficiency = problem.battery.oneWayEfficiency
    let limit = problem.battery.powerKilowatts
    let wear = problem.wearPrice
    let export = min(problem.exportPrice, price)
    func gain(_ power: Double, _ price: Double) -> Offer {
      Offer(
        energy: max(0, power) * problem.hours / efficiency,
        price: min((price - wear) * efficiency, (price + wear) / efficiency))
    }
    func cost(_ power: Double, _ price: Double) -> Offer {
      Offer(energy: max(0, power) * problem.hours * efficiency, price: (price + wear) / efficiency)
    }
    let deficit = min(limit, max(0, netDemand))
    let above = min(deficit, max(0, netDemand - cap))
    let surplus = min(limit, max(0, -netDemand))
    let room = max(0, min(limit - surplus, cap - max(0, netDemand)))
    discharge = (gain(above, price + excess), gain(deficit - above, price), gain(limit - deficit, export))
    charge = (cost(surplus, export), cost(room, price), cost(limit - surplus - room, price + excess))
  }
}
