/// Exact best answers of batteries to prices, with memory that is used again.
///
/// The value of stored energy is a concave, piecewise linear function of the energy. A step backward in time merges two
/// segments into its slopes: energy that need not be bought, and energy that can be sold. It then cuts both ends, by
/// what a step can move. Where a slope would be merged is the energy up to which charging pays, and down to which
/// discharging does. The way forward follows these targets.
struct BatteryPlanner {
  private let steps: Int
  private let stepHours: Double
  private var slopes: [Double]
  private var lengths: [Double]
  private var chargeTargets: [Double]
  private var dischargeTargets: [Double]
  /// Power of charging of the last answer [kW].
  private(set) var charge: [Double]
  /// Power of discharging of the last answer [kW].
  private(set) var discharge: [Double]

  /// Creates a planner for horizons of `steps` steps.
  ///
  /// - Parameters:
  ///   - steps: Number of steps.
  ///   - stepHours: Length of a step [h].
  init(steps: Int, stepHours: Double) {
    self.steps = steps
    self.stepHours = stepHours
    slopes = Array(repeating: 0, count: 2 * steps + 8)
    lengths = slopes
    chargeTargets = Array(repeating: 0, count: steps)
    dischargeTargets = chargeTargets
    charge = chargeTargets
    discharge = chargeTargets
  }

  /// Computes the schedule of least cost at a price that holds for buying and selling.
  ///
  /// - Parameters:
  ///   - battery: The battery.
  ///   - price: Price of a kWh at each step.
  /// - Returns: The cost with wear, and the wear alone.
  mutating func answer(_ battery: HomeBattery, price: UnsafeBufferPointer<Double>) -> (
    cost: Double, wear: Double
  ) {
    values(battery, price: price)
    let efficiency = battery.efficiency
    let stored = efficiency * battery.power * stepHours
    let taken = battery.power * stepHours / efficiency
    let perCharge = 1 / (efficiency * stepHours)
    let perDischarge = efficiency / stepHours
    var energy = battery.start
    var cost = 0.0
    var sold = 0.0
    for step in 0..<steps {
      var up = min(stored, max(0, chargeTargets[step] - energy))
      var down = min(taken, max(0, energy - dischargeTargets[step]))
      if (price[step] - battery.wear) * efficiency > price[step] / efficiency {
        // Energy is worth less than nothing: it is burnt by doing both.
        down = min(taken, max(0, energy + stored - dischargeTargets[step]))
        up = stored - min(stored, max(0, energy + stored - taken - chargeTargets[step]))
      }
      let bought = up * perCharge
      let given = down * perDischarge
      charge[step] = bought
      discharge[step] = given
      cost += price[step] * (bought - given)
      sold += given
      energy += up - down
    }
    let wear = battery.wear * sold * stepHours
    return (cost * stepHours + wear, wear)
  }

  /// Goes backward through the horizon and keeps the energies up to which charging, and down to which discharging pays.
  private mutating func values(_ battery: HomeBattery, price: UnsafeBufferPointer<Double>) {
    let efficiency = battery.efficiency
    let inverse = 1 / efficiency
    let stored = efficiency * battery.power * stepHours
    let taken = battery.power * stepHours * inverse
    let (steps, minimum, wear) = (steps, battery.minimum, battery.wear)
    let needed = battery.start - minimum
    let free = battery.capacity - battery.start
    slopes.withUnsafeMutableBufferPointer { slopes in
      lengths.withUnsafeMutableBufferPointer { lengths in
        chargeTargets.withUnsafeMutableBufferPointer { chargeTargets in
          dischargeTargets.withUnsafeMutableBufferPointer { dischargeTargets in
            var value = StoredValue(slopes: slopes, lengths: lengths)
            value.merge(slope: 1e6, length: needed)
            value.merge(slope: 0, length: free)
            for step in stride(from: steps - 1, through: 0, by: -1) {
              chargeTargets[step] =
                minimum
                + value.merge(
                  slope: price[step] * inverse, length: stored, margin: 1e-12)
              // The segment of charging, merged just now, is no energy of the store.
              let sale = (price[step] - wear) * efficiency
              let below = value.merge(slope: sale, length: taken)
              dischargeTargets[step] =
                minimum + below - (price[step] * inverse >= sale ? stored : 0)
              value.cut(head: stored, tail: taken)
            }
          }
        }
      }
    }
  }
}

/// Slopes of the value of stored energy from the greatest to the least, each with the energy over which it holds.
struct StoredValue {
  let slopes: UnsafeMutableBufferPointer<Double>
  let lengths: UnsafeMutableBufferPointer<Double>
  private var first = 0
  private var end = 0

  init(slopes: UnsafeMutableBufferPointer<Double>, lengths: UnsafeMutableBufferPointer<Double>) {
    self.slopes = slopes
    self.lengths = lengths
  }

  /// Inserts a segment behind those of at least its slope plus `margin`, and returns the energy before it.
  @inline(__always)
  @discardableResult
  mutating func merge(slope: Double, length: Double, margin: Double = 0) -> Double {
    var place = end
    while place > first, slopes[place - 1] < slope + margin {
      slopes[place] = slopes[place - 1]
      lengths[place] = lengths[place - 1]
      place -= 1
    }
    var sum = 0.0
    for before in first..<place { sum += lengths[before] }
    slopes[place] = slope
    lengths[place] = length
    end += 1
    return sum
  }

  /// Removes energy from both ends.
  @inline(__always)
  mutating func cut(head: Double, tail: Double) {
    var left = head
    while first < end, lengths[first] <= left {
      left -= lengths[first]
      first += 1
    }
    if first < end { lengths[first] -= left }
    left = tail
    while end > first, lengths[end - 1] <= left {
      end -= 1
      left -= lengths[end]
    }
    if end > first { lengths[end - 1] -= left }
  }
}
