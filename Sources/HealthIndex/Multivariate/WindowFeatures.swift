import Glibc

/// The features of the latest rows of sensors: the mean of each standardised sensor over a window, and its change from
/// the window before.
///
/// Rows are standardised by the spread of the rows given at creation. A sensor that was constant in them gets a
/// hundredth of its magnitude as spread, so that any change is large.
struct WindowFeatures: Sendable {
  private let centre: [Double]
  private let spread: [Double]
  private let capacity: Int
  /// Latest standardised rows, oldest first.
  private var recent: [[Double]] = []

  /// Creates features of windows of at most `longest` rows, standardised by `rows`, all of one length.
  init(standardisedBy rows: ArraySlice<[Double]>, longest: Int) {
    let width = rows.first?.count ?? 0
    let count = Double(max(1, rows.count))
    var centre = [Double](repeating: 0, count: width)
    var spread = centre
    for row in rows { for i in 0..<width { centre[i] += row[i] / count } }
    for row in rows { for i in 0..<width { spread[i] += (row[i] - centre[i]) * (row[i] - centre[i]) / count } }
    self.centre = centre
    self.spread = spread.enumerated().map { sensor, variance in
      let deviation = variance.squareRoot()
      let least = 1e-9 * abs(centre[sensor])
      return deviation > least ? deviation : max(0.01 * abs(centre[sensor]), 1e-9)
    }
    capacity = 2 * max(1, longest)
  }

  /// Returns whether a value is valid; squares of values beyond 1e30 would swamp all others.
  static func isValue(_ value: Double) -> Bool { value.magnitude <= 1e30 }

  /// Adds a row; invalid values count as unchanged.
  mutating func append(_ row: [Double]) {
    let last = recent.last
    let standardised = centre.indices.map { i in
      i < row.count && WindowFeatures.isValue(row[i])
        ? min(max((row[i] - centre[i]) / spread[i], -1e6), 1e6) : last?[i] ?? 0
    }
    if recent.count == capacity { recent.removeFirst() }
    recent.append(standardised)
  }

  /// Returns the means over the latest `length` rows, then their differences from the means over the `length` rows
  /// before.
  func features(_ length: Int) -> [Double] {
    let now = mean(recent.suffix(length))
    let before = recent.dropLast(length).suffix(length)
    return now + (before.isEmpty ? now.map { _ in 0 } : zip(now, mean(before)).map { $0 - $1 })
  }

  private func mean(_ rows: ArraySlice<[Double]>) -> [Double] {
    var sum = [Double](repeating: 0, count: centre.count)
    for row in rows { for i in sum.indices { sum[i] += row[i] } }
    return sum.map { $0 / Double(max(1, rows.count)) }
  }
}
