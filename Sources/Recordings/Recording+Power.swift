import PlantModel
import WattlineTime

extension Recording {
  /// Returns a column as a power.
  ///
  /// - A power is scaled by its unit; a column without a unit is taken to be in kW.
  /// - An energy is divided by the length of its interval: that in the file, otherwise the distance to the next row.
  /// - The distance after a gap is not an interval. A distance counts if it occurs twice in a row or does not exceed
  ///   the previous one.
  /// - An energy that never falls is a counter, and its increase is taken.
  ///
  /// - Parameter column: Index of the column. Rows must be in chronological order, as ``ordered()`` returns them.
  /// - Returns: One value a row [kW], NaN if it cannot be determined, and whether the column is a counter.
  public func kilowatts(_ column: Int) -> (values: [Double], isCounter: Bool) {
    let values = values[column]
    switch columns[column].unit {
    case .power(let factor): return (factor == 1 ? values : values.map { $0 * factor }, false)
    case .energy(let factor):
      let lengths = intervals()
      guard isCounter(values) else {
        return (zip(values, lengths).map { $1 > 0 ? $0 * factor / (Double($1) / 3.6e12) : .nan }, false)
      }
      var powers = Array(repeating: Double.nan, count: values.count)
      for row in values.indices.dropLast() where times[row + 1] > times[row] {
        powers[row] = (values[row + 1] - values[row]) * factor / (times[row + 1] - times[row]).inHours
      }
      return (powers, true)
    case .other, nil: return (values, false)
    }
  }

  /// Returns the length of each row's interval [ns].
  public func intervals() -> [Int64] {
    if lengths.count == count { return lengths }
    let steps = zip(times.dropFirst(), times).map { ($0 - $1).nanoseconds }
    guard let usual = step?.nanoseconds else { return Array(repeating: 0, count: count) }
    return times.indices.map { row in
      guard row < steps.count else { return steps.last.map { min($0, usual) } ?? usual }
      let next = steps[row]
      let before = row > 0 ? steps[row - 1] : usual
      let goesOn = row + 1 < steps.count && steps[row + 1] == next
      return next <= before || goesOn ? next : before
    }
  }

  /// Returns whether energies are those of a counter: at least 24 values that never fall and have grown.
  private func isCounter(_ values: [Double]) -> Bool {
    let known = values.filter { !$0.isNaN }
    guard known.count >= 24, let first = known.first, let last = known.last, last > first else { return false }
    return zip(known.dropFirst(), known).allSatisfy { $0 >= $1 }
  }
}
