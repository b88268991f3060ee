import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import EnergyAccounting

@Suite("The usual course of a counter")
struct UsualProfileTests {
  /// 2026-03-02, a Monday, in UTC.
  private let monday = Timestamp(seconds: 1_772_409_600)

  /// 1 kW from 6 to 18 h of workdays, nothing else.
  private func power(_ hours: Int64) -> Double {
    let (day, hour) = (hours / 24 % 7, hours % 24)
    return day < 5 && hour >= 6 && hour < 18 ? 1 : 0
  }

  private func profile(days: Int64) -> UsualProfile {
    var profile = UsualProfile()
    for quarter in 0..<days * 96 {
      profile.learn(
        power(quarter / 4) / 4, quarter: monday + .minutes(15 * quarter), utcOffset: 0, late: .day)
    }
    return profile
  }

  @Test func `with 1 kW by day and 0 at night, 12 to 20 h are 6 kWh, and a week of workdays is 60 kWh`() throws {
    let course = try #require(profile(days: 14).course(before: monday + .days(14)))
    #expect(abs(course.energy(from: monday + .hours(12), to: monday + .hours(20)) - 6) < 1e-9)
    #expect(abs(course.energy(from: monday + .hours(5), to: monday + .days(21) + .hours(5)) - 180) < 1e-9)
    #expect(abs(course.energy(from: monday + .days(5), to: monday + .days(7))) < 1e-9)
  }

  @Test func `nothing is usual within the first days, and a first weekend is taken for like the workdays`() throws {
    #expect(profile(days: 1).course(before: monday + .days(1)) == nil)
    let course = try #require(profile(days: 4).course(before: monday + .days(4)))
    #expect(abs(course.energy(from: monday + .days(5), to: monday + .days(6)) - 12) < 1e-9)
  }

  @Test func `what is learned after an outage began does not change how it is spread`() throws {
    let before = try #require(profile(days: 5).course(before: monday + .days(4)))
    var later = profile(days: 5)
    for quarter in Int64(480)..<520 {
      later.learn(50, quarter: monday + .minutes(15 * quarter), utcOffset: 0, late: .day)
    }
    #expect(later.course(before: monday + .days(4)) == before)
  }

  @Test func `a counter's increase over an outage follows the usual course, and adds up`() throws {
    let rule = MeterRule(sampling: .counter)
    var meter = Meter()
    var level = 100.0
    func read(_ range: Range<Int64>) {
      for quarter in range {
        if quarter > 0 { level += power((quarter - 1) / 4) / 4 }
        _ = meter.observe(MeterSample(time: monday + .minutes(15 * quarter), value: level, standing: .good), rule: rule)
      }
    }
    read(0..<96 * 9)
    let clock = monday + .days(9)
    if let boundary = meter.boundary(horizon: clock - .day) {
      meter.settle(until: boundary, horizon: clock - .day, late: .day, rule: rule) { _ in 0 }
    }
    // The second Wednesday's afternoon, the whole Thursday, and Friday until noon are missing: 18 + 12 kWh hidden.
    let start = monday + .days(9) - .minutes(15)
    level += 30
    let end = monday + .days(11) + .hours(12)
    _ = meter.observe(MeterSample(time: end, value: level, standing: .good), rule: rule)
    let night = meter.energy(from: monday + .days(9), to: monday + .days(9) + .hours(6), rule: rule)
    let day = meter.energy(from: monday + .days(9) + .hours(6), to: monday + .days(9) + .hours(18), rule: rule)
    let all = meter.energy(from: start, to: end, rule: rule)
    #expect(abs(night.net) < 1e-9 && abs(night.estimated - 6) < 1e-9)
    #expect(abs(day.net - 12) < 1e-9)
    #expect(abs(all.net - 30) < 1e-9 && abs(all.estimated - all.known) < 1e-9)

    var writer = SnapshotWriter()
    meter.write(into: &writer)
    var reader = SnapshotReader(writer.bytes)
    #expect(try Meter(from: &reader) == meter)
  }
}
