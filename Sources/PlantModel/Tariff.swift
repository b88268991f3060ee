/// What energy costs and earns at the grid connection.
///
/// A price is that of the ``schedule`` where it covers the moment, else that of the last period that holds, else it is not
/// known. A live sensor `price` or `export_price` of the grid connection takes the place of either while it is fresh.
public struct Tariff: Hashable, Sendable {
  /// A price that holds for a part of some local days.
  public struct Period: Hashable, Sendable {
    /// Start [minutes after local midnight], 0..<1440.
    public var fromMinute: Int
    /// End [minutes after local midnight]; before or at the start, the period runs over midnight.
    public var toMinute: Int
    /// Price [currency/kWh].
    public var price: Double
    /// Months of the season in which it holds, 1...12; empty for all.
    public var months: Set<Int> = []
    /// Days of the week on which it holds, 1 (Monday)...7 (Sunday); empty for all. After midnight the new day counts.
    public var weekdays: Set<Int> = []

    /// A period of every local day.
    public init(fromMinute: Int, toMinute: Int, price: Double) {
      self.fromMinute = fromMinute
      self.toMinute = toMinute
      self.price = price
    }

    /// Whether the period holds at a minute of the local day, whatever the date.
    public func contains(minute: Int) -> Bool {
      fromMinute < toMinute
        ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute
    }

    /// Whether the period holds at a local time.
    public func contains(_ local: CivilTime) -> Bool {
      contains(minute: local.secondOfDay / 60) && (months.isEmpty || months.contains(local.month))
        && (weekdays.isEmpty || weekdays.contains(local.weekday))
    }
  }

  /// Import prices; the last period that holds at a moment decides, so a peak is written after the base price.
  public var importPeriods: [Period]
  /// Payment for exported energy where ``exportPeriods`` has none [currency/kWh]; negative is paid for export.
  public var exportPrice: Double
  /// Payment for exported energy; the last period that holds at a moment decides.
  public var exportPeriods: [Period] = []
  /// Whether the plant's file says what export earns. Where it does not, it earns nothing, unless the ``schedule`` tells
  /// payments: then what holds outside of it is not known.
  public var isExportTold = false
  /// Prices known by date, such as those of a day-ahead market.
  public var schedule = PriceSchedule()
  /// Price of a billing month's greatest import, as a mean over ``demandInterval`` [currency/kW].
  public var demandCharge = 0.0
  /// Over which time a peak is a mean: one of ``demandIntervals``, from the full hour on.
  public var demandInterval = TimeSpan.minutes(15)
  /// The intervals that are billed.
  public static let demandIntervals: [TimeSpan] = [.minutes(15), .minutes(30), .hour]
  /// Emissions of imported energy where no sensor tells them [kg CO₂/kWh].
  public var carbonIntensity: Double?
  /// What a kg of CO₂ weighs in decisions [currency/kg]; it is paid by nobody and is in no cost.
  public var carbonWeight = 0.0

  /// A tariff; without arguments, one in which nothing costs anything.
  public init(importPeriods: [Period] = [], exportPrice: Double = 0) {
    self.importPeriods = importPeriods
    self.exportPrice = exportPrice
  }

  /// Whether anything has a price.
  public var isKnown: Bool {
    !importPeriods.isEmpty || exportPrice != 0 || !exportPeriods.isEmpty || !schedule.isEmpty
  }

  /// Import price at a moment, which the plant's clock shows as `local` [currency/kWh]; `nil` where it is not known.
  public func importPrice(at moment: Timestamp, local: CivilTime) -> Double? {
    schedule.importPrice(at: moment) ?? importPeriods.last { $0.contains(local) }?.price
  }

  /// Payment for export at a moment, which the plant's clock shows as `local` [currency/kWh]; `nil` where it is not known.
  public func exportPrice(at moment: Timestamp, local: CivilTime) -> Double? {
    schedule.exportPrice(at: moment) ?? exportPeriods.last { $0.contains(local) }?.price ?? exportFallback
  }

  /// Payment for export outside of list and periods [currency/kWh]; `nil` where it is not known: in a hole of the periods,
  /// and outside of a list that tells payments, unless the file says another.
  public var exportFallback: Double? {
    exportPeriods.isEmpty && (isExportTold || exportPrice != 0 || !schedule.tellsExport) ? exportPrice : nil
  }
}
