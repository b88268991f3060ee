public import DispatchPolicy
import PlantPhysics

/// Fixed rules as benchmarks for policies, as implemented by home inverters without optimisation.
public enum FixedRule: String, CaseIterable, Sendable {
  /// Surplus charges, every deficit discharges.
  case selfConsumption = "self_consumption"
  /// Surplus charges, deficits discharge in the peak hours only.
  case tariff
  /// As `tariff`, and the three hours before the peak fill the battery from the grid in equal parts.
  case tariffTopUp = "tariff_top_up"

  /// First and last hour of the peak, by the start of the hour in local standard time.
  public static let peak = 15...19

  /// Returns the wanted power [kW], positive discharge.
  ///
  /// - Parameters:
  ///   - netDemand: consumption less generation [kW].
  ///   - energy: usable energy in the battery [kWh].
  ///   - hour: hour of the local day in which the slot starts, 0...23.
  ///   - problem: the battery.
  public func request(netDemand: Double, energy: Double, hour: Int, problem: DispatchProblem) -> Double {
    let isPeak = FixedRule.peak.contains(hour)
    switch self {
    case .selfConsumption: return netDemand
    case .tariff: return netDemand < 0 || isPeak ? netDemand : 0
    case .tariffTopUp:
      if isPeak { return netDemand }
      let hoursLeft = FixedRule.peak.lowerBound - hour
      guard (1...3).contains(hoursLeft) else { return min(0, netDemand) }
      let missing = (problem.capacity - energy) / problem.battery.oneWayEfficiency
      return min(netDemand, -missing / Double(hoursLeft))
    }
  }
}
