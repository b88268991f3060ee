import PlantConfig
import PlantModel
import Testing

/// Units of prices in a plant file, which depend on the plant's money.
struct CurrencyTests {
  private func load(_ currency: String) -> LoadedConfiguration {
    let text = """
      plant: p
      location: {latitude: 48, longitude: 11, timezone: Europe/Berlin}
      currency: \(currency)
      assets: {grid: {kind: grid}}
      topics:
        - {match: "a/{asset}/price", sensor: price, unit: Rp/kWh}
        - {match: "b/{asset}", values: {price: {at: /p, unit: Rp/kWh}}}
      sensors: [{match: "grid.export_price", unit: Rp/kWh}]
      """
    return ConfigurationLoader.load(files: [("p.yaml", Array(text.utf8))], environment: [:]) { _ in nil }
  }

  @Test(arguments: [("CHF", 0.01), ("IDR", 1)])
  func `the rappen of a Swiss plant is known wherever a unit is written`(currency: String, scale: Double) throws {
    let loaded = load(currency)
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    let plant = try #require(loaded.plants.first)
    #expect(plant.topics.map { $0.detail.unit?.scale } == [scale, nil])
    #expect(plant.topics[1].values[0].detail.unit?.scale == scale && plant.sensors[0].unit?.scale == scale)
  }

  @Test func `where the money has no Rp, it is a mistake at each of its places`() {
    #expect(load("EUR").diagnostics.count == 3)
  }
}
