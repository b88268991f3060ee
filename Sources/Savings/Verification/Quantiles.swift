import Glibc

/// Quantiles of the normal and of Student's distribution.
enum Quantiles {
  /// Returns the normal quantile of a probability between 0 and 1, by bisection of the error function.
  ///
  /// Worked value: 0.95 gives 1.6449.
  static func normal(_ probability: Double) -> Double {
    var (low, high) = (-10.0, 10.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if 0.5 * erfc(-middle / 2.0.squareRoot()) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// Returns Student's quantile by the expansion of Cornish and Fisher.
  ///
  /// Worked value: 0.95 with 10 degrees of freedom gives 1.812.
  ///
  /// - Parameters:
  ///   - probability: Probability between 0 and 1.
  ///   - freedom: Degrees of freedom, at least 3.
  static func student(_ probability: Double, freedom: Double) -> Double {
    let z = normal(probability)
    let n = max(3, freedom)
    let first = (z * z * z + z) / (4 * n)
    let second = (5 * pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * n * n)
    return z + first + second + (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * z * z * z - 15 * z) / (384 * n * n * n)
  }
}
