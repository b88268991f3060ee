import StreamCore

/// Forecasts that await their actual value: the latest of each slot, bucket and model, in a ring of two days.
///
/// A window that closes up to a day late is therefore still scored.
public struct ForecastLedger: Sendable {
  /// The quantiles of a slot.
  public struct Quantiles: Sendable, Equatable {
    /// The 10 % quantile.
    public var p10: Double
    /// The median.
    public var p50: Double
    /// The 90 % quantile.
    public var p90: Double

    /// Returns the mean pinball loss of the three quantiles for an actual value.
    public func pinball(_ actual: Double) -> Double { PinballLoss.mean(p10: p10, p50: p50, p90: p90, actual: actual) }

    /// Returns whether an actual value lies between the outer quantiles, ends included.
    public func covers(_ actual: Double) -> Bool { p10 <= actual && actual <= p90 }
  }

  /// Slots in the ring: the horizon ahead and as many behind.
  static let capacity = 2 * LeadBucket.horizon
  private let models: Int
  private var slots: [Int]
  private var values: [Double]
  private var chosen: [UInt8]
  private static let nobody = UInt8.max

  /// Creates an empty ledger for a number of models, 1...254.
  public init(models: Int) {
    self.models = min(max(models, 1), 254)
    slots = Array(repeating: .min, count: ForecastLedger.capacity)
    values = Array(repeating: .nan, count: ForecastLedger.capacity * LeadBucket.count * self.models * 3)
    chosen = Array(repeating: ForecastLedger.nobody, count: ForecastLedger.capacity * LeadBucket.count)
  }

  /// Records a model's forecast issued at the start of slot `first`, replacing earlier ones in the same buckets.
  ///
  /// - Parameters:
  ///   - track: The forecast.
  ///   - model: Number of the model.
  ///   - first: First slot of the forecast.
  mutating func enter(_ track: QuantileTrack, model: Int, first: Int) {
    for bucket in LeadBucket.allCases {
      for offset in bucket.offsets {
        let index = place(claim(first + offset), bucket: bucket, model: model)
        values[index] = track.p10[offset]
        values[index + 1] = track.p50[offset]
        values[index + 2] = track.p90[offset]
      }
    }
  }

  /// Records the model in charge of a bucket in the issue at the start of slot `first`.
  ///
  /// - Parameters:
  ///   - model: Number of the model.
  ///   - bucket: The lead bucket.
  ///   - first: First slot of the issue.
  mutating func choose(_ model: Int, for bucket: LeadBucket, first: Int) {
    for offset in bucket.offsets {
      chosen[claim(first + offset) * LeadBucket.count + bucket.rawValue] = UInt8(truncatingIfNeeded: model)
    }
  }

  /// Returns a model's pending forecast of a slot; `nil` if there is none.
  ///
  /// - Parameters:
  ///   - slot: The slot.
  ///   - bucket: The lead bucket.
  ///   - model: Number of the model.
  func pending(_ slot: Int, bucket: LeadBucket, model: Int) -> Quantiles? {
    let row = self.row(slot)
    guard slots[row] == slot else { return nil }
    let index = place(row, bucket: bucket, model: model)
    guard !values[index + 1].isNaN else { return nil }
    return Quantiles(p10: values[index], p50: values[index + 1], p90: values[index + 2])
  }

  /// Returns the model in charge of a pending forecast; `nil` if there is none.
  func modelInCharge(_ slot: Int, bucket: LeadBucket) -> Int? {
    let row = self.row(slot)
    guard slots[row] == slot else { return nil }
    let model = chosen[row * LeadBucket.count + bucket.rawValue]
    return model == ForecastLedger.nobody ? nil : Int(model)
  }

  /// Removes a slot after it has been scored.
  mutating func settle(_ slot: Int) {
    if slots[row(slot)] == slot { clear(row(slot)) }
  }

  private func row(_ slot: Int) -> Int {
    let remainder = slot % ForecastLedger.capacity
    return remainder < 0 ? remainder + ForecastLedger.capacity : remainder
  }

  private func place(_ row: Int, bucket: LeadBucket, model: Int) -> Int {
    ((row * LeadBucket.count + bucket.rawValue) * models + model) * 3
  }

  private mutating func claim(_ slot: Int) -> Int {
    let row = self.row(slot)
    if slots[row] != slot {
      clear(row)
      slots[row] = slot
    }
    return row
  }

  private mutating func clear(_ row: Int) {
    slots[row] = .min
    let width = LeadBucket.count * models * 3
    for index in (row * width)..<((row + 1) * width) { values[index] = .nan }
    for index in (row * LeadBucket.count)..<((row + 1) * LeadBucket.count) { chosen[index] = ForecastLedger.nobody }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(slots) { $0.write(Int64($1)) }
    writer.write(values)
    writer.write(chosen) { $0.write($1) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let slots = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
      Int(try reader.read(Int64.self))
    }
    let values = try reader.readDoubles()
    let chosen = try reader.readArray { (reader) throws(SnapshotError) in try reader.read(UInt8.self) }
    guard slots.count == self.slots.count, values.count == self.values.count, chosen.count == self.chosen.count,
      chosen.allSatisfy({ $0 == ForecastLedger.nobody || $0 < models })
    else { throw .invalid("a ledger of another shape") }
    self.slots = slots
    self.values = values
    self.chosen = chosen
  }
}
