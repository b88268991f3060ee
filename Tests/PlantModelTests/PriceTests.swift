import PlantModel
import Testing
import WattlineTime

@Suite("Prices, known and unknown")
struct PriceTests {
  private static let midnight = CivilTime(year: 2026, month: 3, day: 2).utc

  private static func schedule(_ minutes: [Int]) -> PriceSchedule {
    PriceSchedule(minutes.map { .init(start: midnight + .minutes(Int64($0)), importPrice: 0.3) })
  }

  private static func spans(_ minutes: [Int]) -> [ClosedRange<Int>] {
    schedule(minutes).spans.map { span in
      Int((span.start - midnight).inHours * 60)...Int((span.end - midnight).inHours * 60)
    }
  }

  @Test(arguments: [
    ([0], [0...60]), ([0, 15], [0...30]), ([0, 60, 120, 300], [0...180, 300...360]),
    // A list that goes over from hours to quarters of an hour.
    ([0, 60, 120, 180, 240, 255, 270, 285, 300, 315], [0...330]),
    ([0, 15, 30, 60, 75], [0...45, 60...90]),
    // A row a change of price: each holds until the next.
    ([0, 360, 1200, 1440, 1800, 2640, 2880], [0...3120]),
    // Days, one of which has 25 hours; and a row that is followed by nothing for a week.
    ([0, 1440, 2880, 4380, 5820], [0...7260]), ([0, 10_080], [0...1440, 10_080...11_520]),
  ])
  func `a row of a list holds for the list's own step, and what is missing is a hole`(
    minutes: [Int], spans: [ClosedRange<Int>]
  ) {
    #expect(Self.spans(minutes) == spans)
    #expect(Self.spans(minutes.reversed()) == spans)
  }

  @Test func `months are a step, and rows centuries apart are none`() {
    let months = (1...6).map { CivilTime(year: 2026, month: $0, day: 1).utc }
    let list = PriceSchedule(months.map { .init(start: $0, importPrice: 0.3) })
    #expect(list.spans.count == 1)
    let far = PriceSchedule([
      .init(start: CivilTime(year: 1700, month: 1, day: 1).utc, importPrice: 1),
      .init(start: CivilTime(year: 2250, month: 1, day: 1).utc, importPrice: 2),
    ])
    #expect(far.spans.count == 2 && far.importPrice(at: Self.midnight) == nil)
  }

  @Test func `before the list, in its holes and after it, the price is that of the periods, or not known; never 0`() {
    var tariff = Tariff()
    tariff.schedule = Self.schedule([60, 120, 180, 300])
    func prices() -> [Double?] {
      [0, 60, 239, 240, 300, 360].map { minute in
        let time = Self.midnight + .minutes(Int64(minute))
        return tariff.importPrice(at: time, local: CivilTime(utc: time))
      }
    }
    #expect(prices() == [nil, 0.3, 0.3, nil, 0.3, nil])
    tariff.importPeriods = [Tariff.Period(fromMinute: 0, toMinute: 300, price: 0.2)]
    #expect(prices() == [0.2, 0.3, 0.3, 0.2, 0.3, nil])
  }

  @Test(
    "export earns nothing unless told, what the file says, and an unknown amount where only a list or periods tell it")
  func exportEarnsNothingUnlessToldWhatTheFileSaysAndAnUnknownAmountWhereOnlyA() {
    let (time, local) = (Self.midnight, CivilTime(utc: Self.midnight))
    var tariff = Tariff()
    #expect(tariff.exportPrice(at: time, local: local) == 0)
    tariff.schedule = PriceSchedule([.init(start: time + .day, importPrice: 0.3, exportPrice: 0.4)])
    #expect(tariff.exportPrice(at: time, local: local) == nil)
    #expect(tariff.exportPrice(at: time + .day, local: local) == 0.4)
    tariff.isExportTold = true
    #expect(tariff.exportPrice(at: time, local: local) == 0)
    tariff.exportPeriods = [Tariff.Period(fromMinute: 600, toMinute: 900, price: 0.1)]
    #expect(tariff.exportPrice(at: time, local: local) == nil)
  }

  @Test func `a tariff's outline tells seasons and days that differ once each, and its holes`() {
    var summer = Tariff.Period(fromMinute: 960, toMinute: 1260, price: 0.5)
    (summer.months, summer.weekdays) = ([6, 7, 8, 9], [1, 2, 3, 4, 5])
    let base = Tariff.Period(fromMinute: 0, toMinute: 1440, price: 0.2)
    let days = TariffOutline([base, summer]).days
    #expect(
      days.map { "\($0.months) \($0.days)" } == ["oct-may every day", "jun-sep workdays", "jun-sep weekend"])
    #expect(days[1].stretches.map(\.price) == [0.2, 0.5, 0.2])
    #expect(days[1].stretches.map(\.fromMinute) == [0, 960, 1260])
    #expect(TariffOutline([base, summer]).holes.isEmpty)
    var night = Tariff.Period(fromMinute: 1320, toMinute: 360, price: 0.1)
    night.months = [11, 12, 1, 2]
    let holes = TariffOutline([night]).holes
    #expect(holes.map(\.months) == ["nov-feb", "mar-oct"])
    #expect(holes[0].stretches.map(\.fromMinute) == [360] && holes[0].stretches.map(\.toMinute) == [1320])
    #expect(TariffOutline([], otherwise: 0.05).days.map(\.days) == ["every day"])
  }

  @Test func `a sensor's plausible prices grow with what a kWh costs in the currency`() {
    let grid = Asset(name: "grid", kind: .grid)
    func range(_ currency: String, sensor: String = "price") -> ClosedRange<Double> {
      let location = Location(latitude: 0, longitude: 0, timezone: "UTC")
      return Plant(name: "p", location: location, currency: currency, assets: [grid]).profile(of: sensor, at: grid)
        .profile.range
    }
    #expect(range("EUR") == -5...20 && range("KWD") == -5...20)
    #expect([31.5, 120, -20].allSatisfy(range("JPY").contains) && !range("JPY").contains(10_000))
    #expect(range("HUF").contains(40) && range("CLP", sensor: "export_price").contains(150))
    #expect(range("XYZ").contains(1e6))
  }

  @Test func `prices far from any of the currency are told from dear, cheap and negative ones`() {
    #expect(CurrencySize.oddity(of: [85.32, 79.1], in: "EUR") == .large(85.32))
    #expect(CurrencySize.oddity(of: [28, 0, 31], in: "eur") == .large(31))
    #expect(CurrencySize.oddity(of: [0.3, 4, 0.25, -0.5], in: "EUR") == nil)
    #expect(CurrencySize.oddity(of: [31, 27], in: "JPY") == nil)
    #expect(CurrencySize.oddity(of: [0.3, 0.2], in: "JPY") == .small(0.3))
    #expect(CurrencySize.oddity(of: [9_000], in: "XYZ") == nil && CurrencySize.oddity(of: [0], in: "EUR") == nil)
  }

  @Test func `a blank before the zone, and UTC for Z, are read as they are meant`() {
    let time = CivilTime(year: 2026, month: 6, day: 9, hour: 22).utc
    for text in ["2026-06-10 00:00:00 +0200", "2026-06-09 22:00 UTC", "2026-06-09T22:00Z", "2026-06-10 00:00 +02:00"] {
      #expect(ISO8601.timestamp(text) == time, "\(text)")
    }
    for text in ["2026-06-10 00:00 ", "2026-06-10 00:00  +0200", "2026-06-10 00:00 UT", "2026-06-10 00:00 + 0200"] {
      #expect(ISO8601.timestamp(text) == nil, "\(text)")
    }
  }
}
