import PlantModel

/// How much a connected vehicle should take now: as cheaply as it can be had before the vehicle leaves.
///
/// The energy that is missing is put into the cheapest quarters of an hour until then, the earlier of two alike. Surplus
/// that would be exported is taken besides. What is needed now so that the rest can still be had later is taken at any
/// price. A price that is not known is not waited for.
struct ChargerPlan: Equatable {
  /// What is asked for [kW].
  var power = 0.0
  var reason = "charger: full"
  /// Whether the grid connection leaves less than was planned.
  var isLimited = false
  /// Least power with which the vehicle can still leave with what it wants [kW].
  var least = 0.0

  /// - Parameters:
  ///   - energy: What the vehicle still wants [kWh].
  ///   - prices: Of the quarters until it leaves, the present one first [currency/kWh]; at least one. NaN is not known.
  ///   - limit: Greatest power of the charger [kW].
  ///   - surplus: Power that the plant would export otherwise [kW].
  ///
  /// Worked value: 5 kWh at 10 kW within an hour at 0.3, 0.2, 0.2, 0.4: nothing now, the two quarters at 0.2 suffice. At
  /// 0.3 and then unknown prices all that fits is taken now.
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

  /// Takes no more than the grid connection has left [kW]; says so, and by how much the vehicle then falls short.
  mutating func shield(headroom: Double) {
    guard power > headroom else { return }
    power = max(0, headroom)
    isLimited = true
    reason = "limit: import"
    if power < least - 1e-9 { reason += ", slack: departure" }
  }
}

/// How much generators may give where export is limited or has to be paid for.
struct Curtailment {
  /// Greatest generation [kW]; `nil` where nothing needs to be held back.
  var cap: Double?
  /// What is held back [kW].
  var excess = 0.0
  var reason = ""

  /// - Parameters:
  ///   - exchange: Grid exchange as it will be without curtailment, positive import [kW].
  ///   - generation: Of all generators [kW].
  ///   - limit: Greatest export [kW].
  ///   - exportPrice: Payment for export [currency/kWh].
  ///   - isHeld: Whether generators were held back before. What they could give is then not seen: they may give as much
  ///     more as would not be exported too much, and are let go when they give less than half of that.
  ///
  /// Worked value: 40 kW of generation and 30 kW of export against a limit of 20 kW may be 30 kW.
  init(exchange: Double, generation: Double, limit: Double, exportPrice: Double, isHeld: Bool) {
    let allowed = exportPrice < 0 ? 0 : limit
    let most = generation + exchange + allowed
    guard generation > 0, most.isFinite, generation > most + 1e-9 || (isHeld && generation > most / 2) else { return }
    excess = max(0, generation - most)
    cap = max(0, most)
    reason = exportPrice < 0 ? "curtail: price" : "curtail: export"
  }
}
