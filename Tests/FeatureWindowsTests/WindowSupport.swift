import PlantModel
import PointSchema
import StreamCore
import WattlineTime

@testable import FeatureWindows

/// A whole day of UTC begins here: 2023-11-14.
let midnight = Timestamp(seconds: 1_699_920_000)

/// A cleaned reading as a test writes it.
struct Sample {
  var series = 0
  var time: Timestamp
  var value: Double
  var quality = Quality.good
}

func sensor(_ match: String, sampling: Sampling) -> SensorOverride {
  var override = SensorOverride(match: match)
  override.sampling = sampling
  return override
}

func makeRegister(
  _ series: [(asset: String, sensor: String)], overrides: [SensorOverride] = [], timezone: String = "UTC",
  tariff: Tariff = Tariff()
) -> PlantRegister {
  let plant = Plant(
    name: "test", location: Location(latitude: 50, longitude: 8, timezone: timezone),
    assets: [
      Asset(name: "pv1", kind: .pv), Asset(name: "pv2", kind: .pv), Asset(name: "load", kind: .load),
      Asset(name: "bess", kind: .battery),
      Asset(name: "grid", kind: .grid), Asset(name: "chiller", kind: .load, within: "load"),
    ], sensors: overrides, tariff: tariff)
  var register = PlantRegister(plant: plant)
  for name in series { _ = register.admit(asset: name.asset, sensor: name.sensor) }
  return register
}

/// A stage with the register that it runs in, and all that it said.
struct Bench {
  var stage = FeatureWindowStage()
  var register: PlantRegister
  var windows: [FeatureWindow] = []
  var points: [(key: PointKey, time: Timestamp, fields: [Field])] = []
  private var frame = Frame()

  init(_ register: PlantRegister) { self.register = register }

  mutating func feed(_ samples: [Sample], batch: Int = 1, received: Timestamp? = nil) {
    var next = 0
    while next < samples.count {
      let end = min(samples.count, next + batch)
      frame.reset(cause: .readings, received: received ?? samples[end - 1].time, clock: .distantPast)
      for sample in samples[next..<end] {
        frame.readings.append(
          series: SeriesIndex(sample.series), time: sample.time, raw: sample.value, value: sample.value,
          hasSourceTime: true)
        frame.readings.quality[frame.readings.count - 1] = sample.quality
        frame.readings.flags[frame.readings.count - 1] = QualityFlags(sample.quality)
      }
      step()
      next = end
    }
  }

  mutating func mark(_ clock: Timestamp) {
    frame.reset(cause: .minute, received: clock, clock: clock)
    step()
  }

  mutating func tick(_ received: Timestamp, clock: Timestamp) {
    frame.reset(cause: .tick, received: received, clock: clock)
    step()
  }

  private mutating func step() {
    stage.step(&frame, in: register)
    windows += frame.windows
    for entry in frame.points.entries {
      points.append((entry.key, entry.time, Array(frame.points.fields[entry.fields])))
    }
  }

  /// The windows of a length, as they were last emitted, by start.
  func last(_ length: WindowLength, series: Int = 0) -> [FeatureWindow] {
    var byStart: [Timestamp: FeatureWindow] = [:]
    for window in windows where window.length == length && window.series.position == series {
      byStart[window.start] = window
    }
    return byStart.values.sorted { $0.start < $1.start }
  }

  /// A field of the points of a measurement, in the order of emission.
  func field(_ name: String, of measurement: Measurement) -> [Double?] {
    points.filter { $0.key.measurement == measurement }.map { point in
      for field in point.fields where field.name == name {
        if case .float(let value) = field.value { return value }
      }
      return nil
    }
  }
}

extension Bench {
  /// A field of the points `kpi` that tell the balance of a minute, in the order of emission.
  func balance(_ name: String) -> [Double?] {
    points.filter { point in
      point.key.measurement == .kpi && point.fields.contains { $0.name.hasSuffix("_kw") }
    }.map { point in
      if case .float(let value) = point.fields.first(where: { $0.name == name })?.value { value } else { nil }
    }
  }
}
