import Journal
import PlantConfig
import PlantModel
import PlantSimulation
import PlantTesting
import StreamCore
import WattlineTime

@testable import Pipeline

/// A day and more of two plants as a journal holds it: bursts of uneven size, ticks, broken payloads and times,
/// messages of nobody, and a plant that is added on the way.
struct History {
  typealias Record = (kind: RecordKind, received: Timestamp, body: [UInt8])

  var first = PlantSources()
  var records: [Record] = []

  /// Records the messages of a history.
  ///
  /// - Parameters:
  ///   - seed: Seed of values and of bursts.
  ///   - hours: Length.
  ///   - more: Further sections of the first plant's file.
  init(seed: UInt64, hours: Int64, more: String = "") throws {
    first.files = [("north.yaml", History.file("north") + Array(more.utf8))]
    var second = first
    second.files.append(("southern.yaml", History.file("southern")))
    var random = SplitMix(state: seed)
    let start = Timestamp(seconds: 1_772_000_000).floored(to: .minute)
    var simulators: [(PlantSimulator, SensorTopic)] = []
    for plant in second.plants {
      simulators.append(
        (PlantSimulator(plant: plant, seed: seed, start: start, step: .minute), try SensorTopic(plant: plant)))
    }
    var builder = MessageFrameBuilder()
    for minute in 0..<hours * 60 {
      let now = start + .minutes(minute)
      if minute == hours * 20 { records.append((.configuration, now, History.record(of: second))) }
      for index in simulators.indices {
        for reading in simulators[index].0.advance() {
          let message = simulators[index].1.message(
            asset: reading.asset, sensor: reading.sensor, value: reading.value, time: reading.time)
          guard let message else { continue }
          let payload =
            switch random.next() % 97 {
            case 0: #"{"value":"#
            case 1: #"{"value":1,"ts":"soon"}"#
            default: message.payload
            }
          Array(message.topic.utf8).withUnsafeBytes { topic in
            Array(payload.utf8).withUnsafeBytes {
              builder.append(topic: topic, payload: $0, packetID: 0, retained: false)
            }
          }
          if random.next() % 13 == 0 { seal(&builder, at: now) }
        }
      }
      seal(&builder, at: now)
      records.append((.tick, now + .seconds(1), []))
    }
  }

  private mutating func seal(_ builder: inout MessageFrameBuilder, at now: Timestamp) {
    if builder.count > 0 { records.append((.messages, now, Array(builder.bytes))) }
    builder.removeAll()
  }

  static func file(_ name: String, importPrice: Double = 0.3) -> [UInt8] {
    Array(
      """
      plant: \(name)
      location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
      topics: [{match: "\(name)/{asset}/{sensor}"}]
      assets:
        pv: {kind: pv, capacity_kw: 50}
        bess: {kind: battery, energy_kwh: 50, power_kw: 20}
        load: {kind: load}
        grid: {kind: grid, import_limit_kw: 300}
      tariff: {import: \(importPrice), export: 0}
      """.utf8)
  }

  static func record(of sources: PlantSources) -> [UInt8] {
    var writer = SnapshotWriter()
    ConfigurationRecord.write(sources, to: &writer)
    return writer.bytes
  }
}
