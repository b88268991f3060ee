import Foundation
import Glibc
import PlantPhysics
import Testing
import WattlineTime

@testable import Savings

/// Readings of a made office by the hour, in a zone with summer time.
private struct HourlyOffice {
  /// Factor of the use between eight and eighteen on working days.
  var workFactor = 1.0
  /// Deviation of single hours [kWh].
  var noise = 0.8
  /// Share of hours in which use is tenfold.
  var spikes = 0.0

  static var calendar: LocalCalendar { LocalCalendar(identifier: "Europe/Berlin") ?? .utc }

  func readings(year: Int, seed: UInt64) -> (days: [MeterDay], hours: [MeterHour]) {
    var random = SplitMix64(seed: seed)
    var calendar = HourlyOffice.calendar
    let start = calendar.timestamp(of: CivilTime(year: year, month: 1, day: 1))
    let end = calendar.timestamp(of: CivilTime(year: year + 1, month: 1, day: 1))
    let times = (0..<Int((end - start).inHours)).map { start + .hours(Int64($0)) }
    var (values, temperatures): ([Double], [Double]) = ([], [])
    for time in times {
      let local = calendar.civil(at: time)
      let date = CivilTime.daysSinceEpoch(year: local.year, month: local.month, day: local.day)
      let season = 2 * Double.pi * Double(date - CivilTime.daysSinceEpoch(year: year, month: 1, day: 1)) / 365
      let air = 11 - 9 * cos(season) + 4 * sin(2 * Double.pi * Double(local.hour - 9) / 24)
      let isWork = MeterDay.weekday(date) < 5 && (8..<18).contains(local.hour)
      let use = 5 + (isWork ? 20 * workFactor : 0) + 0.8 * max(0, air - 15)
      let jump = Double.random(in: 0..<1, using: &random) < spikes ? 10.0 : 1
      values.append(jump * use + noise * Double.random(in: -2..<2, using: &random))
      temperatures.append(air)
    }
    let readings = MeterReadings(times: times, values: values)
    let weather = WeatherRecord(times: times, temperatures: temperatures)
    let clock = DayClock(HourlyOffice.calendar)
    return (readings.days(clock, weather: weather), readings.hours(clock, weather: weather))
  }

  func verifier(seed: UInt64) throws -> SavingsVerifier {
    let (days, hours) = readings(year: 2021, seed: seed)
    return try SavingsVerifier(baseline: days, years: 2020...2024, countries: [], hours: hours)
  }
}

@Suite("Hourly baselines")
struct HourlyModelTests {
  @Test
  func `parts of a temperature sum up to its distance from the first edge`() {
    #expect(HourlyModel.segments(15) == [8, 6, 2, 0, 0])
    #expect(HourlyModel.segments(40) == [8, 6, 5, 6, 16] && HourlyModel.segments(-11) == [-10, 0, 0, 0, 0])
  }

  @Test
  func `hours of days with 23, 24 and 25 hours sum up to the prediction of the day`() throws {
    let verifier = try HourlyOffice().verifier(seed: 1)
    let (days, hours) = HourlyOffice().readings(year: 2022, seed: 2)
    #expect(hours.count == 8760 && verifier.hourly?.statistics.isAccepted == true)
    var sums: [Int: (energy: Double, hours: Int)] = [:]
    for (hour, value) in zip(hours, verifier.predict(hours, days: days)) {
      sums[hour.date, default: (0, 0)].energy += value
      sums[hour.date, default: (0, 0)].hours += 1
    }
    for (day, value) in zip(days, verifier.model.predict(days)) {
      #expect(abs(try #require(sums[day.date]).energy - value) < 1e-9 * value)
    }
    #expect(Set(sums.values.map(\.hours)) == [23, 24, 25])
    // At noon of a working day use is five times that of the night before.
    let noon = try #require(hours.firstIndex { MeterDay.weekday($0.date) == 2 && $0.hour == 12 })
    let predicted = verifier.predict(hours, days: days)
    #expect(abs(predicted[noon] - 25) < 1.5 && abs(predicted[noon - 9] - 5) < 1.5)
  }

  @Test
  func `a saving of the peak is found, and an unchanged building has none`() throws {
    let verifier = try HourlyOffice().verifier(seed: 3)
    func demand(_ office: HourlyOffice, seed: UInt64) -> [DemandSaving] {
      let (days, hours) = office.readings(year: 2022, seed: seed)
      return verifier.demand(hours, days: days, confidence: 0.9)
    }
    let same = demand(HourlyOffice(), seed: 4)
    #expect(same.count == 12 && same.map(\.month).first == "2022-01")
    #expect(same.count { $0.interval.contains($0.actual) } >= 9)
    // Half of 20 kW.
    let halved = demand(HourlyOffice(workFactor: 0.5), seed: 5)
    #expect(halved.allSatisfy { abs($0.saving - 10) < 1.5 })
  }

  @Test
  func `hours that the model does not follow have no saving of the peak`() throws {
    let verifier = try HourlyOffice(spikes: 0.05).verifier(seed: 6)
    #expect(verifier.hourly?.statistics.isAccepted == false)
    let (days, hours) = HourlyOffice(spikes: 0.05).readings(year: 2022, seed: 7)
    #expect(verifier.demand(hours, days: days, confidence: 0.9).isEmpty)
  }

  @Test
  func `quarters are hours, and an hour with a missing quarter is none`() {
    let start = Timestamp(seconds: 1_640_995_200)
    let times = (0..<96).map { start + .minutes(Int64(15 * $0)) }
    let values = times.indices.map { $0 == 5 ? .nan : 0.25 }
    let readings = MeterReadings(times: times, values: values)
    let weather = WeatherRecord(times: times, temperatures: times.map { _ in 7 })
    let hours = readings.hours(DayClock(.utc), weather: weather)
    #expect(hours.count == 24 && hours[0].use == 1 && hours[1].use.isNaN && hours[2].use == 1)
    #expect(hours.map(\.hour) == Array(0..<24) && hours.allSatisfy { $0.temperature == 7 })
    let daily = MeterReadings(times: [start, start + .days(1)], values: [24, 24])
    #expect(daily.hours(DayClock(.utc), weather: weather).isEmpty)
  }

  @Test
  func `a baseline with hours is the same after it was written and read`() throws {
    let verifier = try HourlyOffice().verifier(seed: 8)
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let text = try encoder.encode(verifier)
    // Models that were frozen before there were hours and variables have no such keys.
    #expect(!String(decoding: text, as: UTF8.self).contains("variables"))
    let read = try decoder.decode(SavingsVerifier.self, from: text)
    let (days, hours) = HourlyOffice().readings(year: 2022, seed: 9)
    #expect(read.predict(hours, days: days) == verifier.predict(hours, days: days))
  }
}
