/// What a model of an asset found at one mark.
struct TwinFinding: Equatable {
  /// The contributor that it is called.
  var name: String
  /// 0 nothing, 1 certain.
  var score: Double
}

/// Means of an asset's sensors over the quarter of an hour at hand; NaN where there is none.
struct QuarterMeans {
  /// Quarters of an hour since the epoch.
  var slot: Int
  var values: [String: Double] = [:]

  subscript(sensor: String) -> Double { values[sensor] ?? .nan }
}
