/// Order statistics without sorting (C. A. R. Hoare, "Algorithm 65: Find", 1961, doi:10.1145/366622.366647).
enum Selection {
  /// Rearranges `values` so that the value at `position` is the one that sorting would put there, and returns it.
  static func place(_ position: Int, in values: UnsafeMutableBufferPointer<Double>) -> Double {
    var low = 0
    var high = values.count - 1
    while low < high {
      let pivot = values[(low + high) / 2]
      var left = low
      var right = high
      while left <= right {
        while values[left] < pivot { left += 1 }
        while values[right] > pivot { right -= 1 }
        if left <= right {
          values.swapAt(left, right)
          left += 1
          right -= 1
        }
      }
      if position <= right { high = right } else if position >= left { low = left } else { break }
    }
    return values[position]
  }

  /// Returns the quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7); NaN without
  /// values.
  ///
  /// It rearranges `values`, which must have no NaN.
  static func quantile(_ probability: Double, of values: UnsafeMutableBufferPointer<Double>) -> Double {
    guard !values.isEmpty else { return .nan }
    let position = probability * Double(values.count - 1)
    let lower = min(Int(position), values.count - 1)
    let value = place(lower, in: values)
    let share = position - Double(lower)
    guard share > 0, lower + 1 < values.count else { return value }
    var next = Double.infinity
    for index in (lower + 1)..<values.count { next = min(next, values[index]) }
    return value + share * (next - value)
  }
}
