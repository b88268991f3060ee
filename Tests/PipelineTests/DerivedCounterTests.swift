import InfluxSink
import Journal
import PlantConfig
import PlantModel
import SinkCore
import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

/// The energy of a counter that is derived from counters, on the whole way from messages to lines.
struct DerivedCounterTests {
  private static let plant = """
    plant: p
    location: {latitude: 48, longitude: 11, timezone: UTC}
    topics: [{match: "p/{asset}/{sensor}"}]
    assets: {house: {kind: load}, a: {kind: load, within: house}, b: {kind: load, within: house}}
    derive: {house.energy: a.energy + b.energy}
    """
  /// A midnight.
  private static let start = Timestamp(seconds: 1_800_000_000).floored(to: .day)

  /// The fields of the last line of each time of a series.
  private func lines(_ start: String, glitches: [String: Set<Int>]) -> [String: String] {
    var sources = PlantSources()
    sources.files = [("p.yaml", Array(Self.plant.utf8))]
    var processor = RecordProcessor(sources: sources)
    var last: [String: String] = [:]
    func process(_ kind: RecordKind, received: Timestamp, body: [UInt8] = []) {
      body.withUnsafeBytes { _ = processor.process(kind: kind, received: received, body: $0) }
    }
    func send(_ asset: String, value: Double, minute: Int, second: Int64) {
      let isGlitch = glitches[asset]?.contains(minute) ?? false
      var frame = MessageFrameBuilder()
      Array("p/\(asset)/energy".utf8).withUnsafeBytes { topic in
        Array("\(isGlitch ? 0 : value)".utf8).withUnsafeBytes {
          frame.append(topic: topic, payload: $0, packetID: 0, retained: false)
        }
      }
      process(.messages, received: Self.start + .minutes(Int64(minute)) + .seconds(second), body: frame.bytes)
    }
    for minute in 0..<1_500 {
      send("a", value: 100 + Double(minute) / 64, minute: minute, second: 0)
      // Sometimes twice between two readings of the other, sometimes not at all.
      if minute % 3 != 1 { send("b", value: 5_000 + Double(minute) / 32, minute: minute, second: 20) }
      if minute % 3 == 2 { send("b", value: 5_000 + Double(minute) / 32 + 1 / 128, minute: minute, second: 40) }
      process(.tick, received: Self.start + .minutes(Int64(minute)) + .seconds(50))
      let text = String(decoding: processor.encoder.drain(upTo: 0).bytes, as: UTF8.self)
      for line in text.split(separator: "\n") where line.hasPrefix(start) {
        let parts = line.split(separator: " ")
        last["\(parts[2])"] = "\(parts[1])"
      }
    }
    return last
  }

  private func energy(_ fields: String) -> Double? {
    fields.split(separator: ",").first { $0.hasPrefix("energy_kwh=") }.flatMap { Double($0.dropFirst(11)) }
  }

  @Test(
    arguments: [["a": [600]], ["a": [600, 601, 602]], ["b": [600]], ["a": [300, 600], "b": [450, 900]]]
      as [[String: Set<Int>]])
  func `a glitch of an input leaves the day's energy of a derived counter as it is`(_ glitches: [String: Set<Int>])
    throws
  {
    let day = "clean_1d,plant=p,asset=house,sensor=energy"
    let sound = try #require(lines(day, glitches: [:])["\(Self.start.nanoseconds / 1_000_000)"].flatMap(energy))
    let disturbed = try #require(
      lines(day, glitches: glitches)["\(Self.start.nanoseconds / 1_000_000)"].flatMap(energy))
    #expect(abs(sound - 1_440 * 3 / 64.0) < 0.1 && abs(disturbed - sound) < 1e-6, "\(disturbed) for \(sound)")
  }

  @Test func `the derived series is at last that of the readings without the glitch, but for its quality`() throws {
    let series = "clean,plant=p,asset=house,sensor=energy"
    let sound = lines(series, glitches: [:])
    let disturbed = lines(series, glitches: ["a": [600]])
    #expect(Set(sound.keys) == Set(disturbed.keys) && sound.count > 1_500)
    let different = sound.keys.filter { sound[$0] != disturbed[$0] }.sorted()
    // The minute of the glitch, until the next reading.
    #expect(different.count <= 3 && different.allSatisfy { disturbed[$0]?.contains("quality=4i") == true })
  }
}
