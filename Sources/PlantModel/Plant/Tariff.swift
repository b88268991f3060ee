public import WattlineTime

/// Prices of energy at the grid connection.
///
/// A price is that of the ``schedule`` if it covers the time, otherwise that of the last matching period, otherwise
/// unknown. A live sensor `price` or `export_price` of the grid connection replaces it while its reading is fresh.
public struct Tariff: Hashable, Sendable {
  /// Price for a part of some local days.
  public struct Period: Hashable, Sendable {
    /// Start [minutes after local midnight], 0..<1440.
    public var fromMinute: Int
    /// End [minutes after local midnight]; if not after the start, the period extends past midnight.
    public var toMinute: Int
    /// Price [currency/kWh].
    public var price: Double
    /// Months in which the price applies, 1...12; empty for all.
    public var months: Set<Int> = []
    /// Weekdays on which the price applies, 1 (Monday)...7 (Sunday); empty for all. After midnight the new day counts.
    public var weekdays: Set<Int> = []

    /// Creates a period that applies on every local day.
    ///
    /// - Parameters:
    ///   - fromMinute: Start [minutes after local midnight], 0..<1440.
    ///   - toMinute: End [minutes after local midnight].
    ///   - price: Price [currency/kWh].
    public init(fromMinute: Int, toMinute: Int, price: Double) {
      self.fromMinute = fromMinute
      self.toMinute = toMinute
      self.price = price
    }

    /// Returns whether the period includes a minute of the local day, regardless of the date.
    public func contains(minute: Int) -> Bool {
      fromMinute < toMinute
        ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute
    }

    /// Returns whether the period applies at a local time.
    public func contains(_ local: CivilTime) -> Bool {
      contains(minute: local.secondOfDay / 60) && (months.isEmpty || months.contains(local.month))
        && (weekdays.isEmpty || weekdays.contains(local.weekday))
    }
  }

  /// Import prices. The last period that applies decides, so a peak price is listed after the base price.
  public var importPeriods: [Period]
  /// Payment for export if ``exportPeriods`` is empty [currency/kWh]; negative if export costs money.
  public var exportPrice: Double
  /// Payments for export. The last period that applies decides.
  public var exportPeriods: [Period] = []
  /// Whether the plant's file gives a payment for export.
  ///
  /// Otherwise export earns nothing, unless the ``schedule`` has payments: outside of it they are then unknown.
  public var isExportTold = false
  /// Prices by date, such as those of a day-ahead market.
  public var schedule = PriceSchedule()
  /// Demand charge on the highest mean import over ``demandInterval`` in a billing month [currency/kW].
  public var demandCharge = 0.0
  /// Averaging interval of the demand charge, one of ``demandIntervals``, aligned to the full hour.
  public var demandInterval = TimeSpan.minutes(15)
  /// Supported averaging intervals.
  public static let demandIntervals: [TimeSpan] = [.minutes(15), .minutes(30), .hour]
  /// Emissions of imported energy if no sensor reports them [kg CO₂/kWh].
  public var carbonIntensity: Double?
  /// Weight of CO₂ in decisions [currency/kg]; it is not paid and not part of any cost.
  public var carbonWeight = 0.0

  /// Creates a tariff; without arguments, nothing has a price.
  public init(importPeriods: [Period] = [], exportPrice: Double = 0) {
    self.importPeriods = importPeriods
    self.exportPrice = exportPrice
  }

  /// Whether any price is known.
  public var isKnown: Bool {
    !importPeriods.isEmpty || exportPrice != 0 || !exportPeriods.isEmpty || !schedule.isEmpty
  }

  /// Returns the import price [currency/kWh]; `nil` if it is unknown.
  ///
  /// - Parameters:
  ///   - timestamp: Time of the price.
  ///   - local: The same time on the plant's clock.
  public func importPrice(at timestamp: Timestamp, local: CivilTime) -> Double? {
    schedule.importPrice(at: timestamp) ?? importPeriods.last { $0.contains(local) }?.price
  }

  /// Returns the payment for export [currency/kWh]; `nil` if it is unknown.
  ///
  /// - Parameters:
  ///   - timestamp: Time of the price.
  ///   - local: The same time on the plant's clock.
  public func exportPrice(at timestamp: Timestamp, local: CivilTime) -> Double? {
    schedule.exportPrice(at: timestamp) ?? exportPeriods.last { $0.contains(local) }?.price ?? exportFallback
  }

  /// Payment for export outside of schedule and periods [currency/kWh]; `nil` if it is unknown.
  ///
  /// It is unknown in gaps between periods. It is also unknown outside of a schedule with payments, unless the file
  /// gives it.
  public var exportFallback: Double? {
    exportPeriods.isEmpty && (isExportTold || exportPrice != 0 || !schedule.tellsExport) ? exportPrice : nil
  }
}
