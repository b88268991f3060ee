import PlantModel

/// What a plant's energy costs and earns: at any moment ahead, and over the local day for the rule.
///
/// A live price series overrides the tariff's periods: the price of a quarter of an hour is the one last seen at that
/// time of day, so that the rest of today is expected to be as yesterday. Prices by date, where the tariff has them, are
/// known better than that.
public struct PriceCurve {
  /// Quarters of an hour in a day.
  public static let quartersPerDay = 96

  private let tariff: Tariff
  private var calendar: LocalCalendar
  private var seen = [Double](repeating: .nan, count: quartersPerDay)
  private var seenExport = [Double](repeating: .nan, count: quartersPerDay)

  /// The prices of a plant. Local time is UTC if its time zone is not known to the system.
  public init(plant: Plant) {
    tariff = plant.tariff
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

  /// Import price expected at a moment [currency/kWh].
  public mutating func price(at moment: Timestamp) -> Double {
    if let scheduled = tariff.schedule.importPrice(at: moment) { return scheduled }
    let local = local(at: moment)
    let live = seen[local.secondOfDay / 900]
    return live.isFinite ? live : tariff.importPrice(at: moment, local: local)
  }

  /// Payment expected for export at a moment [currency/kWh].
  public mutating func exportPrice(at moment: Timestamp) -> Double {
    if let scheduled = tariff.schedule.exportPrice(at: moment) { return scheduled }
    let local = local(at: moment)
    let live = seenExport[local.secondOfDay / 900]
    return live.isFinite ? live : tariff.exportPrice(at: moment, local: local)
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
  }

  /// What lies ahead in the local day of a moment, if energy costs `now` in its quarter of an hour.
  public mutating func outlook(at moment: Timestamp, now: Double) -> Outlook {
    let quarter = local(at: moment).secondOfDay / 900
    let midnight = calendar.startOfDay(containing: moment)
    let prices = (0..<PriceCurve.quartersPerDay).map { other in
      other == quarter ? now : price(at: midnight + .minutes(Int64(15 * other)))
    }
    return Outlook(prices[...], at: quarter)
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
