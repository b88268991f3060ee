import InfluxSink
import Journal
import PlantConfig
import PlantModel
import Settings
import SinkCore
import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

/// Derived sensors on the whole way from messages to lines.
struct DerivedRecordTests {
  private static let plant = """
    plant: p
    location: {latitude: 48, longitude: 11, timezone: Europe/Berlin}
    topics:
      - {match: "p/grid/in", asset: grid, sensor: import, unit: W}
      - {match: "p/grid/out", asset: grid, values: {export: {at: "/v", unit: W}}}
      - {match: "p/{asset}/{sensor}"}
    assets: {grid: {kind: grid}, house: {kind: load}, pv: {kind: pv}}
    derive: {grid.power: grid.import - grid.export, house.power: grid.power + pv.power}
    """

  private static func sources() -> PlantSources {
    var sources = PlantSources()
    sources.files = [("p.yaml", Array(plant.utf8))]
    return sources
  }

  /// The lines of messages, each a record of its own or all in one, with a tick a second.
  private func lines(together: Bool) -> [String] {
    var processor = RecordProcessor(sources: Self.sources())
    var lines: [String] = []
    func take() {
      lines += String(decoding: processor.encoder.drain(upTo: 0).bytes, as: UTF8.self).split(separator: "\n").map(
        String.init)
    }
    for second in 0..<200 {
      let received = Timestamp(seconds: 1_800_000_000 + Int64(second))
      if second % 10 == 0 {
        let messages = [
          ("p/grid/in", "\(second * 10)"), ("p/grid/out", #"{"v": 500}"#), ("p/pv/power", "1.25"),
          ("p/grid/power", "77"),
        ]
        var frame = MessageFrameBuilder()
        for (topic, payload) in messages {
          Array(topic.utf8).withUnsafeBytes { topic in
            Array(payload.utf8).withUnsafeBytes {
              frame.append(topic: topic, payload: $0, packetID: 0, retained: false)
            }
          }
          guard !together else { continue }
          frame.bytes.withUnsafeBytes { _ = processor.process(kind: .messages, received: received, body: $0) }
          frame.removeAll()
        }
        frame.bytes.withUnsafeBytes { _ = processor.process(kind: .messages, received: received, body: $0) }
      }
      _ = processor.process(kind: .tick, received: received, body: UnsafeRawBufferPointer(start: nil, count: 0))
      take()
    }
    #expect(processor.ledger.refused["derived_sensor"] == 20)
    #expect(processor.ledger.readings == 60)
    return lines
  }

  @Test
  func `derived values are in clean and not in raw, take part in the balance, and no message may bring them`() throws {
    let lines = lines(together: true)
    func values(_ start: String) -> [String] { lines.filter { $0.hasPrefix(start) } }
    #expect(values("raw,plant=p,asset=grid,sensor=power").isEmpty && values("raw,plant=p,asset=house").isEmpty)
    let power = values("clean,plant=p,asset=grid,sensor=power,unit=kW ")
    #expect(power.count == 20 && power[3].contains("value=-0.2,quality=0i,flags=0i,imputed=false"), "\(power)")
    let house = values("clean,plant=p,asset=house,sensor=power,unit=kW ")
    #expect(house.count == 20 && house[3].contains("value=1.05,quality=0i"), "\(house)")
    #expect(values("feature,plant=p,asset=grid,sensor=power").contains { $0.contains("window=1m") })
    #expect(values("kpi,plant=p").contains { $0.contains("grid_kw=") && $0.contains("load_kw=") })
  }

  @Test func `the same messages in other records give the same derived values`() {
    func derived(_ lines: [String]) -> [String] {
      lines.filter {
        $0.hasPrefix("clean,plant=p,asset=grid,sensor=power") || $0.hasPrefix("clean,plant=p,asset=house")
      }
      .sorted()
    }
    let one = derived(lines(together: true))
    #expect(!one.isEmpty && one == derived(lines(together: false)))
  }

  @Test func `a saved state keeps derived series, and a plant goes on with it`() throws {
    var processor = RecordProcessor(sources: Self.sources())
    var frame = MessageFrameBuilder()
    Array("p/grid/in".utf8).withUnsafeBytes { topic in
      Array("1000".utf8).withUnsafeBytes { frame.append(topic: topic, payload: $0, packetID: 0, retained: false) }
    }
    frame.bytes.withUnsafeBytes {
      _ = processor.process(kind: .messages, received: Timestamp(seconds: 1_800_000_000), body: $0)
    }
    var parts: [[UInt8]] = []
    SavedState.write(processor) { parts.append($0) }
    let kept = parts
    let state = try SavedState(count: kept.count) { kept[$0] }
    let (resumed, rebuilt) = state.processor(configured: state.sources.plants, share: .whole)
    #expect(rebuilt.isEmpty)
    let names = resumed.plants.registers[0].series.map(\.sensor)
    #expect(names == processor.plants.registers[0].series.map(\.sensor) && names.contains("import"))
    #expect(resumed.plants.registers[0].series.map(\.profile) == processor.plants.registers[0].series.map(\.profile))
  }
}
