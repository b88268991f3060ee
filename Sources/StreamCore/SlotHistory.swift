import PlantModel

/// The latest values of a series by slot number, in a ring buffer: constant time and constant memory.
///
/// A slot without a value, before the first kept one or after the latest, reads as NaN.
public struct SlotHistory: Sendable, Equatable {
  /// Number of slots kept.
  public let capacity: Int
  /// The latest slot that was set; `nil` while empty.
  public private(set) var latest: Int?
  /// The first slot ever set; unchanged when the ring has moved past it.
  public private(set) var first: Int?
  private var values: [Double]

  /// Creates an empty history of `capacity` slots, at least one.
  public init(capacity: Int) {
    self.capacity = max(1, capacity)
    values = Array(repeating: .nan, count: self.capacity)
  }

  /// Returns the value of a slot, NaN if there is none.
  public subscript(slot: Int) -> Double {
    guard let latest, slot <= latest, slot > latest - capacity else { return .nan }
    return values[position(slot)]
  }

  /// Sets or replaces the value of a slot. Slots older than the ring are ignored.
  public mutating func set(_ slot: Int, to value: Double) {
    guard let last = latest else {
      latest = slot
      first = slot
      values[position(slot)] = value
      return
    }
    guard slot > last - capacity else { return }
    if slot > last {
      if slot - last >= capacity {
        for index in values.indices { values[index] = .nan }
      } else {
        for between in (last + 1)..<slot { values[position(between)] = .nan }
      }
      latest = slot
    }
    first = min(first ?? slot, slot)
    values[position(slot)] = value
  }

  /// Returns minimum, maximum, mean and count of the values in a range of slots; `nil` if there are none.
  public func summary(of slots: Range<Int>) -> (minimum: Double, maximum: Double, mean: Double, count: Int)? {
    var least = Double.infinity
    var greatest = -Double.infinity
    var sum = 0.0
    var count = 0
    for slot in slots {
      let value = self[slot]
      if value.isNaN { continue }
      least = min(least, value)
      greatest = max(greatest, value)
      sum += value
      count += 1
    }
    return count == 0 ? nil : (least, greatest, sum / Double(count), count)
  }

  /// Writes the state.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Int64(latest ?? .min))
    writer.write(Int64(first ?? .min))
    writer.write(values)
  }

  /// Reads the state written by ``snapshot(into:)`` from a history of the same capacity.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let latest = Int(try reader.read(Int64.self))
    let first = Int(try reader.read(Int64.self))
    let values = try reader.readDoubles()
    guard values.count == capacity else { throw .invalid("a history of \(values.count) slots instead of \(capacity)") }
    // Slots of representable times; larger numbers would overflow in the arithmetic above.
    let plausible = -100_000_000...100_000_000
    guard latest == .min || plausible.contains(latest), first == .min || plausible.contains(first) else {
      throw .invalid("a slot outside all time")
    }
    self.latest = latest == .min ? nil : latest
    self.first = first == .min ? nil : first
    self.values = values
  }

  private func position(_ slot: Int) -> Int {
    let remainder = slot % capacity
    return remainder < 0 ? remainder + capacity : remainder
  }

  /// Compares all slots; NaN equals NaN.
  public static func == (a: SlotHistory, b: SlotHistory) -> Bool {
    a.capacity == b.capacity && a.latest == b.latest && a.first == b.first
      && zip(a.values, b.values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
  }
}
