import PlantModel
import StreamCore
import WattlineTime

@testable import Cleaning

let epoch = Timestamp(seconds: 1_700_000_000)

/// A reading as a test writes it.
struct Sample {
  var series = 0
  var time: Timestamp
  var value: Double
  var hasSourceTime = true
}

func makeRegister(_ series: [(asset: String, sensor: String)], overrides: [SensorOverride] = []) -> PlantRegister {
  var pv = Asset(name: "pv1", kind: .pv)
  pv.capacityKilowatts = 100
  let plant = Plant(
    name: "test", location: Location(latitude: 50, longitude: 8, timezone: "Europe/Berlin"),
    assets: [pv, Asset(name: "load", kind: .load), Asset(name: "weather", kind: .weather)], sensors: overrides)
  var register = PlantRegister(plant: plant)
  for name in series { _ = register.admit(asset: name.asset, sensor: name.sensor) }
  return register
}

/// One reading as it left the stage.
struct Cleaned: Equatable {
  var series: SeriesIndex
  var time: Timestamp
  var bits: UInt64
  var quality: Quality
  var flags: QualityFlags
  var estimate: Estimate?

  var value: Double { Double(bitPattern: bits) }
}

/// Runs samples through a stage, `batch` at a time, each frame received with its last sample unless `received` says so.
func clean(
  _ samples: [Sample], in register: PlantRegister, batch: Int = 1, received: Timestamp? = nil,
  limits: [AssetIndex: Double] = [:], with stage: inout CleaningStage
) -> [Cleaned] {
  var result: [Cleaned] = []
  var frame = Frame()
  frame.limits = limits
  var next = 0
  while next < samples.count {
    let end = min(samples.count, next + batch)
    frame.reset(cause: .readings, received: received ?? samples[end - 1].time, clock: .distantPast)
    for sample in samples[next..<end] {
      frame.readings.append(
        series: SeriesIndex(sample.series), time: sample.time, raw: sample.value, value: sample.value,
        hasSourceTime: sample.hasSourceTime)
    }
    stage.step(&frame, in: register)
    for i in 0..<frame.readings.count {
      result.append(
        Cleaned(
          series: frame.readings.series[i], time: frame.readings.time[i], bits: frame.readings.value[i].bitPattern,
          quality: frame.readings.quality[i], flags: frame.readings.flags[i],
          estimate: frame.readings.estimates.first { $0.row == i }.map {
            // The row depends on the batch.
            Estimate(row: 0, method: $0.method, deviation: $0.deviation.isNaN ? -1 : $0.deviation)
          }))
    }
    next = end
  }
  return result
}

func clean(
  _ samples: [Sample], in register: PlantRegister, batch: Int = 1, received: Timestamp? = nil,
  limits: [AssetIndex: Double] = [:]
) -> [Cleaned] {
  var stage = CleaningStage()
  return clean(samples, in: register, batch: batch, received: received, limits: limits, with: &stage)
}
