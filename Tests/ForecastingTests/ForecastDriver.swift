import Forecasting
import PlantModel
import PointSchema
import StreamCore
import WattlineTime

/// A point as the database would hold it: the last one written under a key and time.
struct StoredPoint: Hashable {
  var key: PointKey
  var time: Timestamp
}

/// Feeds quarter-hour means to a stage as the pipeline would: the windows that closed, then the mark.
struct ForecastDriver {
  var stage = ForecastStage(learning: [])
  var register: PlantRegister
  var database: [StoredPoint: [Field]] = [:]
  var written = 0
  var issues: [ForecastIssue] = []

  static let start = QuarterHour.slot(containing: CivilTime(year: 2024, month: 5, day: 6).utc)

  init() {
    var load = Asset(name: "load", kind: .load)
    load.capacityKilowatts = 200
    var pv = Asset(name: "pv", kind: .pv)
    pv.capacityKilowatts = 100
    let assets = [load, pv, Asset(name: "bess", kind: .battery), Asset(name: "grid", kind: .grid)]
    var wish = SensorOverride(match: "load.temperature")
    wish.forecast = true
    register = PlantRegister(
      plant: Plant(
        name: "p", location: Location(latitude: 48, longitude: 11, timezone: "UTC"), assets: assets, sensors: [wish]))
  }

  static func window(_ series: SeriesIndex, slot: Int, mean: Double, isUpdate: Bool = false) -> FeatureWindow {
    FeatureWindow(
      series: series, length: .quarterHour, start: QuarterHour.start(of: slot), mean: mean, minimum: mean,
      maximum: mean, standardDeviation: 0, slope: 0, count: 15, energyKilowattHours: mean / 4, goodShare: 1,
      isUpdate: isUpdate)
  }

  /// One quarter of an hour: what is known of `slot`, then the mark at its end.
  mutating func advance(_ slot: Int, values: [(SeriesIndex, Double)], lag: TimeSpan = .minute) {
    var frame = Frame(cause: .readings)
    frame.windows = values.map { ForecastDriver.window($0.0, slot: slot, mean: $0.1) }
    step(&frame)
    mark(slot + 1, lag: lag)
  }

  mutating func mark(_ slot: Int, lag: TimeSpan = .minute) {
    let clock = QuarterHour.start(of: slot)
    var frame = Frame(cause: .minute, received: clock + lag, clock: clock)
    step(&frame)
  }

  mutating func step(_ frame: inout Frame) {
    stage.step(&frame, in: register)
    for entry in frame.points.entries {
      database[StoredPoint(key: entry.key, time: entry.time)] = Array(frame.points.fields[entry.fields])
      written += 1
    }
    issues += frame.forecasts
  }

  func fields(_ key: PointKey, slot: Int) -> [String: FieldValue]? {
    database[StoredPoint(key: key, time: QuarterHour.start(of: slot))].map {
      Dictionary(uniqueKeysWithValues: $0.map { ($0.name, $0.value) })
    }
  }

  func times(_ measurement: Measurement) -> [StoredPoint] { database.keys.filter { $0.key.measurement == measurement } }
}

extension FieldValue {
  var number: Double? {
    switch self {
    case .float(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }
}
