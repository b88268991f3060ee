import DispatchPolicy

/// How long the learned policy takes for one home: learning and deciding, on one core.
struct DispatchTiming {
  /// Mean time of a decision [µs].
  var decisionMicroseconds: Double
  /// Mean time of learning in one slot, all of the past taken into account [ms].
  var learningMilliseconds: Double
  /// Time of seeing the whole recording slot by slot and learning in each [s].
  var trainingSeconds: Double

  /// Runs the policy over a recording with a clock beside it.
  init(_ series: DispatchSeries, _ problem: DispatchProblem) {
    var policy = AnalogPolicy(problem: problem)
    let clock = ContinuousClock()
    var learning = Duration.zero
    var deciding = Duration.zero
    var energy = 0.0
    for slot in 0..<series.count {
      learning += clock.measure {
        policy.observe(
          load: series.load[slot], generation: series.generation[slot], isWorkday: series.isWorkday[slot])
        policy.learn(prices: series.pricesAhead(of: slot, slotsPerDay: problem.slotsPerDay))
      }
      deciding += clock.measure {
        let wish = policy.power(energy: energy, netDemand: series.netDemand(slot), price: series.price[slot])
        energy = problem.advance(energy, wanted: wish).energy
      }
    }
    let slots = Double(max(1, series.count))
    decisionMicroseconds = deciding / .microseconds(1) / slots
    learningMilliseconds = learning / .milliseconds(1) / slots
    trainingSeconds = learning / .seconds(1)
  }
}
