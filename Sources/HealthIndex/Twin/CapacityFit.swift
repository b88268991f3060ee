import StreamCore

/// Least-squares fit of a battery's capacity, with exponential forgetting.
///
/// The change of the reported state of charge is in proportion to the charge that was moved, `Δs = b · m`. The capacity
/// is `1 / b` of the nominal one.
///
/// The charge is the regressor since it is measured well; the reported state of charge is rounded and noisy. Worked
/// value: moves of 0.1 that change the state by 0.125 each give a capacity of 0.8.
struct CapacityFit: Sendable {
  /// Quarter-hours in which the weight of an observation falls to 1/e.
  private static let memory = 500.0
  /// Standard error from which on the capacity is known, relative to it.
  static let tolerance = 0.02

  /// Weighted count, then sums of m², m·Δs and Δs².
  private(set) var sums = [Double](repeating: 0, count: 4)

  init() {}

  /// Restores a fit from its sums; `nil` if there are not four finite ones.
  init?(sums: [Double]) {
    guard sums.count == 4, sums.allSatisfy(\.isFinite) else { return nil }
    self.sums = sums
  }

  /// Adds a quarter-hour.
  ///
  /// - Parameters:
  ///   - moved: Charge that went in, relative to the nominal capacity.
  ///   - change: Change of the reported state of charge, -1...1.
  mutating func add(moved: Double, change: Double) {
    let keep = 1 - 1 / Self.memory
    for (position, term) in [1, moved * moved, moved * change, change * change].enumerated() {
      sums[position] = sums[position] * keep + term
    }
  }

  /// Capacity divided by the nominal one; NaN before its standard error is at most ``tolerance`` of it.
  var share: Double {
    guard sums[0] > 2, sums[2] > 0 else { return .nan }
    let slope = sums[2] / sums[1]
    let variance = max(0, sums[3] - slope * sums[2]) / (sums[0] - 1)
    let error = (variance / sums[1]).squareRoot()
    return error <= Self.tolerance * slope ? 1 / slope : .nan
  }
}
