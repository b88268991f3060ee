import PlantModel
import Testing
import WattlineTime

@testable import PlantConfig

@Suite("Keys of savings")
struct SavingsSettingsTests {
  private func load(_ text: String, assets: String = "roof: {kind: weather}") -> LoadedConfiguration {
    let file = """
      plant: p
      location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
      topics: [{match: "p/{asset}/{sensor}"}]
      assets: {main: {kind: meter}, boiler: {kind: generic}, \(assets)}
      tariff: {import: 0.3}
      savings: \(text)

      """
    return ConfigurationLoader.load(files: [("p.yaml", Array(file.utf8))], environment: [:]) { _ in nil }
  }

  private func day(_ year: Int, _ month: Int, _ day: Int) -> Int {
    CivilTime.daysSinceEpoch(year: year, month: month, day: day)
  }

  private static let year = "baseline: {from: 2024-01-01, to: 2024-12-31}"

  @Test func `one meter is read with its defaults, and the only weather station has its temperature`() throws {
    let loaded = load("{meter: main, \(Self.year)}")
    #expect(loaded.diagnostics.isEmpty && loaded.warnings.allSatisfy { !$0.message.contains("savings") })
    let plan = try #require(loaded.plants.first?.savings.first)
    #expect(plan.asset == "main" && plan.sensor == nil && plan.meter == "main" && plan.fuel == .electricity)
    #expect(plan.temperature == SensorName(asset: "roof", sensor: "temperature"))
    #expect(plan.baseline == day(2024, 1, 1)...day(2024, 12, 31) && plan.reportingStart == day(2025, 1, 1))
    #expect(plan.confidence == 0.9 && plan.price == nil && plan.guarantee == nil && plan.measures.isEmpty)
  }

  @Test func `further independent variables are sensors, each once`() throws {
    let loaded = load("{meter: main, \(Self.year), variables: [boiler.pieces, roof.humidity]}")
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    let names = try #require(loaded.plants.first?.savings.first).variables.map(\.description)
    #expect(names == ["boiler.pieces", "roof.humidity"])
  }

  @Test func `a list of meters is read with measures in order, prices and the contract`() throws {
    let loaded = load(
      """
      [{meter: main, \(Self.year)},
        {meter: boiler.gas_energy_kwh, fuel: gas, price: 0.09, carbon: 0.202, confidence: 0.8, \(Self.year),
         temperature: roof.temperature, guarantee: {kwh: 30000, from: 2025-06-01},
         measures: [{date: 2025-09-01, name: windows},
           {date: 2025-02-01, name: boiler, cost: 12000, changes: "condensing boiler"}]}]
      """)
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    let plan = try #require(loaded.plants.first?.savings.last)
    #expect(plan.meter == "boiler.gas_energy_kwh" && plan.fuel == .gas && plan.price == 0.09)
    #expect(plan.carbonIntensity == 0.202 && plan.confidence == 0.8 && plan.reportingStart == day(2025, 2, 1))
    #expect(
      plan.measures == [
        .init(date: day(2025, 2, 1), name: "boiler", cost: 12_000, changes: "condensing boiler"),
        .init(date: day(2025, 9, 1), name: "windows"),
      ])
    #expect(plan.guarantee == .init(kilowattHoursPerYear: 30_000, from: day(2025, 6, 1)))
  }

  @Test func `changes of a measure are words, or quantities of the building`() throws {
    let loaded = load(
      """
      {meter: main, \(Self.year), building: {area: 500, lighting: 10.8},
        measures: [{date: 2025-02-01, name: lamps, resized: true, changes: {lighting: "-50 %", cooling_setpoint: "+1 K"}}]}
      """)
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    let plan = try #require(loaded.plants.first?.savings.first)
    #expect(plan.building?.given[.area]?.value == 500)
    #expect(plan.measures[0].quantities == [.lighting: .factor(0.5), .coolingSetpoint: .amount(1)])
    #expect(plan.measures[0].changes == "lighting −50 %, cooling_setpoint +1" && plan.measures[0].isResized)
    let bare = load("{meter: main, \(Self.year), measures: [{date: 2025-02-01, name: m, changes: {lighting: 5}}]}")
    #expect(bare.warnings.contains { $0.message.contains("there is no 'building'") })
  }

  @Test(arguments: [
    ("{\(year)}", "savings needs 'meter', such as meter: main"),
    ("{meter: mian, \(year)}", "'meter' is 'mian', which is no asset and no asset.sensor"),
    ("{meter: roof, \(year)}", "'roof' is a weather, which counts no energy"),
    ("{meter: main.voltage, \(year)}", "'voltage' is a voltage in V; savings need a power or an energy"),
    ("{meter: main, temperature: roof, \(year)}", "write asset.sensor, such as roof.temperature"),
    ("{meter: main, temperature: roof.humidity, \(year)}", "not a temperature"),
    ("{meter: main}", "savings needs 'baseline', the year before"),
    ("{meter: main, baseline: {from: 2024-01-01}}", "baseline needs 'to'"),
    ("{meter: main, baseline: {from: 2024-01-01, to: 2024-06-30}}", "the baseline is 182 days long; a model of all"),
    ("{meter: main, baseline: {from: 2024-12-31, to: 2024-01-01}}", "the baseline is 0 days long"),
    ("{meter: main, baseline: {from: 2024-02-30, to: 2024-12-31}}", "'from' is '2024-02-30', which is no date"),
    ("{meter: main, \(year), measures: {date: 2025-02-01, name: a}}", "'measures' must be a list"),
    ("{meter: main, \(year), measures: [{date: 2024-06-01, name: a}]}", "lies in or before the baseline"),
    ("{meter: main, \(year), measures: [{name: a}]}", "the measure needs 'date'"),
    ("{meter: main, \(year), measures: [{date: 2025-06-01}]}", "the measure needs 'name'"),
    ("{meter: main, \(year), reporting: 2024-06-01}", "it must come after the baseline, which ends on 2024-12-31"),
    ("{meter: main, \(year), guarantee: {from: 2025-02-01}}", "guarantee needs 'kwh'"),
    ("{meter: main, \(year), guarantee: {kwh: 0}}", "must be the guaranteed saving of a year in kWh, above 0"),
    ("{meter: main, \(year), guarantee: {kwh: 9, from: 2024-02-01}}", "before the reporting period"),
    ("{meter: main, \(year), variables: boiler.pieces}", "'variables' must be a list of sensors"),
    ("{meter: main, \(year), variables: [boiler]}", "write asset.sensor, such as boiler.pieces"),
    ("{meter: main, \(year), variables: [x.pieces]}", "'variables' is 'x.pieces', which is no asset"),
    ("{meter: main, \(year), variables: [roof.a, roof.a]}", "'roof.a' stands twice under 'variables'"),
    ("{meter: main, \(year), fuel: elec}", "'fuel' is 'elec'; it must be one of electricity, gas, heat"),
    ("[{meter: main, \(year)}, {meter: main, \(year)}]", "the meter 'main' stands twice"),
    ("{meter: main, \(year), mesures: []}", "did you mean 'measures'?"),
  ])
  func `mistakes are told with what to write`(text: String, words: String) {
    #expect(load(text).diagnostics.contains { $0.message.contains(words) }, "\(load(text).diagnostics)")
  }

  @Test func `a plant without weather station is asked for the sensor, and gas without price is warned of`() {
    let none = load("{meter: main, \(Self.year)}", assets: "x: {kind: load}")
    #expect(none.diagnostics.contains { $0.message.contains("the plant has no asset of kind weather") })
    let gas = load("{meter: boiler.gas_energy_kwh, fuel: gas, \(Self.year)}")
    #expect(gas.warnings.contains { $0.message.contains("write 'price' for a kWh of gas") })
  }
}
