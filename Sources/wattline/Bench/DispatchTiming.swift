import DispatchPolicy
import Glibc
import SystemCore

/// CPU time of the learned policy for one home on one core, for learning and deciding.
struct DispatchTiming {
  /// Mean time of a decision [µs].
  var decisionMicroseconds: Double
  /// Mean time of learning in one slot, from all previous slots [ms].
  var learningMilliseconds: Double
  /// Time of learning slot by slot through the whole recording [s].
  var trainingSeconds: Double

  /// Runs the policy over a recording and measures its time.
  init(_ series: DispatchSeries, problem: DispatchProblem) {
    var policy = AnalogPolicy(problem: problem)
    var learning = 0.0
    var deciding = 0.0
    var energy = 0.0
    for slot in 0..<series.count {
      learning += DispatchTiming.seconds {
        policy.observe(
          load: series.load[slot], generation: series.generation[slot], isWorkday: series.isWorkday[slot])
        policy.learn(prices: series.pricesAhead(of: slot, slotsPerDay: problem.slotsPerDay))
      }
      deciding += DispatchTiming.seconds {
        let wish = policy.power(energy: energy, netDemand: series.netDemand(slot), price: series.price[slot])
        energy = problem.advance(energy, wanted: wish).energy
      }
    }
    let slots = Double(max(1, series.count))
    decisionMicroseconds = 1e6 * deciding / slots
    learningMilliseconds = 1e3 * learning / slots
    trainingSeconds = learning
  }

  /// Returns the CPU time that this thread needs for `body` [s].
  private static func seconds(_ body: () -> Void) -> Double {
    let start = SystemClock.threadTime()
    body()
    return Double(SystemClock.threadTime() - start) / 1e9
  }
}
