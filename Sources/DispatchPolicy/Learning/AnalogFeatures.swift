/// What two moments are compared by: recent load and generation over stretches of hours back.
enum AnalogFeatures {
  private enum Source { case load, generation, netDemand }

  /// A mean over the hours `from`...`to` back (0 is the present one) and its weight in the squared distance.
  private struct Feature {
    var source: Source
    var from: Int
    var to: Int
    var weight: Float
  }

  private static let table = [
    Feature(source: .load, from: 0, to: 0, weight: 2),
    Feature(source: .load, from: 2, to: 0, weight: 1.5),
    Feature(source: .load, from: 23, to: 0, weight: 1),
    Feature(source: .load, from: 23, to: 18, weight: 0.5),
    Feature(source: .load, from: 17, to: 12, weight: 1),
    Feature(source: .load, from: 167, to: 162, weight: 0.5),
    Feature(source: .generation, from: 0, to: 0, weight: 1),
    Feature(source: .generation, from: 5, to: 0, weight: 1),
    Feature(source: .generation, from: 23, to: 0, weight: 1),
    Feature(source: .netDemand, from: 167, to: 0, weight: 1),
  ]

  /// Differences beyond this many squared standard deviations count no further.
  private static let farthest: Float = 9

  /// How many.
  static let count = table.count

  /// Appends the features of a slot.
  static func append(of slot: Int, in record: SlotRecord, slotsPerDay: Int, to features: inout [Float]) {
    for feature in table {
      let end = slot - feature.to * slotsPerDay / 24
      // Of slots longer than an hour, each hour has the one that it lies in.
      let stretch = min(end, slot - (feature.from + 1) * slotsPerDay / 24 + 1)...end
      let value =
        switch feature.source {
        case .load: record.meanLoad(stretch)
        case .generation: record.meanGeneration(stretch)
        case .netDemand: record.meanLoad(stretch) - record.meanGeneration(stretch)
        }
      features.append(Float(value))
    }
  }

  /// Weighted squared distances from one slot to others, each feature in standard deviations among the others.
  static func distances(from origin: Int, to slots: [Int], in features: [Float]) -> [Double] {
    var distances = [Float](repeating: 0, count: slots.count)
    for (column, feature) in table.enumerated() {
      var sum: Float = 0
      var squares: Float = 0
      for slot in slots {
        let value = features[slot * count + column]
        sum += value
        squares += value * value
      }
      let mean = sum / Float(slots.count)
      let scale = feature.weight / max(1e-4, squares / Float(slots.count) - mean * mean)
      let own = features[origin * count + column]
      for (index, slot) in slots.enumerated() {
        let difference = features[slot * count + column] - own
        distances[index] += min(scale * difference * difference, feature.weight * farthest)
      }
    }
    return distances.map(Double.init)
  }
}
