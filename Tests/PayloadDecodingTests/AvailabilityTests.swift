import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import PayloadDecoding

@Suite("Whether a device is there")
struct AvailabilityTests {
  private func bench() -> DecoderBench {
    let words = ValueDetail(words: ["online": 1, "gone": 0])
    var plant = Plant(
      name: "p", location: Location(latitude: 0, longitude: 0, timezone: "UTC"),
      topics: [
        TopicRule(match: "z/{asset}/availability", payload: .availability, detail: words, retained: .accept),
        TopicRule(match: "z/{asset}/{sensor}"),
      ])
    plant.assets = [Asset(name: "heater", kind: .generic)]
    return DecoderBench(plants: [plant])
  }

  @Test(arguments: [
    ("gone", false), ("online", true), ("{\"state\":\"gone\"}", false),
    ("{ \"state\" : \"online\", \"x\": 1 }", true),
    ("\"gone\"", false),
  ])
  func `the word alone and the word in an object tell it, and no reading comes of them`(payload: String, isOnline: Bool)
  {
    var bench = bench()
    let outcome = bench.send(Array("z/heater/availability".utf8), payload: Array(payload.utf8))
    #expect(outcome == .understood(plant: 0))
    #expect(bench.batches[0].isEmpty)
    let changes = bench.decoder.drainAvailability(plant: 0, in: bench.registers[0])
    #expect(changes.map(\.isOnline) == [isOnline])
    #expect(changes.map(\.asset) == [AssetIndex(0)])
  }

  @Test(arguments: ["offline", "{\"status\":\"gone\"}", "{}", "1"])
  func `another word is refused, and says nothing of the device`(payload: String) {
    var bench = bench()
    guard case .refused = bench.send(Array("z/heater/availability".utf8), payload: Array(payload.utf8)) else {
      Issue.record("\(payload) was taken")
      return
    }
    #expect(bench.decoder.drainAvailability(plant: 0, in: bench.registers[0]).isEmpty)
  }
}
