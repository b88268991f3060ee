import Glibc
import PlantModel
import PlantPhysics
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import Forecasting

@Suite("Weather and calendar in live forecasts")
struct WeatherTests {
  private static let berlin = Location(latitude: 52.5, longitude: 13.4, timezone: "Europe/Berlin")

  @Test func `a clear sky gives nothing at night and most about noon`() {
    let sky = ClearSky(
      location: WeatherTests.berlin, plane: TiltedPlane(tiltDegrees: 30, azimuthDegrees: 180))
    let day = CivilTime(year: 2024, month: 6, day: 21).utc
    let hours = (0..<24).map { sky.irradiance(at: day + .hours($0)) }
    #expect(hours[0] == 0 && hours[23] == 0)
    #expect((800...1100).contains(hours[11]))
    #expect(hours.max() == hours[11])
  }

  @Test func `the day of the clock's change has its hours where the clock shows them, and holidays are local days`() {
    let zone = PlantZone(
      PlantZone.Key(identifier: "Europe/Berlin", country: "DE", holidays: [19_823]),
      around: CivilTime(year: 2024, month: 3, day: 1).utc)
    // 2024-03-31: 02:00 becomes 03:00 at 01:00 UTC.
    let change = zone.grid.slot(containing: CivilTime(year: 2024, month: 3, day: 31, hour: 1).utc)
    #expect(zone.calendar.entry(change - 1).hour == 1.75)
    #expect(zone.calendar.entry(change).hour == 3)
    // Good Friday from 23:00 UTC of the day before to 23:00 UTC.
    let start = zone.grid.slot(containing: CivilTime(year: 2024, month: 3, day: 28, hour: 23).utc)
    #expect(!zone.calendar.isHoliday(start - 1) && zone.calendar.isHoliday(start))
    #expect(zone.calendar.isHoliday(start + 95) && !zone.calendar.isHoliday(start + 96))
    // The plant's own day off, 2024-04-10, starts an hour earlier in UTC: it is summer time.
    let own = zone.grid.slot(containing: CivilTime(year: 2024, month: 4, day: 9, hour: 22).utc)
    #expect(!zone.calendar.isHoliday(own - 1) && zone.calendar.isHoliday(own))
  }

  @Test(arguments: [(2.1, true), (1.9, false)])
  func `losses of the last days that are more than twice those before are a drift`(recent: Double, isThere: Bool) {
    var drift = LossDrift()
    for hour in 0..<(14 * 24) { drift.insert(1, age: 2.1 + Double(hour) / 24) }
    for hour in 0..<48 { drift.insert(recent, age: Double(hour) / 24) }
    #expect(drift.isThere == isThere)
    #expect(!LossDrift().isThere)
  }

  /// A load that follows the temperature of its slot, which changes from day to day as nobody could guess.
  private struct Site {
    var stage: ForecastStage
    var register: PlantRegister
    let load: SeriesIndex
    let air: SeriesIndex
    let feed: SeriesIndex
    var labels: [(slot: Int, model: String, p50: Double)] = []

    init() {
      stage = ForecastStage(learning: [SeasonalNaive.day, SimilarDays(), AdditiveModel()])
      register = PlantRegister(
        plant: Plant(
          name: "p", location: Location(latitude: 48, longitude: 11, timezone: "UTC"),
          assets: [Asset(name: "load", kind: .load), Asset(name: "sky", kind: .weather)]))
      load = register.admit(asset: "load", sensor: "power")
      air = register.admit(asset: "sky", sensor: "temperature")
      feed = register.admit(asset: "sky", sensor: "temperature_forecast")
    }

    /// Takes up a plant's file that names one of expected weather.
    mutating func expect(_ rows: [WeatherForecast.Row]) {
      var plant = register.plant
      plant.weather = WeatherForecast(rows)
      register = PlantRegister(plant: plant)
      for series in [("load", "power"), ("sky", "temperature"), ("sky", "temperature_forecast")] {
        _ = register.admit(asset: series.0, sensor: series.1)
      }
    }

    static func temperature(_ slot: Int) -> Double {
      var random = SplitMix(state: UInt64(slot / 24))
      return random.uniform(0...30)
    }

    mutating func advance(_ slot: Int, hasFeed: Bool, hasLoad: Bool = true) {
      let clock = QuarterHour.start(of: slot + 1)
      var frame = Frame(cause: .readings, received: clock, clock: clock - .minutes(15))
      if hasFeed, slot % 4 == 0 {
        for ahead in stride(from: slot + 1, through: slot + 100, by: 1) {
          frame.readings.append(
            series: feed, time: QuarterHour.start(of: ahead), raw: 0, value: Site.temperature(ahead),
            hasSourceTime: true)
        }
      }
      let warmth = Site.temperature(slot)
      frame.windows = [ForecastDriver.window(air, slot: slot, mean: warmth)]
      if hasLoad {
        frame.windows.append(ForecastDriver.window(load, slot: slot, mean: 20 + 2 * warmth + Double(slot % 96) / 10))
      }
      stage.step(&frame, in: register)
      var mark = Frame(cause: .minute, received: clock, clock: clock)
      stage.step(&mark, in: register)
      for entry in mark.points.entries where entry.key.measurement == .forecastLatest {
        guard case .text(let model)? = mark.points.fields[entry.fields].first(where: { $0.name == "model" })?.value,
          entry.time == QuarterHour.start(of: slot + 60),
          let p50 = mark.points.fields[entry.fields].dropFirst().first?.value.number
        else { continue }
        labels.append((slot + 60, model, p50))
      }
    }
  }

  @Test("a feed makes the forecast; when it falls silent, the point says what is missing and a simpler model stands")
  func aFeedMakesTheForecastWhenItFallsSilentThePointSaysWhatIsMissingAndA() throws {
    var site = Site()
    let start = ForecastDriver.start
    for slot in start..<(start + 25 * 96) { site.advance(slot, hasFeed: true) }
    let last = site.labels.suffix(96)
    #expect(last.allSatisfy { $0.model == "ensemble" })
    let errors = last.map { abs($0.p50 - (20 + 2 * Site.temperature($0.slot) + Double($0.slot % 96) / 10)) }
    #expect(errors.reduce(0, +) / Double(errors.count) < 5)
    for slot in (start + 25 * 96)..<(start + 26 * 96) { site.advance(slot, hasFeed: false) }
    let silent = site.labels.suffix(20)
    #expect(silent.allSatisfy { $0.model == "ensemble without temperature" || $0.model.hasPrefix("naive") })
    #expect(silent.contains { $0.model.contains("without") })
    // After the next midnight the models learn without it, and the point says so no more.
    for slot in (start + 26 * 96)..<(start + 29 * 96) { site.advance(slot, hasFeed: false) }
    #expect(site.labels.suffix(20).allSatisfy { !$0.model.contains("without") })
  }

  @Test("a file of expected weather makes the forecasts that a feed makes, and rows that come too late change nothing")
  func aFileOfExpectedWeatherMakesTheForecastsThatAFeedMakesAndRowsThatComeToo() {
    let start = ForecastDriver.start
    func expected(_ slots: Range<Int>, value: (Int) -> Double) -> [WeatherForecast.Row] {
      slots.map { WeatherForecast.Row(time: QuarterHour.start(of: $0), values: [value($0), nil, nil]) }
    }
    var (feed, file) = (Site(), Site())
    let rows = expected((start + 1)..<(start + 20 * 96), value: Site.temperature)
    file.expect(rows)
    for slot in start..<(start + 18 * 96) {
      if slot == start + 16 * 96 { file.expect(rows + expected(start..<slot) { _ in 60 }) }
      feed.advance(slot, hasFeed: true)
      file.advance(slot, hasFeed: false)
    }
    #expect(feed.labels.contains { $0.model == "ensemble" })
    #expect(feed.labels.map(\.model) == file.labels.map(\.model))
    #expect(feed.labels.map(\.p50) == file.labels.map(\.p50))
  }

  @Test func `a target that falls silent is forecast by models that can do without, which the point says`() {
    var site = Site()
    let start = ForecastDriver.start
    for slot in start..<(start + 25 * 96) { site.advance(slot, hasFeed: true) }
    for slot in (start + 25 * 96)..<(start + 26 * 96 - 1) { site.advance(slot, hasFeed: true, hasLoad: false) }
    #expect(site.labels.suffix(90).allSatisfy { !$0.model.contains("without") })
    for slot in (start + 26 * 96 - 1)..<(start + 27 * 96) { site.advance(slot, hasFeed: true, hasLoad: false) }
    #expect(site.labels.suffix(97).allSatisfy { $0.model == "ensemble without recent values" && $0.p50.isFinite })
    site.advance(start + 27 * 96, hasFeed: true)
    #expect(site.labels.last?.model == "ensemble")
  }

  @Test func `what a feed says of a slot after it has begun changes nothing`() {
    var (one, other) = (Site(), Site())
    let start = ForecastDriver.start
    for slot in start..<(start + 16 * 96) {
      one.advance(slot, hasFeed: true)
      other.advance(slot, hasFeed: true)
      let clock = QuarterHour.start(of: slot + 1)
      var frame = Frame(cause: .readings, received: clock, clock: clock)
      frame.readings.append(
        series: other.feed, time: QuarterHour.start(of: slot), raw: 0, value: 99, hasSourceTime: true)
      other.stage.step(&frame, in: other.register)
    }
    #expect(one.labels.map(\.p50) == other.labels.map(\.p50))
  }
}
