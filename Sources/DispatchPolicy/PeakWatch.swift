/// The import to be held under a demand charge: the greatest of this billing month so far, which is paid anyway, or
/// the cap that would have been best over the past four weeks, which is likely to be worth paying for again.
public struct PeakWatch: Sendable {
  private static let days = 28
  private let problem: DispatchProblem
  private var month: Int?
  private var peak = 0.0
  private var target = 0.0

  /// A watch that has seen nothing.
  public init(problem: DispatchProblem) { self.problem = problem }

  /// The cap in a slot of a series, of which only what was before is looked at [kW]; infinite without demand charge.
  public mutating func cap(at slot: Int, of series: DispatchSeries) -> Double {
    guard problem.demandCharge > 0 else { return .infinity }
    if series.month[slot] != month {
      month = series.month[slot]
      peak = 0
    }
    if slot > 0, slot % problem.slotsPerDay == 0 {
      let past = max(0, slot - PeakWatch.days * problem.slotsPerDay)..<slot
      target = PeakCaps.bestCap(of: series.slots(past), problem)
    }
    return max(peak, target)
  }

  /// Notes the grid exchange that a slot had [kW].
  public mutating func note(exchange: Double) { peak = max(peak, exchange) }
}
