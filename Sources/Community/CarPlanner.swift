/// Exact best answers of cars to prices: a stay takes its energy in its cheapest steps, the earliest among equals.
struct CarPlanner {
  /// Steps from the cheapest to the dearest.
  private let order: [Int32]
  private let stepHours: Double

  /// Orders the steps once for all cars.
  ///
  /// - Parameters:
  ///   - price: Price of a kWh at each step.
  ///   - stepHours: Length of a step [h].
  init(price: [Double], stepHours: Double) {
    self.stepHours = stepHours
    order = price.indices.sorted { price[$0] == price[$1] ? $0 < $1 : price[$0] < price[$1] }.map {
      Int32($0)
    }
  }

  /// Tells the power of a stay in each step in which it takes any; energy that does not fit is left out.
  ///
  /// - Parameters:
  ///   - session: The stay.
  ///   - take: Receives a step and the power in it [kW].
  @inline(__always)
  func answer(_ session: CarSession, take: (_ step: Int, _ power: Double) -> Void) {
    var left = session.energy / session.efficiency / stepHours
    for place in order where left > 0 {
      let step = Int(place)
      guard step >= session.arrival, step < session.departure else { continue }
      let power = min(left, session.power)
      take(step, power)
      left -= power
    }
  }
}
