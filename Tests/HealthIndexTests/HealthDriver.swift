import HealthIndex
import PlantModel
import PlantTesting
import StreamCore
import WattlineTime

@testable import PointSchema

/// Window of one sensor in a quarter of an hour; `nil` for no window at all.
struct Sample: Equatable {
  var mean: Double
  var goodShare = 1.0
}

/// A plant that works as it should: clouds that differ from day to day, a working week, cars that come and go, a
/// battery that follows the sun, weather with fronts.
struct HealthyPlant {
  static let sensors = [
    ("pv", "power"), ("pv", "temperature"), ("load", "power"), ("load", "voltage_l1"), ("bess", "power"),
    ("bess", "soc"), ("bess", "temperature"), ("ev", "power"), ("grid", "power"), ("grid", "frequency"),
    ("grid", "voltage"), ("station", "temperature"), ("station", "irradiance"), ("station", "wind_speed"),
  ]
  private var random: SplitMix
  private var clouds = 0.8
  private var front = 0.0
  private var car = 0
  private var charge = 0.5
  private var battery = 22.0

  init(seed: UInt64) { random = SplitMix(state: seed) }

  mutating func next(_ slot: Int) -> [Sample] {
    let hour = Double(slot % 96) / 4
    let isWeekend = slot / 96 % 7 >= 5
    if slot % 96 == 0 { clouds = random.uniform(0...1) < 0.3 ? random.uniform(0.1...0.4) : random.uniform(0.7...1) }
    front = 0.995 * front + random.uniform(-0.5...0.5)
    if car > 0 { car -= 1 } else if random.uniform(0...1) < 0.04 { car = 8 }
    let sun = max(0, 1 - ((hour - 12) / 6) * ((hour - 12) / 6)) * clouds * random.uniform(0.85...1)
    let pv = 100 * sun
    let load = (hour >= 7 && hour < 18 && !isWeekend ? 90.0 : 30) + random.uniform(-6...6)
    let wish = max(-50, min(50, load - pv))
    let flow = wish > 0 && charge < 0.1 || wish < 0 && charge > 0.95 ? 0 : wish
    charge -= flow / 4 / 250
    battery += 0.05 * (22 - battery) + flow.magnitude * 0.006
    let air = 15 + front + 6 * max(-1, 1 - abs(hour - 15) / 6)
    let ev = car > 0 ? 22.0 : 0
    return [
      pv, air + 30 * sun, load, 230 + random.uniform(-3...3), flow, 100 * charge, battery + random.uniform(-0.2...0.2),
      ev, load + ev - pv - flow, 50 + random.uniform(-0.02...0.02), 400 + random.uniform(-4...4), air, 1000 * sun,
      max(0, 4 + front + random.uniform(-2...2)),
    ].map { Sample(mean: $0) }
  }
}

/// Feeds quarter hours to a stage and keeps what it finds.
struct HealthDriver {
  var stage = HealthStage()
  var register: PlantRegister
  var found: [AssetHealth] = []
  var points = PointBatch()
  /// Findings that alerts tell of.
  var faults: [AssetIndex: StandingFault] = [:]

  static let start = QuarterHour.slot(containing: CivilTime(year: 2024, month: 5, day: 6).utc)

  init() {
    var pv = Asset(name: "pv", kind: .pv)
    pv.capacityKilowatts = 100
    var load = Asset(name: "load", kind: .load)
    load.capacityKilowatts = 200
    var bess = Asset(name: "bess", kind: .battery)
    bess.powerKilowatts = 50
    let assets = [
      pv, load, bess, Asset(name: "ev", kind: .evCharger), Asset(name: "grid", kind: .grid),
      Asset(name: "station", kind: .weather),
    ]
    register = PlantRegister(
      plant: Plant(
        name: "p", location: Location(latitude: 48, longitude: 11, timezone: "UTC"), assets: assets))
    for (asset, sensor) in HealthyPlant.sensors { _ = register.admit(asset: asset, sensor: sensor) }
  }

  static func window(_ series: SeriesIndex, slot: Int, sample: Sample, isUpdate: Bool = false) -> FeatureWindow {
    FeatureWindow(
      series: series, length: .quarterHour, start: QuarterHour.start(of: start + slot), mean: sample.mean,
      minimum: sample.mean, maximum: sample.mean, standardDeviation: 0, slope: 0, count: 15,
      energyKilowattHours: .nan, goodShare: sample.goodShare, isUpdate: isUpdate)
  }

  mutating func advance(_ slot: Int, samples: [Sample?]) {
    var frame = Frame(cause: .readings)
    for (position, sample) in samples.enumerated() {
      if let sample { frame.windows.append(HealthDriver.window(SeriesIndex(position), slot: slot, sample: sample)) }
    }
    step(&frame)
    mark(slot + 1)
  }

  mutating func mark(_ slot: Int, minute: Int64 = 0) {
    let clock = QuarterHour.start(of: HealthDriver.start + slot) + .minutes(minute)
    var frame = Frame(cause: .minute, received: clock + .minute, clock: clock)
    frame.faults = faults
    step(&frame)
  }

  mutating func step(_ frame: inout Frame) {
    stage.step(&frame, in: register)
    found += frame.health
    for entry in frame.points.entries {
      points.begin(entry.key, at: entry.time)
      for field in frame.points.fields[entry.fields] { points.append(field) }
    }
  }

  func judgements(_ asset: String, from slot: Int) -> [AssetHealth] {
    let time = QuarterHour.start(of: HealthDriver.start + slot)
    return found.filter { register.assets[$0.asset.position].name == asset && $0.time > time }
  }

  func field(_ name: String, of point: Int) -> FieldValue? {
    points.fields[points.entries[point].fields].first { $0.name == name }?.value
  }
}
