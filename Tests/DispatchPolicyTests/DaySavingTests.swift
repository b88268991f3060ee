import PlantModel
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import DispatchPolicy

/// Days of a plant with a load of 10 kW, whose energy costs 0.20 and from 16 to 20 o'clock 0.60.
private struct SavingPlant {
  /// Power of the battery in an hour of the day, given the latest recommendation [kW].
  var behave: (_ hour: Int, _ recommended: Double) -> Double
  var script = Script(Script.plant(peak: 0.6, pv: false))
  /// Energy above the minimum [kWh].
  var energy = 40.0
  var recommended = 0.0
  /// The points of `dispatch`, with their times.
  var points: [(time: Timestamp, fields: [String: Double])] = []

  init(_ behave: @escaping (Int, Double) -> Double) { self.behave = behave }

  /// Tells every minute; what is told at a minute mark was so in the minute before.
  mutating func run(days: Int) {
    for _ in 0..<60 * 24 * days {
      let hour = CivilTime(utc: script.clock).hour
      script.clock = script.clock + .minutes(1)
      let power = min(energy * 60, max((energy - 80) * 60, behave(hour, recommended)))
      energy -= power / 60
      script.say("load.power", value: 10)
      script.say("bess.power", value: power)
      script.say("bess.soc", value: 10 + energy)
      var frame = Frame(cause: .minute, received: script.clock, clock: script.clock)
      script.stage.step(&frame, in: script.register)
      guard let decision = frame.dispatch.first else { continue }
      recommended = decision.recommendedKilowatts
      let numbers = Script.fields(frame).compactMapValues { value -> Double? in
        if case .float(let number) = value { number } else { nil }
      }
      points.append((script.clock, numbers))
    }
  }

  /// The points that tell of a whole day.
  var days: [[String: Double]] { points.map(\.fields).filter { $0["day_saving"] != nil } }

  /// The sum that the power and the price of each quarter of the last day come to: the power is that of the quarter's end, the
  /// price that of its start.
  var recomputed: Double {
    let day = points.suffix(97)
    return zip(day, day.dropFirst()).reduce(0) {
      $0 + ($1.1.fields["actual_kw"] ?? .nan) * ($1.0.fields["price"] ?? .nan) * 0.25
    }
  }
}

@Suite("Savings of a day")
struct DaySavingTests {
  @Test(arguments: [16, 17])
  func `a day that buys 30 kWh at 0,20 and saves as much at 0,60 has saved 12, as its quarters say`(from: Int) throws {
    var plant = SavingPlant { hour, _ in hour < 3 ? -10 : hour >= from && hour < from + 3 ? 10 : 0 }
    plant.run(days: 3)
    let day = try #require(plant.days.last)
    #expect(abs(try #require(day["day_saving"]) - 12) < 1e-6)
    #expect(abs(plant.recomputed - 12) < 1e-6)
    #expect(try #require(day["day_saving_optimal"]) > 12)
    // It is written once a day, so that the sum over days is that of days.
    #expect(plant.days.count == 2)
    #expect(CivilTime(utc: try #require(plant.points.last { $0.fields["day_saving"] != nil }).time).hour == 0)
  }

  @Test func `a battery that rests saves nothing, and following would have saved at most the optimum`() throws {
    var plant = SavingPlant { _, _ in 0 }
    plant.run(days: 6)
    let day = try #require(plant.days.last)
    let optimum = try #require(day["day_saving_optimal"])
    let followed = try #require(day["day_saving_followed"])
    #expect(day["day_saving"] == 0)
    #expect(followed > 0.5 * optimum && followed <= optimum)
    #expect(abs(try #require(day["regret"]) - optimum) < 1e-6)
    // What single quarters would save presumes the same energy again and again.
    let quarters = plant.points.suffix(96).compactMap { $0.fields["saving"] }.reduce(0, +)
    #expect(abs(quarters) > 2 * optimum)
  }

  @Test func `where every recommendation is followed, what was saved is what following would have saved`() throws {
    var plant = SavingPlant { _, recommended in recommended }
    plant.run(days: 6)
    let day = try #require(plant.days.last)
    let (saved, followed) = (try #require(day["day_saving"]), try #require(day["day_saving_followed"]))
    #expect(abs(saved - followed) < 0.02 * followed && followed > 5)
  }

  @Test func `after a missing recommendation nothing is said of following until the next day`() throws {
    var plant = SavingPlant { _, _ in 0 }
    plant.run(days: 3)
    plant.script.clock = plant.script.clock + .minutes(30)
    plant.run(days: 1)
    #expect(plant.days.last?["day_saving_followed"] == nil)
    plant.run(days: 2)
    #expect(plant.days.last?["day_saving_followed"] != nil)
  }

  @Test func `a restored stage writes the same savings, and state of the layout before is read without them`() throws {
    var plant = SavingPlant { _, _ in 0 }
    plant.run(days: 4)
    var copy = plant
    copy.script.stage = try DispatchStage(plant: plant.script.register.plant).resumed(from: plant.script.stage)
    plant.run(days: 1)
    copy.run(days: 1)
    #expect(copy.days == plant.days)

    var writer = SnapshotWriter()
    SavingPlant { _, _ in 0 }.script.stage.snapshot(into: &writer)
    var bytes = writer.bytes
    #expect(bytes[0] == 8)
    bytes[0] = 7
    // An empty followed day: its energy, no powers, its start and its date.
    var reader = SnapshotReader(Array(bytes.dropLast(28)))
    var stage = DispatchStage(plant: Script.plant(peak: 0.6, pv: false))
    try stage.restore(from: &reader)
    bytes[0] = 6
    var older = SnapshotReader(bytes)
    #expect(throws: SnapshotError.self) { try stage.restore(from: &older) }
  }
}
