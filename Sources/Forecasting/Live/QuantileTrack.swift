import PlantModel
import StreamCore

/// The quantiles of every slot of the horizon; NaN if a model has no forecast.
public struct QuantileTrack: Sendable {
  /// The 10 % quantiles [unit of the series].
  public var p10: [Double]
  /// The medians [unit of the series].
  public var p50: [Double]
  /// The 90 % quantiles [unit of the series].
  public var p90: [Double]

  /// Creates a track without values.
  public init() {
    p10 = Array(repeating: .nan, count: LeadBucket.horizon)
    p50 = p10
    p90 = p10
  }

  /// Orders the quantiles of each slot around the median and clamps them to physical bounds.
  public mutating func settle(within bounds: ClosedRange<Double>) {
    for slot in p50.indices where !p50[slot].isNaN {
      let median = p50[slot]
      let lower = p10[slot].isNaN ? median : min(p10[slot], median)
      let upper = p90[slot].isNaN ? median : max(p90[slot], median)
      p10[slot] = clamp(lower, bounds: bounds)
      p50[slot] = clamp(median, bounds: bounds)
      p90[slot] = clamp(upper, bounds: bounds)
    }
  }

  /// Copies the slots of a bucket from another track.
  mutating func copy(_ bucket: LeadBucket, from other: QuantileTrack) {
    for slot in bucket.offsets {
      p10[slot] = other.p10[slot]
      p50[slot] = other.p50[slot]
      p90[slot] = other.p90[slot]
    }
  }

  private func clamp(_ value: Double, bounds: ClosedRange<Double>) -> Double {
    min(max(value, bounds.lowerBound), bounds.upperBound)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(p10)
    writer.write(p50)
    writer.write(p90)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    p10 = try reader.readDoubles()
    p50 = try reader.readDoubles()
    p90 = try reader.readDoubles()
    guard p10.count == LeadBucket.horizon, p50.count == LeadBucket.horizon, p90.count == LeadBucket.horizon else {
      throw .invalid("a forecast of another horizon")
    }
  }
}
