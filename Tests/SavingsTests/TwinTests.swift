import Glibc
import PlantModel
import PlantPhysics
import Testing
import WattlineTime

@testable import Savings

/// A made year of weather at 45° north, and the meters of a made office in it.
struct MadeOffice {
  static let start = CivilTime(year: 2023, month: 1, day: 1).utc
  static let place = (latitude: 45.0, longitude: 0.0)

  /// Quantities that the made office has, other than those that its owner believes.
  static let truth: [BuildingQuantity: Double] = [.lighting: 9.5, .plugs: 8, .infiltration: 0.45, .coolingCOP: 2.7]

  /// What the owner believes; other quantities are known.
  static var believed: BuildingDescription {
    var building = BuildingDescription(area: 500)
    for quantity in BuildingQuantity.allCases where quantity != .groundTemperature {
      building.given[quantity] = .init(building.estimate(quantity).value, deviation: 0)
    }
    building.given[.groundTemperature] = .init(12, deviation: 0)
    building.given[.windowSouth] = .init(25, deviation: 0)
    building.given[.lighting] = .init(10.8, deviation: 1.1)
    building.given[.plugs] = .init(10.8, deviation: 2.2)
    building.given[.infiltration] = .init(0.3, deviation: 0.12)
    building.given[.coolingCOP] = .init(3.2, deviation: 0.6)
    return building
  }

  let times: [Timestamp]
  let record: WeatherRecord
  let period: TwinPeriod
  let use: BuildingUse

  /// Makes a year.
  ///
  /// - Parameters:
  ///   - days: Number of days.
  ///   - changes: Changes of the true building.
  init(days: Int = 365, changes: [BuildingQuantity: Double] = [:]) throws {
    var random = SeededGenerator(seed: 11)
    times = (0..<(24 * days)).map { Self.start + .seconds(3600 * Int64($0)) }
    var (anomaly, clearness) = (0.0, 0.5)
    var (temperatures, irradiances): ([Double], [Double]) = ([], [])
    for (place, time) in times.enumerated() {
      if place % 24 == 0 {
        anomaly = 0.7 * anomaly + 2.5 * random.normal()
        clearness = min(0.75, max(0.1, 0.5 + 0.2 * random.normal()))
      }
      let year = 2 * Double.pi * (Double(place) / 24 - 201) / 365
      temperatures.append(11 + 10 * cos(year) + anomaly + 5 * cos(2 * Double.pi * Double(place % 24 - 15) / 24))
      let sun = SolarPosition(
        at: time + .seconds(1800), latitude: Self.place.latitude, longitude: Self.place.longitude)
      irradiances.append(clearness * sun.extraterrestrialIrradiance * sun.cosineOfZenith)
    }
    record = WeatherRecord(times: times, temperatures: temperatures, irradiances: irradiances)
    let first = CivilTime.daysSinceEpoch(year: 2023, month: 1, day: 1)
    period = try TwinPeriod(
      dates: first...(first + days - 1), record: record, clock: DayClock(shift: 0), holidays: [], place: Self.place)
    let values = Self.believed.values.merging(Self.truth) { $1 }.merging(changes) { $1 }
    use = BuildingModel(values: values, schedule: .office, heatingFuel: .gas)
      .use(in: period.weather, calendar: period.calendar)
  }

  /// Readings with noise: days differ by 6 %, hours by 4 %.
  func readings(_ hourly: [Double], seed: UInt64) -> MeterReadings {
    var random = SeededGenerator(seed: seed)
    var level = 0.0
    let values = hourly.enumerated().map { place, use in
      if place % 24 == 0 { level = 0.5 * level + 0.05 * random.normal() }
      return use * (1 + level + 0.04 * random.normal())
    }
    return MeterReadings(times: times, values: values)
  }

  /// Bills of months, with the first day of each and a last row that closes them.
  func bills(_ hourly: [Double]) -> MeterReadings {
    let starts =
      (1...12).map { CivilTime(year: 2023, month: $0, day: 1).utc } + [CivilTime(year: 2024, month: 1, day: 1).utc]
    var sums = [Double](repeating: 0, count: 13)
    for (place, value) in hourly.enumerated() { sums[period.months[place] % 12] += value }
    sums[12] = .nan
    return MeterReadings(times: starts, values: sums)
  }
}

@Suite("Twin of a building")
struct TwinTests {
  private static let office = Result { try MadeOffice() }

  private static func expectHalfTheLamps(_ calibration: TwinCalibration, _ office: MadeOffice, within share: Double)
    throws
  {
    let after = try MadeOffice(changes: [.lighting: 0.5 * (MadeOffice.truth[.lighting] ?? 0)])
    func saved(_ old: [Double], _ new: [Double]) -> Double { old.reduce(0, +) - new.reduce(0, +) }
    let truth = (
      electricity: saved(office.use.electricity, after.use.electricity), fuel: saved(office.use.fuel, after.use.fuel)
    )
    let prediction = TwinPrediction(
      calibration, changes: TwinChanges([(.lighting, .factor(0.5))]), period: office.period)
    #expect(abs(prediction.electricity.saved / truth.electricity - 1) < share)
    #expect(abs(prediction.fuel.saved / truth.fuel - 1) < share)
    #expect(prediction.months.count == 12)
    let sum = prediction.months.reduce(0) { $0 + $1.electricity.saved }
    #expect(abs(sum - prediction.electricity.saved) < 1e-6)
    #expect(prediction.electricity.bounds.contains(prediction.electricity.saved))
  }

  @Test func `hours of a year tell the quantities apart, and what half the lamps will save`() throws {
    let office = try Self.office.get()
    let calibration = try TwinCalibration(
      MadeOffice.believed, period: office.period,
      electricity: TwinMeter(office.readings(office.use.electricity, seed: 3), in: office.period),
      fuel: TwinMeter(office.readings(office.use.fuel, seed: 4), in: office.period))
    #expect(calibration.parameters.quantities == [.infiltration, .lighting, .plugs, .coolingCOP])
    for (place, quantity) in calibration.parameters.quantities.enumerated() {
      let (found, deviation) = (calibration.coordinates[place], calibration.deviations[place])
      let truth = try #require(MadeOffice.truth[quantity])
      let low = calibration.parameters.value(place, at: found - 2.5 * deviation)
      let high = calibration.parameters.value(place, at: found + 2.5 * deviation)
      #expect(low < truth && truth < high, "\(quantity) \(low) \(high)")
    }
    #expect(calibration.fits.allSatisfy { $0.isAccepted })
    #expect(calibration.deviations.allSatisfy { $0 > 0 && $0 < 0.6 })
    try Self.expectHalfTheLamps(calibration, office, within: 0.08)
  }

  @Test func `bills of months carry the saving within its interval's reach`() throws {
    let office = try Self.office.get()
    let calibration = try TwinCalibration(
      MadeOffice.believed, period: office.period,
      electricity: TwinMeter(office.bills(office.use.electricity), in: office.period),
      fuel: TwinMeter(office.bills(office.use.fuel), in: office.period))
    #expect(calibration.fits.allSatisfy { $0.isAccepted && $0.resolution == .billing })
    try Self.expectHalfTheLamps(calibration, office, within: 0.15)
  }

  @Test func `the same data give the same calibration`() throws {
    let office = try Self.office.get()
    func calibrated() throws -> [Double] {
      var building = MadeOffice.believed
      building.given[.infiltration]?.deviation = 0
      building.given[.coolingCOP]?.deviation = 0
      return try TwinCalibration(
        building, period: office.period,
        electricity: TwinMeter(office.bills(office.use.electricity), in: office.period)
      ).coordinates
    }
    let (first, second) = (try calibrated(), try calibrated())
    #expect(first == second)
  }

  @Test func `half a year, and a meter that counts nothing, are refused`() throws {
    let short = try MadeOffice(days: 200)
    #expect(throws: SavingsRefusal("the meter of electricity covers 200 days with weather; a twin needs 330 of a year"))
    {
      try TwinCalibration(
        MadeOffice.believed, period: short.period,
        electricity: TwinMeter(short.readings(short.use.electricity, seed: 1), in: short.period))
    }
    let office = try Self.office.get()
    #expect(throws: SavingsRefusal("the meter of gas counts nothing in the baseline; leave it out")) {
      try TwinCalibration(
        MadeOffice.believed, period: office.period,
        electricity: TwinMeter(office.bills(office.use.electricity), in: office.period),
        fuel: TwinMeter(office.bills(office.use.fuel.map { _ in 0 }), in: office.period))
    }
  }

  @Test func `a building that the meter contradicts is not accepted`() throws {
    let office = try Self.office.get()
    var building = MadeOffice.believed
    for quantity in BuildingQuantity.allCases { building.given[quantity]?.deviation = 0 }
    let electricity = TwinMeter(office.bills(office.use.electricity.map { 2 * $0 }), in: office.period)
    let calibration = try TwinCalibration(building, period: office.period, electricity: electricity)
    #expect(calibration.fits.allSatisfy { !$0.isAccepted && $0.months.bias > 0.3 })
  }

  @Test func `fans sized anew follow the greatest cooling and the set-point`() throws {
    let office = try Self.office.get()
    var values = MadeOffice.believed.values
    let before = BuildingModel(values: values, schedule: .office, heatingFuel: .gas)
    values[.coolingSetpoint] = 26
    let after = BuildingModel(values: values, schedule: .office, heatingFuel: .gas)
    let factor = before.fanFactor(for: after, in: office.period.weather, calendar: office.period.calendar)
    #expect(factor < 10.0 / 12 && factor > 0.5)
  }

  @Test func `without irradiance it follows from the swing of temperature`() throws {
    let office = try MadeOffice(days: 30)
    let record = WeatherRecord(times: office.times, temperatures: office.period.weather.temperatures)
    let first = CivilTime.daysSinceEpoch(year: 2023, month: 1, day: 1)
    let period = try TwinPeriod(
      dates: first...(first + 29), record: record, clock: DayClock(shift: 0), holidays: [], place: MadeOffice.place)
    #expect(!period.hasMeasuredSun && office.period.hasMeasuredSun)
    #expect(period.weather.roof[0] == 0 && period.weather.roof[12] > 50 && period.weather.roof[12] < 500)
  }
}
