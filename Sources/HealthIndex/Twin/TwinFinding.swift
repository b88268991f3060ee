/// The result of a model of an asset at one mark.
struct TwinFinding: Equatable {
  /// Name of the finding among the contributors to the index.
  var name: String
  /// Score of the finding: 0 none, 1 certain.
  var score: Double
}

/// Means of an asset's sensors over one quarter-hour; NaN for missing ones.
struct QuarterMeans {
  /// Quarter-hour since the epoch.
  var slot: Int
  var values: [String: Double] = [:]

  subscript(sensor: String) -> Double { values[sensor] ?? .nan }
}
