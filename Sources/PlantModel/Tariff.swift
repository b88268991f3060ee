/// What energy costs and earns at the grid connection.
public struct Tariff: Hashable, Sendable {
  /// A price that holds for a part of each local day.
  public struct Period: Hashable, Sendable {
    /// Start [minutes after local midnight], 0..<1440.
    public var fromMinute: Int
    /// End [minutes after local midnight]; before or at the start, the period runs over midnight.
    public var toMinute: Int
    /// Price [currency/kWh].
    public var price: Double

    /// A period of the local day.
    public init(fromMinute: Int, toMinute: Int, price: Double) {
      self.fromMinute = fromMinute
      self.toMinute = toMinute
      self.price = price
    }

    /// Whether the period holds at a minute of the local day.
    public func contains(minute: Int) -> Bool {
      fromMinute < toMinute
        ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute
    }
  }

  /// Import prices; the last period that holds at a minute decides, so a peak is written after the base price.
  public var importPeriods: [Period]
  /// Payment for exported energy [currency/kWh].
  public var exportPrice: Double

  /// A tariff; without arguments, one in which nothing costs anything.
  public init(importPeriods: [Period] = [], exportPrice: Double = 0) {
    self.importPeriods = importPeriods
    self.exportPrice = exportPrice
  }

  /// Import price at a minute of the local day [currency/kWh]; 0 where no period holds.
  public func importPrice(minute: Int) -> Double {
    importPeriods.last { $0.contains(minute: minute) }?.price ?? 0
  }
}
