import PlantModel
import Testing
import WattlineTime

@testable import PlantSimulation

@Suite("Simulated kinds of assets")
struct SimulatedKindsTests {
  @Test(arguments: AssetKind.allCases)
  func `every kind is simulated, and its readings are plausible`(kind: AssetKind) {
    let location = Location(latitude: 48, longitude: 11, timezone: "Europe/Berlin")
    let asset = Asset(name: "a", kind: kind)
    let plant = Plant(name: "p", location: location, assets: [asset, Asset(name: "load", kind: .load)])
    var simulator = PlantSimulator(plant: plant, seed: 5, start: Timestamp(seconds: 1_750_000_000), step: .minute)
    var register = PlantRegister(plant: plant)
    var readings: [SimulatedReading] = []
    var seen: Set<String> = []
    for _ in 0..<600 {
      simulator.advance(into: &readings)
      for reading in readings where reading.asset == "a" {
        let series = register.admit(asset: "a", sensor: reading.sensor)
        let profile = register.series[series.position].profile
        let value = profile.unit?.canonical(reading.value) ?? reading.value
        #expect(profile.range.contains(value), "\(kind) \(reading.sensor) \(value)")
        seen.insert(reading.sensor)
      }
    }
    #expect(seen.contains("power") == (kind.role != .none) && !seen.isEmpty)
  }
}
