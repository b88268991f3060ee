/// The import limit under a demand charge. It is the larger of two values:
/// - the largest import of this billing month so far, which is charged anyway;
/// - the cap that would have been best over the past four weeks, which is likely to be worth its charge again.
public struct PeakWatch: Sendable {
  private static let days = 28
  /// Share of the demand charge that a plan pays in each slot above the cap. The charge is paid once a month, but a
  /// plan exceeds the cap in several slots and on many days. Of 0.02, 0.05, 0.1, 0.3 and 1 this share cost least.
  private static let share = 0.1
  private let problem: DispatchProblem
  private var month: Int?
  private var peak = 0.0
  private var target = 0.0

  /// Creates a watch without observations.
  public init(problem: DispatchProblem) { self.problem = problem }

  /// Returns the additional price of import above the cap in a plan [currency/kWh].
  package static func excess(_ problem: DispatchProblem) -> Double { share * problem.demandCharge / problem.hours }

  /// Returns the cap in a slot of a series, based on earlier slots only [kW]; infinite without a demand charge.
  public mutating func cap(at slot: Int, of series: DispatchSeries) -> Double {
    guard problem.demandCharge > 0 else { return .infinity }
    if series.month[slot] != month {
      month = series.month[slot]
      peak = 0
    }
    if slot > 0, slot % problem.slotsPerDay == 0 {
      let past = max(0, slot - PeakWatch.days * problem.slotsPerDay)..<slot
      target = PeakCaps.bestCap(of: series.slots(past), problem: problem)
    }
    return max(peak, target)
  }

  /// Records the grid exchange of a slot [kW].
  public mutating func observe(exchange: Double) { peak = max(peak, exchange) }
}
