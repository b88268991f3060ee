/// Features that measure the similarity of two slots: means of load and generation over past hours.
enum AnalogFeatures {
  private enum Source { case load, generation, netDemand }

  /// A mean over the hours `from`...`to` before the slot (0 is the current hour), and its weight in the squared
  /// distance.
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

  /// Upper bound of a feature's squared difference [squared standard deviations].
  private static let farthest: Float = 9

  /// Number of features of a slot.
  static let count = table.count

  /// Appends the features of a slot.
  ///
  /// - Parameters:
  ///   - slot: position in the record.
  ///   - record: the measured slots.
  ///   - slotsPerDay: number of slots in a day.
  ///   - features: receives ``count`` values.
  static func append(of slot: Int, in record: SlotRecord, slotsPerDay: Int, to features: inout [Float]) {
    for feature in table {
      let end = slot - feature.to * slotsPerDay / 24
      // If slots are longer than an hour, an hour has the value of the slot that contains it.
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

  /// Returns weighted squared distances from one slot to others. Each feature is scaled by its standard deviation among
  /// the others.
  ///
  /// - Parameters:
  ///   - origin: the slot to compare with.
  ///   - slots: the other slots, at least one.
  ///   - features: features of all slots of the record.
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
