import MonthlyAccounts
import PlantModel
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import DispatchPolicy

@Suite("Prices that are not known")
struct UnknownPriceTests {
  private static let midnight = CivilTime(year: 2026, month: 3, day: 4).utc

  /// Hours of a day at 0.35 until 6, 0.28 until 20 and 0.20 until midnight.
  private static func day(from start: Timestamp, hours: Range<Int> = 0..<24) -> [PriceSchedule.Slot] {
    hours.map { hour in
      .init(start: start + .hours(Int64(hour)), importPrice: hour < 6 ? 0.35 : hour < 20 ? 0.28 : 0.2)
    }
  }

  private static func plant(_ slots: [PriceSchedule.Slot], charger: Bool = false, zone: String = "UTC") -> Plant {
    var plant = Script.plant(pv: false)
    plant.location.timezone = zone
    plant.tariff = Tariff()
    plant.tariff.schedule = PriceSchedule(slots)
    if charger {
      var car = Asset(name: "car", kind: .evCharger)
      car.powerKilowatts = 11
      plant.assets.append(car)
    }
    return plant
  }

  private static func text(_ value: FieldValue?) -> String {
    guard case .text(let text)? = value else { return "" }
    return text
  }

  @Test
  func `plans take yesterday's same local time, or the latest of a week that has a price; then the mean, never 0`() {
    var curve = PriceCurve(plant: Self.plant(Self.day(from: Self.midnight)))
    let tomorrow = Self.midnight + .day
    #expect(curve.expected(at: tomorrow + .hours(3)) == (0.35, .yesterday))
    #expect(curve.expected(at: tomorrow + .days(5) + .hours(21)) == (0.2, .yesterday))
    let late = curve.expected(at: tomorrow + .days(20))
    #expect(late.basis == .none && late.price > 0.2 && late.price < 0.35)
    #expect(curve.knownPrice(at: tomorrow) == nil && curve.knownPrice(at: Self.midnight - .minute) == nil)
    #expect(curve.knownPrice(at: tomorrow - .minute) == 0.2)
  }

  @Test func `yesterday's same hour is that of the clock on the wall, also where the clocks have changed in between`() {
    // Berlin, 29 March 2026: 2 h is 3 h. The day before begins at 23 h UTC.
    let start = CivilTime(year: 2026, month: 3, day: 27, hour: 23).utc
    var curve = PriceCurve(plant: Self.plant(Self.day(from: start), zone: "Europe/Berlin"))
    // 6 h local is 4 h UTC after the change.
    let six = CivilTime(year: 2026, month: 3, day: 29, hour: 4).utc
    #expect(curve.expected(at: six) == (0.28, .yesterday))
    #expect(curve.expected(at: six - .minute) == (0.35, .yesterday))
  }

  @Test func `a car takes its energy at the lowest price that is known, and does not wait for one that is not`() {
    var script = Script(Self.plant(Self.day(from: Self.midnight), charger: true))
    func decision(hour: Int) -> [String: FieldValue] {
      script.clock = Self.midnight + .hours(Int64(hour))
      for (name, value) in [
        ("load.power", 1.0), ("car.power", 0), ("car.connected", 1), ("car.energy_requested", 22),
        ("car.time_left", Double(31 - hour) * 3600),
      ] { script.say(name, value: value) }
      let frame = script.frame(atMinute: 60 * (hour % 24))
      for entry in frame.points.entries where entry.key == PointKey(.dispatch, .asset(AssetIndex(3))) {
        return Dictionary(frame.points.fields[entry.fields].map { ($0.name, $0.value) }) { $1 }
      }
      return [:]
    }
    let waiting = decision(hour: 18)
    #expect(waiting["recommended_kw"] == .float(0) && waiting["price"] == .float(0.28))
    #expect(Self.text(waiting["reason"]) == "charger: wait for a lower price, later prices unknown")
    let evening = decision(hour: 20)
    #expect(evening["recommended_kw"] == .float(11) && evening["price"] == .float(0.2))
    let night = decision(hour: 25)
    #expect(night["recommended_kw"] == .float(11) && night["price"] == nil && night["saving"] == nil)
    #expect(Self.text(night["reason"]).contains("later prices unknown"))
  }

  @Test func `a battery plans with yesterday's prices, says so, and neither price nor saving is written`() {
    // The list ends at noon; yesterday is known.
    let slots = Self.day(from: Self.midnight - .day) + Self.day(from: Self.midnight, hours: 0..<12)
    var script = Script(Self.plant(slots))
    let (morning, known) = script.decide(hour: 9, load: 5, pv: nil, soc: 50)
    #expect(known["price"] == .float(0.28) && known["saving"] != nil)
    #expect(morning?.reason.hasSuffix(", prices ahead: as yesterday") == true)
    let (afternoon, unknown) = script.decide(hour: 15, load: 5, pv: nil, soc: 50)
    #expect(unknown["price"] == nil && unknown["saving"] == nil && unknown["recommended_kw"] != nil)
    #expect(afternoon?.reason.hasSuffix(", price: as yesterday") == true && afternoon?.price.isNaN == true)
    var early = Script(Self.plant(Self.day(from: Self.midnight + .day)))
    #expect(early.decide(hour: 9, load: 5, pv: nil, soc: 50).0?.reason.hasSuffix(", price: unknown") == true)
  }

  @Test func `a plant without any price plans by energy alone, and says nothing of prices`() {
    var script = Script(Self.plant([], charger: true))
    let (decision, fields) = script.decide(hour: 9, load: 5, pv: nil, soc: 50)
    #expect(decision?.reason == "rule: self-consumption")
    #expect(fields["price"] == nil && fields["saving"] == nil)
  }

  @Test func `a review leaves out the quarters whose price is not known`() {
    let plant = Self.plant(Self.day(from: Self.midnight, hours: 0..<12))
    var accountant = MonthlyAccountant(plant: plant, from: Self.midnight, to: Self.midnight + .day)
    for place in 0..<96 {
      let time = Self.midnight + .minutes(Int64(15 * place))
      accountant.record(decision: time, asset: "bess", stateOfCharge: 0.5, price: nil)
      accountant.record(quarter(at: time, exchange: 10, battery: 0, cost: place < 48 ? 1 : nil))
    }
    let account = accountant.finish()
    #expect(account.comparison?.hours == 12)
    #expect(abs((account.costCoverage ?? 0) - 0.5) < 1e-9)
  }
}
