import StreamCore

/// The models' forecasts and the actual values of the last weeks, from which weights and intervals are learned.
///
/// Older forecasts are discarded, so a forecast depends on nothing further back.
struct ForecastMemory: Sendable {
  /// One forecast slot.
  struct Entry: Sendable {
    var slot: Int
    var leadClass: Int
    var actual: Double
  }

  private let models: Int
  private(set) var entries: [Entry] = []
  /// Quantiles by entry, then model, then level.
  private(set) var quantiles: [Float] = []

  init(models: Int) { self.models = models }

  /// Number of quantiles of one entry.
  var width: Int { models * QuantileLevels.count }

  /// Records the models' forecasts of a horizon.
  ///
  /// - Parameters:
  ///   - tables: Forecast of each model.
  ///   - origin: First slot of the horizon.
  ///   - leads: Lead classes of the horizon.
  ///   - offsets: Slots to be recorded, as positions within the horizon.
  mutating func record(_ tables: [QuantileTable], origin: Int, leads: LeadClasses, offsets: some Sequence<Int>) {
    for offset in offsets {
      entries.append(Entry(slot: origin + offset, leadClass: leads.ofOffset[offset], actual: .nan))
      for table in tables {
        for level in 0..<QuantileLevels.count { quantiles.append(Float(table[offset, level])) }
      }
    }
  }

  /// Fills in the actual values before `origin`, and discards entries before `oldest`.
  ///
  /// - Parameters:
  ///   - origin: Slots before it may have an actual value.
  ///   - oldest: First slot to be kept.
  ///   - actual: Returns the actual value of a slot; NaN if unknown.
  mutating func settle(before origin: Int, oldest: Int, actual: (Int) -> Double) {
    for index in entries.indices where entries[index].slot < origin && entries[index].actual.isNaN {
      entries[index].actual = actual(entries[index].slot)
    }
    let kept = entries.indices.filter { entries[$0].slot >= oldest }
    guard kept.count < entries.count else { return }
    var remaining: [Float] = []
    remaining.reserveCapacity(kept.count * width)
    for index in kept { remaining.append(contentsOf: quantiles[(index * width)..<((index + 1) * width)]) }
    entries = kept.map { entries[$0] }
    quantiles = remaining
  }

  /// Returns the positions of the entries of a lead class, or of all, with a known actual value.
  func settled(_ leadClass: Int?) -> [Int] {
    entries.indices.filter { !entries[$0].actual.isNaN && (leadClass == nil || entries[$0].leadClass == leadClass) }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(entries) { writer, entry in
      writer.write(Int64(entry.slot))
      writer.write(UInt8(truncatingIfNeeded: entry.leadClass))
      writer.write(entry.actual)
    }
    writer.write(quantiles) { $0.write($1.bitPattern) }
  }

  mutating func restore(from reader: inout SnapshotReader, leadClasses: Int) throws(SnapshotError) {
    entries = try reader.readArray(elementSize: 17) { (reader) throws(SnapshotError) in
      let slot = Int(try reader.read(Int64.self))
      let leadClass = Int(try reader.read(UInt8.self))
      guard slot.magnitude < 1 << 40, leadClass < leadClasses else { throw .invalid("a forecast of no lead") }
      return Entry(slot: slot, leadClass: leadClass, actual: try reader.readDouble())
    }
    quantiles = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
      Float(bitPattern: try reader.read(UInt32.self))
    }
    guard quantiles.count == entries.count * width else { throw .invalid("forecasts without their quantiles") }
  }
}
