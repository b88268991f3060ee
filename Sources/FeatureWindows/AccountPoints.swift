import EnergyAccounting
import PlantModel
import WattlineTime

extension EnergyQuarter {
  /// Writes the point `kpi` of the quarter-hour's first minute; fields of unknown values are left out.
  func write(to points: inout PointBatch, currency: String) {
    points.begin(PointKey(.kpi, .plant), at: start)
    points.field("import_kwh", imported)
    points.field("export_kwh", exported)
    points.field("exchange_share", exchangeShare)
    points.field("generation_kwh", generation)
    points.field("load_kwh", load)
    points.field("discharge_kwh", discharged)
    points.field("charge_kwh", charged)
    points.field("self_consumption", selfConsumption)
    points.field("cost", cost)
    if cost != nil { points.field("currency", text: currency) }
    points.field("cost_coverage", costCoverage)
    points.field("carbon_kg", carbon)
  }
}

extension AssetEnergy {
  /// Writes the point `energy` of the quarter-hour that begins at `start`.
  func write(_ start: Timestamp, to points: inout PointBatch) {
    let total = total
    guard total.known > 0 else { return }
    points.begin(PointKey(.energy, .asset(asset)), at: start)
    points.field("forward_kwh", total.positive)
    points.field("reverse_kwh", total.negative)
    points.field("known_share", min(1, total.known * 4))
    points.field("estimated_share", min(1, total.estimated * 4))
    points.field("source", text: isCounted ? "counter" : "power")
  }
}
