/// Prices by date: rows `time,import[,export]`, each valid from its time to that of the next row.
///
/// The last row holds for as long as the one before it did, an hour if it stands alone. A row never holds for more than a
/// day, so that a gap in the file is not filled with an old price.
public struct PriceSchedule: Hashable, Sendable {
  /// A price from a moment on.
  public struct Slot: Hashable, Sendable {
    /// From when.
    public var start: Timestamp
    /// Import price [currency/kWh].
    public var importPrice: Double
    /// Payment for export [currency/kWh], where the file tells it.
    public var exportPrice: Double?

    /// A price from a moment on.
    public init(start: Timestamp, importPrice: Double, exportPrice: Double? = nil) {
      self.start = start
      self.importPrice = importPrice
      self.exportPrice = exportPrice
    }
  }

  private var slots: [Slot]

  /// Prices in any order of time; of two at one time the later stays.
  public init(_ slots: [Slot] = []) {
    var byTime: [Timestamp: Slot] = [:]
    for slot in slots { byTime[slot.start] = slot }
    self.slots = byTime.values.sorted { $0.start < $1.start }
  }

  /// Whether it has no prices.
  public var isEmpty: Bool { slots.isEmpty }

  /// Import price at a moment [currency/kWh]; `nil` where no row holds.
  public func importPrice(at moment: Timestamp) -> Double? { slot(at: moment)?.importPrice }

  /// Payment for export at a moment [currency/kWh]; `nil` where no row holds or tells it.
  public func exportPrice(at moment: Timestamp) -> Double? { slot(at: moment)?.exportPrice }

  private func slot(at moment: Timestamp) -> Slot? {
    var low = 0
    var high = slots.count
    while low < high {
      let middle = (low + high) / 2
      if slots[middle].start <= moment { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let found = slots[low - 1]
    var length = TimeSpan.hour
    if low < slots.count {
      length = slots[low].start - found.start
    } else if low > 1 {
      length = found.start - slots[low - 2].start
    }
    return moment < found.start + min(length, .day) ? found : nil
  }
}
