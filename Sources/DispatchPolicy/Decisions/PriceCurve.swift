public import PlantModel
public import WattlineTime

/// The prices of a plant's energy: at any time ahead, and over the local day for the rule.
///
/// Scheduled prices by date have priority. Next come live prices: the price of a quarter of an hour is the last one
/// observed at that time of day. The rest of today is therefore expected to equal yesterday. The tariff's periods are
/// used last.
///
/// If none of these has a price, plans use the tariff's price at the same local time on an earlier day. The latest of
/// the past seven days with a price is used. Otherwise plans use the tariff's mean. Such prices are assumed and never
/// billed.
public struct PriceCurve {
  /// Number of quarters of an hour in a day.
  public static let quartersPerDay = 96

  /// The source of a price.
  public enum Basis: Hashable, Sendable {
    /// Given by the tariff, its schedule or a sensor.
    case known
    /// The price of the same local time on an earlier day.
    case yesterday
    /// Unknown on every day of the past week.
    case none
  }

  private let tariff: Tariff
  /// Price for plans if no price is known [currency/kWh].
  private let meanPrice: Double
  private var calendar: LocalCalendar
  private var seen = [Double](repeating: .nan, count: quartersPerDay)
  private var seenExport = [Double](repeating: .nan, count: quartersPerDay)

  /// Creates the prices of a plant. Local time is UTC if the system does not have the plant's time zone.
  public init(plant: Plant) {
    tariff = plant.tariff
    let told =
      tariff.importPeriods.map(\.price) + tariff.schedule.slots.suffix(PriceCurve.quartersPerDay).map(\.importPrice)
    meanPrice = told.isEmpty ? 0 : told.reduce(0, +) / Double(told.count)
    calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
  }

  /// Observed prices of import, followed by those of export, by quarter of the local day; NaN if none was observed.
  public var observed: [Double] {
    get { seen + seenExport }
    set {
      guard newValue.count == 2 * PriceCurve.quartersPerDay else { return }
      seen = Array(newValue[..<PriceCurve.quartersPerDay])
      seenExport = Array(newValue[PriceCurve.quartersPerDay...])
    }
  }

  /// Returns the local time of the plant.
  public mutating func local(at timestamp: Timestamp) -> CivilTime { calendar.civil(at: timestamp) }

  /// Records a live import price [currency/kWh].
  public mutating func observe(_ price: Double, at timestamp: Timestamp) {
    if price.isFinite { seen[local(at: timestamp).secondOfDay / 900] = price }
  }

  /// Records a live payment for export [currency/kWh].
  public mutating func observe(export price: Double, at timestamp: Timestamp) {
    if price.isFinite { seenExport[local(at: timestamp).secondOfDay / 900] = price }
  }

  /// Whether any price is known. Otherwise none is assumed, and plans depend on energy alone.
  public var hasPrices: Bool { tariff.isKnown || seen.contains(where: \.isFinite) }

  /// Returns the known import price at a time [currency/kWh]; `nil` if unknown.
  public mutating func knownPrice(at timestamp: Timestamp) -> Double? {
    if let scheduled = tariff.schedule.importPrice(at: timestamp) { return scheduled }
    let local = local(at: timestamp)
    let live = seen[local.secondOfDay / 900]
    return live.isFinite ? live : tariff.importPrice(at: timestamp, local: local)
  }

  /// Returns the known payment for export at a time [currency/kWh]; `nil` if unknown.
  public mutating func knownExportPrice(at timestamp: Timestamp) -> Double? {
    if let scheduled = tariff.schedule.exportPrice(at: timestamp) { return scheduled }
    let local = local(at: timestamp)
    let live = seenExport[local.secondOfDay / 900]
    return live.isFinite ? live : tariff.exportPrice(at: timestamp, local: local)
  }

  /// Returns the import price for plans [currency/kWh] and its source.
  public mutating func expected(at timestamp: Timestamp) -> (price: Double, basis: Basis) {
    if let known = knownPrice(at: timestamp) { return (known, .known) }
    if let earlier = earlier(timestamp, price: { tariff, time, local in tariff.importPrice(at: time, local: local) }) {
      return (earlier, .yesterday)
    }
    return (meanPrice, .none)
  }

  /// Returns the import price for plans [currency/kWh].
  public mutating func price(at timestamp: Timestamp) -> Double { expected(at: timestamp).price }

  /// Returns the payment for export for plans [currency/kWh].
  public mutating func exportPrice(at timestamp: Timestamp) -> Double {
    knownExportPrice(at: timestamp)
      ?? earlier(timestamp) { tariff, time, local in tariff.exportPrice(at: time, local: local) } ?? tariff.exportPrice
  }

  /// Returns the tariff's price at the same local time on the latest of the past seven days that has one.
  private mutating func earlier(
    _ timestamp: Timestamp, price: (Tariff, Timestamp, CivilTime) -> Double?
  ) -> Double? {
    // Without periods, and with a schedule that ended long ago, the search finds nothing.
    let isOver = timestamp - .days(8) >= tariff.schedule.end
    if isOver, tariff.importPeriods.isEmpty, tariff.exportPeriods.isEmpty { return nil }
    let offset = calendar.utcOffset(at: timestamp)
    for day in 1...7 {
      let time = timestamp - .days(Int64(day))
      let same = time + .seconds(offset - calendar.utcOffset(at: time))
      if let found = price(tariff, same, local(at: same)) { return found }
    }
    return nil
  }

  /// The prices of a local day relative to one of its quarters.
  public struct Outlook: Hashable, Sendable {
    /// Current price [currency/kWh].
    public var now: Double
    /// Lowest price of the day [currency/kWh].
    public var lowest: Double
    /// Highest price after this quarter until midnight, or the current one in the last quarter [currency/kWh].
    public var highestLater: Double
    /// Time until midnight with prices above the current one [h].
    public var higherHours: Double
    /// Mean price of the day [currency/kWh].
    public var mean: Double
    /// Whether a price until midnight is unknown and was taken from an earlier day.
    public var isAssumed = false
  }

  /// Returns the outlook of the local day at a time, if the price of its quarter of an hour is `now` [currency/kWh].
  public mutating func outlook(at timestamp: Timestamp, now: Double) -> Outlook {
    let quarter = local(at: timestamp).secondOfDay / 900
    let midnight = calendar.startOfDay(containing: timestamp)
    var isAssumed = false
    let prices = (0..<PriceCurve.quartersPerDay).map { other in
      if other == quarter { return now }
      let (price, basis) = expected(at: midnight + .minutes(Int64(15 * other)))
      if other > quarter, basis != .known { isAssumed = true }
      // A completely unknown price is no reason to wait or to hurry.
      return basis == .none ? now : price
    }
    var outlook = Outlook(prices[...], at: quarter)
    outlook.isAssumed = isAssumed && hasPrices
    return outlook
  }
}

extension PriceCurve.Outlook {
  /// Computes the outlook from the prices of a day's quarters [currency/kWh]; `quarter` is an index of the slice.
  package init(_ day: ArraySlice<Double>, at quarter: Int) {
    let now = day[quarter]
    self.init(now: now, lowest: now, highestLater: now, higherHours: 0, mean: 0)
    // Prices closer than a thousandth of a cent count as equal.
    let tolerance = 1e-5
    for (other, price) in zip(day.indices, day) {
      mean += price / Double(day.count)
      lowest = min(lowest, price)
      guard other > quarter else { continue }
      highestLater = max(highestLater, price)
      if price > now + tolerance { higherHours += 0.25 }
    }
  }
}
