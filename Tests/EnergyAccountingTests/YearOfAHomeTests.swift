import Foundation
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@testable import EnergyAccounting

/// The year of a real home, told by four kinds of meter.
@Suite("The bill of a recorded year")
struct YearOfAHomeTests {
  /// A home's hourly means with prices. It lies beside the package, or where `WATTLINE_DATA` says; it is not part of
  /// the package, so that the test is skipped where it is absent.
  private static let recording = PackageFolder.recordings().appendingPathComponent("citylearn/building_01.csv").path

  enum Form: String, CaseIterable {
    case hourlyMeans, counter, everyTenSeconds, onChange
  }

  private struct Hour {
    var start: Timestamp
    var power: Double
    var price: Double
  }

  private static func hours() throws -> [Hour] {
    try String(contentsOfFile: recording, encoding: .utf8).split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard let start = ISO8601.timestamp(fields[0]), let power = Double(fields[1]),
        let price = Double(fields[3])
      else { return nil }
      return Hour(start: start, power: power, price: price)
    }
  }

  @Test(
    .enabled(if: FileManager.default.isReadableFile(atPath: recording), "the recording is not here"),
    arguments: Form.allCases)
  func `four kinds of meter give the bill that the file itself has, within a thousandth`(form: Form) throws {
    let hours = try Self.hours()
    try #require(hours.count == 8_760)
    var tariff = Tariff()
    tariff.schedule = PriceSchedule(hours.map { .init(start: $0.start, importPrice: $0.price) })
    let plant = Plant(
      name: "home", location: Location(latitude: 34, longitude: -118, timezone: "UTC"),
      assets: [Asset(name: "grid", kind: .grid)], tariff: tariff)
    var register = PlantRegister(plant: plant)
    let series = register.admit(asset: "grid", sensor: form == .counter ? "energy_import" : "power")
    var rule = MeterRule(register.series[series.position].profile)
    if form == .hourlyMeans { rule.sampling = .intervalStart }
    var meter = Meter()
    meter.holds = form == .onChange
    var account = PlantAccount()
    account.follow(register)
    var calendar = LocalCalendar.utc
    // The last word on a quarter counts.
    var settled: [Timestamp: EnergyQuarter] = [:]
    var count = 1_000.0
    var last = Double.nan
    for hour in hours {
      for (offset, value) in Self.readings(form, power: hour.power, count: &count, last: last) {
        let sample = MeterSample(time: hour.start + .seconds(offset), value: value, standing: .good)
        if let changed = meter.observe(sample, rule: rule) { account.touch(from: changed.lowerBound) }
      }
      last = hour.power
      let horizon = hour.start - .day
      account.settle(
        through: hour.start + .hour, late: .days(1) + .hours(1), in: register, calendar: &calendar,
        source: { _ in (meter, rule) }
      ) {
        quarter, _ in settled[quarter.start] = quarter
      }
      account.touch(from: hour.start)
      if let boundary = meter.boundary(horizon: horizon) {
        meter.settle(until: boundary, horizon: horizon, late: .day, rule: rule) { _ in 0 }
      }
    }
    let wanted = (
      energy: hours.reduce(0) { $0 + $1.power }, cost: hours.reduce(0) { $0 + $1.power * $1.price }
    )
    let energy = settled.values.reduce(0) { $0 + ($1.imported ?? 0) }
    let cost = settled.values.reduce(0) { $0 + ($1.cost ?? 0) }
    #expect(abs(energy / wanted.energy - 1) < 1e-3, "\(energy) of \(wanted.energy) kWh")
    #expect(abs(cost / wanted.cost - 1) < 1e-3, "\(cost) of \(wanted.cost)")
  }

  /// Readings of a meter in an hour, by seconds from its start.
  private static func readings(
    _ form: Form, power: Double, count: inout Double, last: Double
  ) -> [(Int64, Double)] {
    switch form {
    case .hourlyMeans: return [(Int64(0), power)]
    case .onChange: return power == last ? [] : [(Int64(0), power)]
    case .everyTenSeconds: return (0..<360).map { (Int64(10 * $0), power) }
    case .counter:
      defer { count += power }
      return [(Int64(0), count)]
    }
  }
}
