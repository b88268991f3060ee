import PlantModel
import WattlineTime

/// The charging power of a connected vehicle for the lowest cost before its departure.
///
/// The missing energy is assigned to the cheapest quarters of an hour until departure; of equal prices the earlier is
/// used. Surplus that would be exported is charged in addition. Energy that must be charged now so that the rest still
/// fits is charged at any price. Unknown prices are not waited for.
struct ChargerPlan: Equatable {
  /// Recommended power [kW].
  var power = 0.0
  var reason = "charger: full"
  /// Whether the grid connection allows less than planned.
  var isLimited = false
  /// Smallest power with which the vehicle can still get its requested energy by departure [kW].
  var least = 0.0

  /// Plans the current quarter of an hour.
  ///
  /// Worked value: 5 kWh at 10 kW within an hour at 0.3, 0.2, 0.2, 0.4 give 0 kW now, because the two quarters at 0.2
  /// suffice. At 0.3 followed by unknown prices, all that fits is charged now.
  ///
  /// - Parameters:
  ///   - energy: energy that the vehicle still requests [kWh].
  ///   - prices: prices of the quarters until departure, the current one first [currency/kWh]; at least one. NaN if
  ///     unknown.
  ///   - limit: rated power of the charger [kW].
  ///   - surplus: power that the plant would otherwise export [kW].
  init(energy: Double, prices: [Double], limit: Double, surplus: Double) {
    let hours = DispatchStage.interval.inHours
    let most = limit * hours
    let wanted = min(energy, most * Double(prices.count))
    guard wanted > 0, let now = prices.first else { return }
    let cheaper = prices.dropFirst().filter { $0 < now }.count
    let planned = min(most, max(0, wanted - Double(cheaper) * most)) / hours
    least = min(most, max(0, wanted - Double(prices.count - 1) * most)) / hours
    let fromSurplus = min(limit, max(0, surplus), wanted / hours)
    power = max(planned, least, fromSurplus)
    reason =
      power == 0
      ? "charger: wait for a lower price"
      : power == least
        ? "charger: departure"
        : power > planned ? "charger: surplus" : now.isNaN ? "charger: price unknown" : "charger: low price"
    if prices.dropFirst().contains(where: \.isNaN) { reason += ", later prices unknown" }
  }

  /// Takes the power of a community's schedule [kW], and at least what the departure needs.
  ///
  /// - Parameters:
  ///   - scheduled: power of the schedule [kW].
  ///   - limit: rated power of the charger [kW].
  mutating func follow(_ scheduled: Double, limit: Double) {
    power = max(least, min(limit, max(0, scheduled)))
    reason = power > scheduled + 1e-9 ? "charger: departure" : CommunityTarget.reason
  }

  /// Limits the power to what the grid connection allows [kW], and records the limit as the reason. Adds `slack:
  /// departure` if the vehicle will get less than requested.
  mutating func shield(headroom: Double) {
    guard power > headroom else { return }
    power = max(0, headroom)
    isLimited = true
    reason = "limit: import"
    if power < least - 1e-9 { reason += ", slack: departure" }
  }
}

/// The limit on generation if export is limited or has a negative price.
struct Curtailment {
  /// Largest allowed generation [kW]; `nil` without a limit.
  var cap: Double?
  /// Curtailed power [kW].
  var excess = 0.0
  var reason = ""

  /// Computes the limit of all generators.
  ///
  /// Worked value: 40 kW of generation and 30 kW of export with a limit of 20 kW give a limit of 30 kW.
  ///
  /// - Parameters:
  ///   - exchange: grid exchange without curtailment, positive import [kW].
  ///   - generation: power of all generators [kW].
  ///   - limit: largest export [kW].
  ///   - exportPrice: payment for export [currency/kWh]; a negative one allows no export.
  ///   - isHeld: whether generators are already curtailed. Their potential is then unknown. The limit stays until they
  ///     give less than half of it.
  init(exchange: Double, generation: Double, limit: Double, exportPrice: Double, isHeld: Bool) {
    let allowed = exportPrice < 0 ? 0 : limit
    let most = generation + exchange + allowed
    guard generation > 0, most.isFinite, generation > most + 1e-9 || (isHeld && generation > most / 2) else { return }
    excess = max(0, generation - most)
    cap = max(0, most)
    reason = exportPrice < 0 ? "curtail: price" : "curtail: export"
  }
}
