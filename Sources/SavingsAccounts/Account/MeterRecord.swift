public import InfluxSink
public import PlantModel
import PointSchema
public import Savings
public import WattlineTime

/// Readings of a plan's meter from the database, with weather, prices and emissions.
public struct MeterRecord {
  /// Days that one query asks for.
  private static let daysPerQuery: Int64 = 60

  /// Readings of the meter.
  public private(set) var readings = MeterReadings(times: [], values: [])
  /// Temperature and irradiance of the hours.
  public private(set) var weather = WeatherRecord(times: [], temperatures: [])
  /// Use and weather by local day.
  public private(set) var days: [MeterDay] = []
  /// Use and weather by hour.
  public private(set) var hours: [MeterHour] = []
  /// Price of a kWh by the start of the quarter or hour of its use [currency/kWh].
  public private(set) var spanPrices: [Timestamp: Double] = [:]
  /// Mean price of a day's kWh by date, weighted by the use of its hours [currency/kWh].
  public private(set) var prices: [Int: Double] = [:]
  /// Mean emissions of a day's kWh by date, weighted by the use of its hours [kg/kWh].
  public private(set) var emissions: [Int: Double] = [:]

  /// Times in order with a value each.
  private typealias Series = (times: [Timestamp], values: [Double])

  /// Creates a record of known days, without readings.
  ///
  /// - Parameters:
  ///   - days: Use and weather by local day.
  ///   - prices: Mean price of a day's kWh by date [currency/kWh].
  ///   - emissions: Mean emissions of a day's kWh by date [kg/kWh].
  init(days: [MeterDay], prices: [Int: Double], emissions: [Int: Double]) {
    (self.days, self.prices, self.emissions) = (days, prices, emissions)
  }

  /// Reads a span of local days.
  ///
  /// - Parameters:
  ///   - dates: First and last date.
  ///   - plan: The meter and its sensors.
  ///   - plant: Its plant.
  ///   - reader: Connection to the database.
  /// - Throws: `ReadError` if the database does not answer.
  public init(
    _ dates: ClosedRange<Int>, of plan: SavingsPlan, plant: Plant, from reader: DatabaseReader
  ) throws(ReadError) {
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    func start(_ date: Int) -> Timestamp {
      let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
      return calendar.timestamp(of: CivilTime(year: year, month: month, day: day))
    }
    let query = Query(plant: plant.name, from: start(dates.lowerBound), to: start(dates.upperBound + 1), reader: reader)
    let use = try query.use(plan)
    let air = try query.hours(.mean, asset: plan.temperature.asset, sensor: plan.temperature.sensor)
    let sun = try query.hours(.mean, asset: plan.temperature.asset, sensor: "irradiance")
    readings = MeterReadings(times: use.times, values: use.values)
    weather = WeatherRecord(
      times: air.times, temperatures: air.values, irradiances: Self.aligned(sun, to: air.times))
    var variables: [HourlySeries] = []
    for name in plan.variables {
      let hours = try query.hours(.mean, asset: name.asset, sensor: name.sensor)
      variables.append(HourlySeries(times: hours.times, rows: hours.values))
    }
    let clock = DayClock(calendar)
    days = readings.days(clock, weather: weather, variables: variables).filter { dates.contains($0.date) }
    hours = readings.hours(clock, weather: weather).filter { dates.contains($0.date) }
    let isElectric = plan.fuel == .electricity
    var (livePrice, liveCarbon): (Series, Series) = (([], []), ([], []))
    if isElectric, let grid = plant.assets.first(where: { $0.kind.role == .gridExchange })?.name {
      livePrice = try query.hours(.mean, asset: grid, sensor: "price")
      liveCarbon = try query.hours(.mean, asset: grid, sensor: "carbon")
    }
    spanPrices = values(use, plan: plan.price, live: livePrice, calendar: &calendar) { timestamp, local in
      isElectric ? plant.tariff.importPrice(at: timestamp, local: local) : nil
    }
    prices = means(use, of: spanPrices, calendar: &calendar)
    let spanEmissions = values(use, plan: plan.carbonIntensity, live: liveCarbon, calendar: &calendar) { _, _ in
      isElectric ? plant.tariff.carbonIntensity : nil
    }
    emissions = means(use, of: spanEmissions, calendar: &calendar)
  }

  /// Returns the values of a series at other times, NaN where it has none.
  private static func aligned(_ series: Series, to times: [Timestamp]) -> [Double] {
    let values = Dictionary(zip(series.times, series.values)) { _, last in last }
    return series.times.isEmpty ? [] : times.map { values[$0] ?? .nan }
  }

  /// Returns a value of each span of use, by its start.
  ///
  /// - Parameters:
  ///   - use: Use of each span.
  ///   - plan: The value of all times, if the plan gives it.
  ///   - live: Hours of a sensor, which take precedence over the tariff.
  ///   - calendar: Clock of the plant.
  ///   - tariff: Returns the value of the tariff.
  private func values(
    _ use: Series, plan: Double?, live: Series, calendar: inout LocalCalendar,
    tariff: (Timestamp, CivilTime) -> Double?
  ) -> [Timestamp: Double] {
    let hours = Dictionary(zip(live.times, live.values)) { _, last in last }
    var result: [Timestamp: Double] = [:]
    for time in use.times {
      result[time] = plan ?? hours[time.floored(to: .hour)] ?? tariff(time, calendar.civil(at: time))
    }
    return result
  }

  /// Returns the mean of a value by date, weighted by the use; a date of which less than nine tenths have one has none.
  private func means(_ use: Series, of values: [Timestamp: Double], calendar: inout LocalCalendar) -> [Int: Double] {
    var sums: [Int: (known: Double, weighted: Double, all: Double)] = [:]
    for (time, amount) in zip(use.times, use.values) where amount.isFinite {
      let local = calendar.civil(at: time)
      let date = CivilTime.daysSinceEpoch(year: local.year, month: local.month, day: local.day)
      // A day without any use has the plain mean.
      let weight = max(amount, 0) + 1e-9
      sums[date, default: (0, 0, 0)].all += weight
      guard let value = values[time] else { continue }
      sums[date, default: (0, 0, 0)].known += weight
      sums[date, default: (0, 0, 0)].weighted += weight * value
    }
    return sums.filter { $0.value.known >= 0.9 * $0.value.all }.mapValues { $0.weighted / $0.known }
  }

  /// Questions about a span of time.
  private struct Query {
    let plant: String
    let from: Timestamp
    let to: Timestamp
    let reader: DatabaseReader

    /// Returns the energy of quarters or hours [kWh].
    func use(_ plan: SavingsPlan) throws(ReadError) -> Series {
      guard let sensor = plan.sensor else {
        let selection = Measurement.energy.selection(of: [.forwardEnergy, .knownShare])
        return try series(selection, asset: plan.asset, sensor: nil) { energy, known in
          known >= 0.5 ? energy / known : .nan
        }
      }
      let selection = Measurement.cleanHourly.selection(of: [.energy, .goodShare])
      return try series(selection, asset: plan.asset, sensor: sensor) { energy, good in good >= 0.5 ? energy : .nan }
    }

    /// Returns a figure of the hours of a sensor.
    func hours(_ field: FieldKey<Double>, asset: String, sensor: String) throws(ReadError) -> Series {
      let selection = Measurement.cleanHourly.selection(of: [field, .goodShare])
      return try series(selection, asset: asset, sensor: sensor) { value, _ in value }
    }

    private func series(
      _ selection: String, asset: String, sensor: String?, value: (Double, Double) -> Double
    ) throws(ReadError) -> Series {
      var series: Series = ([], [])
      let name = DatabaseReader.quoted
      var wanted = "WHERE \(Tag.plant.quoted) = \(name(plant)) AND \(Tag.asset.quoted) = \(name(asset))"
      if let sensor { wanted += " AND \(Tag.sensor.quoted) = \(name(sensor))" }
      var start = from
      while start < to {
        let end = min(to, start + .days(Self.step))
        let times = "AND time >= \(start.milliseconds)ms AND time < \(end.milliseconds)ms"
        let table = try reader.table("SELECT \(selection) \(wanted) \(times)")
        for row in 0..<table.count {
          let cells = [0, 1].map { table.cell(row: row, column: $0) }
          let numbers = cells.map { $0.kind == .number ? Double(table.text(of: $0)) ?? .nan : .nan }
          let time = Timestamp(nanoseconds: table.times[row])
          // A sensor whose unit was changed has two series; of the same hour the later row counts.
          if series.times.last == time {
            series.times.removeLast()
            series.values.removeLast()
          }
          series.times.append(time)
          series.values.append(value(numbers[0], numbers[1]))
        }
        start = end
      }
      return series
    }

    private static var step: Int64 { MeterRecord.daysPerQuery }
  }
}
