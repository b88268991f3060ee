import PlantModel
import Testing
import WattlineTime

@Suite("Time and units")
struct TimeAndUnitTests {
  @Test func `civil time and moments are each other's inverse, leap days and years before the epoch included`() {
    #expect(CivilTime(utc: Timestamp(seconds: 1_700_000_000)).iso8601 == "2023-11-14T22:13:20Z")
    for day in stride(from: -200_000, through: 100_000, by: 97) {
      let date = CivilTime.date(daysSinceEpoch: day)
      #expect(CivilTime.daysSinceEpoch(year: date.year, month: date.month, day: date.day) == day)
    }
    #expect(CivilTime(year: 2024, month: 2, day: 29).dayOfYear == 60)
    #expect(!CivilTime(year: 2023, month: 2, day: 29).isValid)
  }

  @Test func `a local day has 23 hours in spring and 25 in autumn, and skipped and doubled times are read`() throws {
    var berlin = try #require(LocalCalendar(identifier: "Europe/Berlin"))
    func length(_ month: Int, day: Int) -> Double {
      let start = berlin.timestamp(of: CivilTime(year: 2024, month: month, day: day))
      let next = berlin.timestamp(of: CivilTime(year: 2024, month: month, day: day + 1))
      return (next - start).inHours
    }
    #expect(length(3, day: 31 - 1) == 24)
    #expect(length(10, day: 27) == 25)
    let skipped = berlin.timestamp(of: CivilTime(year: 2024, month: 3, day: 31, hour: 2, minute: 30))
    #expect(skipped.description == "2024-03-31T01:30:00Z")
    let twice = berlin.timestamp(of: CivilTime(year: 2024, month: 10, day: 27, hour: 2, minute: 30))
    #expect(twice.description == "2024-10-27T00:30:00Z")
  }

  @Test func `arithmetic with times saturates instead of trapping`() {
    let last = Timestamp(nanoseconds: .max)
    #expect(last + .second == last)
    #expect(Timestamp.distantPast - .day == .distantPast)
    #expect(Timestamp.distantPast - last == TimeSpan(nanoseconds: .min))
    #expect(Timestamp(seconds: .max) == last)
  }

  @Test(arguments: [
    ("W", 1500, 1.5), ("degF", 72.5, 22.5), ("therm", 1, 29.3071), ("m3_gas", 1, 10.55), ("fraction", 0.5, 50),
    ("mW", 1500, 0.0015),
  ])
  func `units are converted to the canonical unit of their quantity`(name: String, value: Double, canonical: Double)
    throws
  {
    let unit = try #require(Unit.named(name))
    #expect(abs(unit.canonical(value) - canonical) < 1e-9)
  }

  @Test func `milliwatts are not taken for megawatts`() {
    #expect(Unit.named("mw") == nil)
    #expect(Unit.named("mW")?.canonical(2e6) == 2 && Unit.named("MW")?.canonical(2) == 2000)
  }

  @Test(arguments: [
    ("power_mW", "mW"), ("power_MW", "MW"), ("POWER_KW", "kW"), ("temperature_c", "°C"),
  ])
  func `a unit at the end of a sensor's name is the one that is written`(name: String, symbol: String) {
    #expect(SensorCatalogue.profile(sensor: name, of: Asset(name: "a", kind: .load)).unit?.symbol == symbol)
  }

  @Test(arguments: [
    ("power_mw", "mW", "MW"), ("energy_mwh", "mWh", "MWh"), ("s_mva", "mVA", "MVA"), ("q_mvar", "mvar", "Mvar"),
    ("power_mw_forecast", "mW", "MW"),
  ])
  func `an end that may be two units is none, and both are told`(name: String, milli: String, mega: String) throws {
    let asset = Asset(name: "a", kind: .load)
    let units = try #require(SensorCatalogue.ambiguousUnits(ofSensor: name))
    #expect(units.0 == milli && units.1 == mega)
    #expect(SensorCatalogue.profile(sensor: name, of: asset).unit == nil)
    for clear in ["power_mW", "power_MW", "power_kw", "mw", "current_ma", "voltage_mv"] {
      #expect(SensorCatalogue.ambiguousUnits(ofSensor: clear) == nil)
    }
  }

  @Test func `the worst quality of a set of flags decides`() {
    #expect(QualityFlags([.init(.late), .init(.outOfRange), .init(.duplicate)]).worst == .outOfRange)
    #expect(QualityFlags([.init(.future), .init(.rate)]).worst == .rate)
    #expect(QualityFlags([]).worst == .good)
  }
}
