import PlantModel
import PlantSimulation
import PlantTesting
import StreamCore
import Testing
import WattlineTime

@testable import Alerts

/// A simulated plant of which some powers come with the wrong sign.
private struct SignScript {
  var stage = AlertStage()
  var register: PlantRegister
  private var simulator: PlantSimulator
  private let series: [SeriesIndex]
  private let factors: [Double]
  private var mark: Timestamp
  private(set) var raised: [(name: String, time: Timestamp, text: String)] = []
  private(set) var cleared = 0
  let start: Timestamp

  init(
    seed: UInt64, inverted: Set<String>, without left: Set<String> = [], month: Int = 6,
    step: TimeSpan = .minute
  ) {
    var pv = Asset(name: "pv", kind: .pv)
    pv.capacityKilowatts = 60
    var battery = Asset(name: "bess", kind: .battery)
    (battery.energyKilowattHours, battery.powerKilowatts) = (80, 30)
    var load = Asset(name: "load", kind: .load)
    load.capacityKilowatts = 50
    var car = Asset(name: "car", kind: .evCharger)
    car.powerKilowatts = 11
    let location = Location(latitude: 48, longitude: 11, timezone: "UTC")
    let plant = Plant(
      name: "p", location: location, assets: [pv, battery, load, car, Asset(name: "grid", kind: .grid)])
    start = CivilTime(year: 2025, month: month, day: 3).utc
    mark = start
    simulator = PlantSimulator(plant: plant, seed: seed, start: start, step: step)
    var register = PlantRegister(plant: plant)
    series = simulator.channels.map { register.admit(asset: $0.asset, sensor: $0.sensor) }
    self.register = register
    factors = simulator.channels.map { left.contains($0.name) ? 0 : inverted.contains($0.name) ? -1 : 1 }
  }

  /// Runs until so many hours after the start; `healed` turns what was inverted back.
  mutating func run(untilHour hours: Int64, healed: Bool = false) {
    let end = start + .hours(hours)
    var readings: [SimulatedReading] = []
    var frame = Frame()
    while simulator.now < end {
      let now = simulator.now
      while mark + .seconds(10) < now {
        mark += .minute
        frame.reset(cause: .minute, received: now, clock: mark)
        step(&frame)
      }
      simulator.advance(into: &readings)
      frame.reset(cause: .readings, received: now, clock: mark)
      for reading in readings where factors[reading.channel] != 0 {
        let factor = healed ? 1 : factors[reading.channel]
        let index = series[reading.channel]
        let value = factor * reading.value
        frame.readings.append(
          series: index, time: reading.time, raw: value,
          value: register.series[index.position].profile.unit?.canonical(value) ?? value, hasSourceTime: true)
      }
      step(&frame)
    }
  }

  private mutating func step(_ frame: inout Frame) {
    stage.step(&frame, in: register)
    for alert in frame.alerts where alert.rule.name == "sign" {
      let asset = alert.asset.map { register.assets[$0.position].name } ?? "-"
      if alert.status == .raised { raised.append((asset, alert.time, alert.text)) }
      if alert.status == .cleared { cleared += 1 }
    }
  }
}

@Suite("Signs of powers")
struct SignTests {
  @Test(
    arguments: [
      ["bess.power"], ["grid.power"], ["pv.power"], ["grid.power", "bess.power"], ["grid.power", "pv.power"],
    ], TestSeeds.first(1, of: 3))
  func `an inverted sign is told within a day, and no other is, with the line to write`(names: [String], seed: UInt64) {
    var script = SignScript(seed: seed, inverted: Set(names))
    script.run(untilHour: 26)
    #expect(Set(script.raised.map { $0.name + ".power" }) == Set(names), "\(script.raised)")
    #expect(script.raised.count == names.count)
    for alert in script.raised {
      #expect(alert.time - script.start <= .hours(26))
      #expect(alert.text.contains("scale: {power: -1}"))
    }
  }

  @Test(
    arguments: TestSeeds.first(2, of: 6),
    [[], ["load.power"], ["car.power"], ["bess.soc", "load.power"], ["pv.power"], ["bess.power"]] as [Set<String>])
  func `a plant whose signs are right raises nothing, in winter and summer, whatever of it has a meter`(
    seed: UInt64, left: Set<String>
  ) {
    var script = SignScript(seed: seed, inverted: [], without: left, month: seed % 2 == 0 ? 1 : 7)
    script.run(untilHour: 5 * 24)
    #expect(script.raised.isEmpty, "\(script.raised)")
  }

  @Test func `readings a quarter of an hour and an hour apart tell it too, and raise nothing where all is right`() {
    for step in [TimeSpan.minutes(15), .hour] {
      var sound = SignScript(seed: 5, inverted: [], step: step)
      sound.run(untilHour: 6 * 24)
      #expect(sound.raised.isEmpty, "\(sound.raised)")
    }
    var script = SignScript(seed: 5, inverted: ["bess.power"], step: .minutes(15))
    script.run(untilHour: 26)
    #expect(script.raised.map(\.name) == ["bess"])
  }

  @Test func `without a load's meter the connection is told by what it says at night, and the battery by its charge`() {
    var grid = SignScript(seed: 2, inverted: ["grid.power"], without: ["load.power", "car.power"], month: 1)
    grid.run(untilHour: 26)
    #expect(grid.raised.map(\.name) == ["grid"], "\(grid.raised)")
    var battery = SignScript(seed: 2, inverted: ["bess.power"], without: ["load.power", "grid.power"])
    battery.run(untilHour: 26)
    #expect(battery.raised.map(\.name) == ["bess"], "\(battery.raised)")
    #expect(battery.raised.first?.text.contains("state of charge rises while it reports discharge") == true)
  }

  @Test func `it is over when the sign is turned, and a restored stage goes on as the original`() throws {
    var script = SignScript(seed: 1, inverted: ["bess.power", "grid.power"])
    script.run(untilHour: 14)
    var copy = script
    copy.stage = try AlertStage().resumed(from: script.stage)
    script.run(untilHour: 26)
    copy.run(untilHour: 26)
    #expect(copy.raised.map(\.text) == script.raised.map(\.text) && script.raised.count == 2)
    script.run(untilHour: 60, healed: true)
    #expect(script.cleared == 2 && script.raised.count == 2)
  }

  @Test func `what is to be written names the rule that brings the power, and turns the scale that stands there`() {
    var own = TopicRule(match: "gw/battery")
    (own.asset, own.rename, own.scale) = ("bess", ["P": "power"], ["P": 0.001])
    let shared = TopicRule(match: "site/{asset}/{sensor}")
    func words(_ rules: [TopicRule]) -> String { SignRule.remedy(asset: "bess", sensor: "power", rules: rules) }
    #expect(words([shared, own]) == "Write scale: {P: -0.001} in the rule of 'gw/battery'.")
    #expect(
      words([shared])
        == "Write a rule of its own before that of 'site/{asset}/{sensor}', with the same keys but: "
        + "{match: \"site/bess/{sensor}\", asset: bess, scale: {power: -1}}.")
    #expect(words([]) == "Write scale: {power: -1} in the topic rule that brings it.")
  }
}
