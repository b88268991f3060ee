import PlantModel

/// What a plant's energy costs and earns: at any moment ahead, and over the local day for the rule.
///
/// A live price series overrides the tariff's periods: the price of a quarter of an hour is the one last seen at that
/// time of day, so that the rest of today is expected to be as yesterday. Prices by date, where the tariff has them, are
/// known better than that.
///
/// Where none of these tells a price, plans take that of the same local time of yesterday, or of the latest of seven days
/// that has one, else the mean of what the tariff tells; such a price is assumed and never billed.
public struct PriceCurve {
  /// Quarters of an hour in a day.
  public static let quartersPerDay = 96

  /// How a price came to be.
  public enum Basis: Hashable, Sendable {
    /// Told by the tariff, its list or a sensor.
    case known
    /// That of the same local time on an earlier day.
    case yesterday
    /// Not known on any day of the past week.
    case none
  }

  private let tariff: Tariff
  /// What plans take where nothing at all is known [currency/kWh].
  private let meanPrice: Double
  private var calendar: LocalCalendar
  private var seen = [Double](repeating: .nan, count: quartersPerDay)
  private var seenExport = [Double](repeating: .nan, count: quartersPerDay)

  /// The prices of a plant. Local time is UTC if its time zone is not known to the system.
  public init(plant: Plant) {
    tariff = plant.tariff
    let told =
      tariff.importPeriods.map(\.price) + tariff.schedule.slots.suffix(PriceCurve.quartersPerDay).map(\.importPrice)
    meanPrice = told.isEmpty ? 0 : told.reduce(0, +) / Double(told.count)
    calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
  }

  /// Prices of import and then of export that were observed, by quarter of the local day; NaN where none was.
  public var observed: [Double] {
    get { seen + seenExport }
    set {
      guard newValue.count == 2 * PriceCurve.quartersPerDay else { return }
      seen = Array(newValue[..<PriceCurve.quartersPerDay])
      seenExport = Array(newValue[PriceCurve.quartersPerDay...])
    }
  }

  /// What the plant's clock shows.
  public mutating func local(at moment: Timestamp) -> CivilTime { calendar.civil(at: moment) }

  /// Notes a live import price [currency/kWh].
  public mutating func observe(_ price: Double, at moment: Timestamp) {
    if price.isFinite { seen[local(at: moment).secondOfDay / 900] = price }
  }

  /// Notes a live payment for export [currency/kWh].
  public mutating func observe(export price: Double, at moment: Timestamp) {
    if price.isFinite { seenExport[local(at: moment).secondOfDay / 900] = price }
  }

  /// Whether anything has ever told a price; without, nothing is assumed, and plans go by energy alone.
  public var hasPrices: Bool { tariff.isKnown || seen.contains(where: \.isFinite) }

  /// Import price that is told for a moment [currency/kWh]; `nil` where it is not known.
  public mutating func knownPrice(at moment: Timestamp) -> Double? {
    if let scheduled = tariff.schedule.importPrice(at: moment) { return scheduled }
    let local = local(at: moment)
    let live = seen[local.secondOfDay / 900]
    return live.isFinite ? live : tariff.importPrice(at: moment, local: local)
  }

  /// Payment for export that is told for a moment [currency/kWh]; `nil` where it is not known.
  public mutating func knownExportPrice(at moment: Timestamp) -> Double? {
    if let scheduled = tariff.schedule.exportPrice(at: moment) { return scheduled }
    let local = local(at: moment)
    let live = seenExport[local.secondOfDay / 900]
    return live.isFinite ? live : tariff.exportPrice(at: moment, local: local)
  }

  /// Import price to plan with [currency/kWh], and how it came to be.
  public mutating func expected(at moment: Timestamp) -> (price: Double, basis: Basis) {
    if let known = knownPrice(at: moment) { return (known, .known) }
    if let earlier = earlier(moment, { tariff, time, local in tariff.importPrice(at: time, local: local) }) {
      return (earlier, .yesterday)
    }
    return (meanPrice, .none)
  }

  /// Import price to plan with at a moment [currency/kWh].
  public mutating func price(at moment: Timestamp) -> Double { expected(at: moment).price }

  /// Payment for export to plan with at a moment [currency/kWh].
  public mutating func exportPrice(at moment: Timestamp) -> Double {
    knownExportPrice(at: moment)
      ?? earlier(moment) { tariff, time, local in tariff.exportPrice(at: time, local: local) } ?? tariff.exportPrice
  }

  /// What a tariff tells for the same local time of the latest of seven days before.
  private mutating func earlier(
    _ moment: Timestamp, _ price: (Tariff, Timestamp, CivilTime) -> Double?
  ) -> Double? {
    // A list that ended long ago, and no periods, tell nothing; that is worth no search.
    let isOver = moment - .days(8) >= tariff.schedule.end
    if isOver, tariff.importPeriods.isEmpty, tariff.exportPeriods.isEmpty { return nil }
    let offset = calendar.utcOffset(at: moment)
    for day in 1...7 {
      let time = moment - .days(Int64(day))
      let same = time + .seconds(offset - calendar.utcOffset(at: time))
      if let found = price(tariff, same, local(at: same)) { return found }
    }
    return nil
  }

  /// The day as seen from one of its quarters.
  public struct Outlook: Hashable, Sendable {
    /// Price now [currency/kWh].
    public var now: Double
    /// Least price of the day.
    public var lowest: Double
    /// Greatest price after this quarter until midnight; the present one at the day's end.
    public var highestLater: Double
    /// How long prices until midnight are above the present one [h].
    public var higherHours: Double
    /// Mean price of the day.
    public var mean: Double
    /// Whether a price from now until midnight is not known, and was taken from an earlier day.
    public var isAssumed = false
  }

  /// What lies ahead in the local day of a moment, if energy costs `now` in its quarter of an hour.
  public mutating func outlook(at moment: Timestamp, now: Double) -> Outlook {
    let quarter = local(at: moment).secondOfDay / 900
    let midnight = calendar.startOfDay(containing: moment)
    var isAssumed = false
    let prices = (0..<PriceCurve.quartersPerDay).map { other in
      if other == quarter { return now }
      let (price, basis) = expected(at: midnight + .minutes(Int64(15 * other)))
      if other > quarter, basis != .known { isAssumed = true }
      // What is not known at all is no reason to wait or to hurry.
      return basis == .none ? now : price
    }
    var outlook = Outlook(prices[...], at: quarter)
    outlook.isAssumed = isAssumed && hasPrices
    return outlook
  }
}

extension PriceCurve.Outlook {
  /// The prices of a day's quarters as seen from one of them, which is an index of the slice.
  init(_ day: ArraySlice<Double>, at quarter: Int) {
    let now = day[quarter]
    self.init(now: now, lowest: now, highestLater: now, higherHours: 0, mean: 0)
    // Prices that differ by less than a thousandth of a cent are one price.
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
