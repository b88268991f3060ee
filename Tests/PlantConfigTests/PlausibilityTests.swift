import PlantModel
import Testing

@testable import PlantConfig

private func load(_ assets: String) -> LoadedConfiguration {
  let text = """
    plant: p
    location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
    assets:
      \(assets.split(separator: "\n").joined(separator: "\n  "))
    """
  return ConfigurationLoader.load(files: [("p.yaml", Array(text.utf8))], environment: [:]) { _ in nil }
}

@Suite("Plausibility of assets")
struct PlausibilityTests {
  @Test(arguments: [
    ("energy_kwh: 0, power_kw: 5", "such as 10"), ("energy_kwh: 10, power_kw: 0", "such as 5"),
    ("energy_kwh: 10, capacity_kw: 0", "such as 5"),
    ("energy_kwh: 10, power_kw: 5, soc_min: 0.5, soc_max: 0.5", "'soc_min' is 0.5; it must be below 'soc_max'"),
    ("energy_kwh: 10, power_kw: 5, soc_min: 0.7, soc_max: 0.2", "which is 0.2"),
    ("energy_kwh: 10, power_kw: 5, soc_min: 1.0", "which is 0.95 if it is left out"),
    ("energy_kwh: 10, power_kw: 5, soc_max: 0.1", "which is 0.1 if it is left out"),
    ("energy_kwh: 10, power_kw: 5, efficiency: 92", "write 0.92"),
    ("energy_kwh: 10, power_kw: 5, efficiency: 1.05", "at most 1, such as 0.92"),
    ("energy_kwh: 10, power_kw: 5, efficiency: 0", "above 0"),
    ("energy_kwh: 10, power_kw: 5, soc_min: 20", "write 0.2"),
    ("energy_kwh: 10, power_kw: 5, soc_max: 90", "write 0.9"),
    ("energy_kwh: 10, power_kw: 5, reserve: 30", "write 0.3"),
    ("energy_kwh: 10, power_kw: 5, reserve: 0.96", "below 'soc_max', 0.95"),
    ("energy_kwh: 10, power_kw: 5, soc_min: -0.1", "a share from 0 to 1"),
  ])
  func `a battery that cannot be is refused with what would be right`(keys: String, right: String) {
    let loaded = load("bess: {kind: battery, \(keys)}")
    #expect(loaded.diagnostics.count == 1)
    #expect(loaded.diagnostics.first?.message.contains(right) == true, "\(loaded.diagnostics)")
    #expect(loaded.diagnostics.first?.line == 4)
  }

  @Test func `a battery of sound figures, or of sizes that are not known, is taken without a word`() {
    for keys in ["", ", energy_kwh: 10, power_kw: 5, soc_min: 0, soc_max: 1, efficiency: 1", ", soc_min: 0.2"] {
      let loaded = load("bess: {kind: battery\(keys)}")
      #expect(loaded.diagnostics.isEmpty && loaded.warnings.isEmpty, "\(loaded.diagnostics) \(loaded.warnings)")
    }
  }

  @Test func `an energy in Wh, a size of 0 and a limit that the loads exceed are taken with a warning`() throws {
    let energy = load("bess: {kind: battery, energy_kwh: 10000, power_kw: 5}")
    #expect(energy.isValid && energy.warnings.count == 1)
    #expect(energy.warnings.first?.description.hasPrefix("p.yaml:4:") == true)
    #expect(energy.warnings.first?.description.contains(": warning: ") == true)
    #expect(load("pv1: {kind: pv, capacity_kw: 0}").warnings.count == 1)
    let plant = "grid: {kind: grid, import_limit_kw: 20}\nload: {kind: load, capacity_kw: 40}\n"
    let limit = try #require(load(plant).warnings.first)
    #expect(limit.line == 4 && limit.message.contains("40.0 kW (load)"))
    #expect(load(plant + "bess: {kind: battery, energy_kwh: 50, power_kw: 25}").warnings.isEmpty)
    #expect(load(plant + "car: {kind: ev_charger, power_kw: 100}").warnings.count == 1)
    #expect(load(plant.replacing("40", with: "15")).warnings.isEmpty)
  }
}
