import DispatchPolicy
import DispatchStudies

/// Effect of a price on battery wear: throughput and cost of the learned policy by price.
struct WearCurve: Encodable {
  /// Sums over all homes at one price.
  struct Row: Encodable {
    /// Price of wear [currency/kWh of throughput].
    var wear: Double
    /// Energy through the batteries [kWh].
    var throughput = 0.0
    /// Energy cost [currency].
    var energy = 0.0
    /// Energy cost with wear and demand charge [currency].
    var total = 0.0
    /// Cost with wear and demand charge of a policy that ignores wear [currency].
    var totalIfIgnored = 0.0

    private enum CodingKeys: String, CodingKey {
      case wear, energy, total
      case throughput = "throughput_kwh"
      case totalIfIgnored = "total_if_ignored"
    }

    init(wear: Double) { self.wear = wear }
  }

  /// Rows by rising price.
  var rows: [Row] = []

  /// Runs the learned policy for all homes at each price.
  ///
  /// - Parameters:
  ///   - homes: Recordings of the homes.
  ///   - prices: Prices of wear [currency/kWh of throughput].
  ///   - progress: Receives the number of completed runs, one per home and price.
  ///   - problem: Returns the dispatch problem of a home at a price of wear.
  init(
    _ homes: [HomeRecording], prices: [Double], progress: (Double) -> Void,
    problem: (HomeRecording, Double) throws -> DispatchProblem
  )
    rethrows
  {
    var done = 0.0
    rows = prices.sorted().map { Row(wear: $0) }
    for home in homes {
      let blind =
        DispatchComparison(home.series, problem: try problem(home, 0), policies: [.learned]).powers[.learned] ?? []
      for place in rows.indices {
        let priced = try problem(home, rows[place].wear)
        let powers =
          rows[place].wear == 0
          ? blind : DispatchComparison(home.series, problem: priced, policies: [.learned]).powers[.learned] ?? []
        let bill = home.series.bill(of: powers, problem: priced)
        rows[place].throughput += bill.throughput
        rows[place].energy += bill.energy
        rows[place].total += bill.total
        rows[place].totalIfIgnored += home.series.bill(of: blind, problem: priced).total
        done += 1
        progress(done)
      }
    }
  }
}
