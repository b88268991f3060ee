/// Best answers of a battery behind a meter whose import costs more than its export is paid.
///
/// As ``BatteryPlanner``, with up to four segments a step: charging from surplus and from the grid, discharging to the
/// own demand and to the grid.
struct MeterPlanner {
  private let steps: Int
  private let stepHours: Double
  private var slopes: [Double]
  private var lengths: [Double]
  private var segments: [Segment] = []

  /// The choices of a battery in a step: energy of the store, and where it lies in the order of values.
  private struct Segment {
    let isCharge: Bool
    let slope: Double
    let length: Double
    var offset = 0.0
  }

  /// Creates a planner for horizons of `steps` steps.
  ///
  /// - Parameters:
  ///   - steps: Number of steps.
  ///   - stepHours: Length of a step [h].
  init(steps: Int, stepHours: Double) {
    self.steps = steps
    self.stepHours = stepHours
    slopes = Array(repeating: 0, count: 4 * steps + 8)
    lengths = slopes
  }

  /// Returns the power of a battery by step [kW], charging positive, that costs least.
  ///
  /// - Parameters:
  ///   - battery: The battery.
  ///   - net: Net demand without the battery [kW], by step.
  ///   - buy: Price of a kWh imported, by step.
  ///   - feed: Payment for a kWh exported, by step, at most the price of import.
  mutating func answer(_ battery: HomeBattery, net: [Double], buy: [Double], feed: [Double])
    -> [Double]
  {
    segments.removeAll(keepingCapacity: true)
    let efficiency = battery.efficiency
    slopes.withUnsafeMutableBufferPointer { slopes in
      lengths.withUnsafeMutableBufferPointer { lengths in
        var value = StoredValue(slopes: slopes, lengths: lengths)
        value.merge(slope: 1e6, length: battery.start - battery.minimum)
        value.merge(slope: 0, length: battery.capacity - battery.start)
        for step in stride(from: steps - 1, through: 0, by: -1) {
          let surplus = min(battery.power, max(0, -net[step])) * stepHours
          let demand = min(battery.power, max(0, net[step])) * stepHours
          let most = battery.power * stepHours
          var own = [
            Segment(
              isCharge: true, slope: buy[step] / efficiency, length: (most - surplus) * efficiency),
            Segment(isCharge: true, slope: feed[step] / efficiency, length: surplus * efficiency),
            Segment(
              isCharge: false, slope: (buy[step] - battery.wear) * efficiency,
              length: demand / efficiency),
            Segment(
              isCharge: false, slope: (feed[step] - battery.wear) * efficiency,
              length: (most - demand) / efficiency),
          ]
          own.sort { $0.slope == $1.slope ? $0.isCharge && !$1.isCharge : $0.slope > $1.slope }
          for place in own.indices {
            own[place].offset = value.merge(slope: own[place].slope, length: own[place].length)
          }
          segments += own
          value.cut(head: most * efficiency, tail: most / efficiency)
        }
      }
    }
    return forward(battery)
  }

  /// Follows the values from the start on.
  private func forward(_ battery: HomeBattery) -> [Double] {
    var energy = battery.start - battery.minimum
    var power: [Double] = []
    for step in 0..<steps {
      let own = segments[4 * (steps - 1 - step)..<4 * (steps - step)]
      let level = energy + battery.power * stepHours * battery.efficiency
      var (charge, discharge) = (0.0, 0.0)
      for segment in own {
        let taken = min(segment.length, max(0, level - segment.offset))
        if segment.isCharge { charge += segment.length - taken } else { discharge += taken }
      }
      energy += charge - discharge
      power.append((charge / battery.efficiency - discharge * battery.efficiency) / stepHours)
    }
    return power
  }
}
