import EnergyAccounting
import PlantModel
import PointSchema
import WattlineTime

extension EnergyQuarter {
  /// Writes the point `kpi` of the quarter-hour's first minute; fields of unknown values are left out.
  func write(to points: inout PointBatch, currency: String) {
    points.begin(PointKey(.kpi, .plant), at: start)
    points.field(.importEnergy, imported)
    points.field(.exportEnergy, exported)
    points.field(.exchangeShare, exchangeShare)
    points.field(.generationEnergy, generation)
    points.field(.loadEnergy, load)
    points.field(.dischargeEnergy, discharged)
    points.field(.chargeEnergy, charged)
    points.field(.selfConsumption, selfConsumption)
    points.field(.cost, cost)
    if cost != nil { points.field(.currency, text: currency) }
    points.field(.costCoverage, costCoverage)
    points.field(.carbon, carbon)
  }
}

extension AssetEnergy {
  /// Writes the point `energy` of the quarter-hour that begins at `start`.
  func write(_ start: Timestamp, to points: inout PointBatch) {
    let total = total
    guard total.known > 0 else { return }
    points.begin(PointKey(.energy, .asset(asset)), at: start)
    points.field(.forwardEnergy, total.positive)
    points.field(.reverseEnergy, total.negative)
    points.field(.knownShare, min(1, total.known * 4))
    points.field(.estimatedShare, min(1, total.estimated * 4))
    points.field(.source, text: isCounted ? "counter" : "power")
  }
}
