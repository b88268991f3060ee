import PlantModel
import Testing
import WattlineTime

@testable import PlantConfig

private let head = """
  plant: p
  location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}

  """

private func load(_ text: String, prices: String? = nil) -> LoadedConfiguration {
  ConfigurationLoader.load(files: [("p.yaml", Array((head + text).utf8))], environment: [:]) { path in
    path == "prices.csv" ? prices : nil
  }
}

@Suite("Tariffs, flexible assets and commands in a plant's file")
struct TariffTests {
  private func price(_ tariff: Tariff, month: Int, day: Int, hour: Int) -> Double? {
    let local = CivilTime(year: 2026, month: month, day: day, hour: hour)
    return tariff.importPrice(at: local.utc, local: local)
  }

  @Test func `a tariff by season and day type, with export, demand charge and carbon, is read as it is meant`() throws {
    let loaded = load(
      """
      tariff:
        import:
          - {price: 0.2}
          - {from: "16:00", to: "21:00", price: 0.5, months: jun-sep, days: workdays}
          - {from: "16:00", to: "21:00", price: 0.4, months: [nov-feb, 3], days: [mon, sat-sun]}
        export: [{price: 0.05}, {from: "10:00", to: "14:00", price: -0.01, days: weekend}]
        demand_charge: 15
        carbon: {intensity: 0.35, weight: 0.1}
      """)
    try #require(loaded.diagnostics.map(\.description) == [])
    let tariff = try #require(loaded.plants.first).tariff
    // 2026-07-06 is a Monday, 2026-07-11 a Saturday, 2026-01-05 a Monday, 2026-01-06 a Tuesday.
    #expect(
      price(tariff, month: 7, day: 6, hour: 17) == 0.5 && price(tariff, month: 7, day: 11, hour: 17) == 0.2
        && price(tariff, month: 7, day: 6, hour: 21) == 0.2)
    #expect(
      price(tariff, month: 1, day: 5, hour: 17) == 0.4 && price(tariff, month: 1, day: 6, hour: 17) == 0.2
        && price(tariff, month: 3, day: 7, hour: 17) == 0.4)
    let saturday = CivilTime(year: 2026, month: 7, day: 11, hour: 12)
    #expect(tariff.exportPrice(at: saturday.utc, local: saturday) == -0.01)
    #expect(tariff.demandCharge == 15 && tariff.carbonIntensity == 0.35 && tariff.carbonWeight == 0.1)
  }

  @Test func `prices by date hold until the next row, and travel with the plant's file`() throws {
    let text = "time,import,export\n2026-10-01T10:00Z,0.3,-0.02\n# later\n2026-10-01 13:00+02:00,0.1,\n"
    let loaded = load("tariff: {prices: prices.csv, import: 0.25, export: 0.06}", prices: text)
    try #require(loaded.diagnostics.map(\.description) == [])
    #expect(loaded.sources.files.map(\.name) == ["p.yaml", "prices.csv"])
    let again = try #require(loaded.sources.plants.first)
    #expect(again == loaded.plants.first)
    let ten = CivilTime(year: 2026, month: 10, day: 1, hour: 10)
    let prices = [-1, 0, 59, 60, 119, 120].map {
      again.tariff.importPrice(at: ten.utc + .minutes($0), local: ten)
    }
    #expect(prices == [0.25, 0.3, 0.3, 0.1, 0.1, 0.25])
    #expect([0, 60].map { again.tariff.exportPrice(at: ten.utc + .minutes($0), local: ten) } == [-0.02, 0.06])
  }

  @Test func `expected weather is read by the names of its columns, and travels with the plant's file`() throws {
    let text = "time,wind_speed,temperature\n2026-10-01T11:00Z,,9.5\n2026-10-01T10:00Z,3,-1\n"
    let loaded = load("weather: {forecast: prices.csv}", prices: text)
    try #require(loaded.diagnostics.map(\.description) == [])
    let again = try #require(loaded.sources.plants.first)
    let ten = CivilTime(year: 2026, month: 10, day: 1, hour: 10).utc
    #expect(again.weather.rows(from: ten, until: ten + .day).map(\.values) == [[-1, nil, 3], [9.5, nil, nil]])
    #expect(again.weather.rows(from: ten + .minutes(1), until: ten + .hour).isEmpty)
  }

  @Test func `a battery's reserve, ramp and wear, and how assets are commanded, are read as they are meant`() throws {
    let loaded = load(
      """
      assets: {b: {kind: battery, energy_kwh: 10, power_kw: 5, reserve: 0.2, ramp_kw_per_minute: 2, wear_price: 0.04}}
      commands: {mode: confirm, min_on: 30m, min_off: 1h, valid: 10m, response: 3m}
      """)
    try #require(loaded.diagnostics.map(\.description) == [])
    let plant = try #require(loaded.plants.first)
    #expect(plant.assets[0].reserveStateOfCharge == 0.2 && plant.assets[0].rampKilowattsPerMinute == 2)
    #expect(plant.assets[0].wearPrice == 0.04)
    let commands = plant.commands
    #expect(commands.mode == .confirm && commands.minimumOn == .minutes(30) && commands.minimumOff == .hour)
    #expect(commands.validity == .minutes(10) && commands.response == .minutes(3))
  }

  @Test(
    arguments: [
      (
        "tariff: {import: [{price: 0.2, days: freeday}]}", nil,
        "p.yaml:3:38: error: 'days' has 'freeday'; write workdays, weekend, days like mon, a range like mon-thu, or a "
          + "list of these"
      ),
      (
        "tariff: {import: [{price: 0.2, months: [13]}]}", nil,
        "p.yaml:3:41: error: 'months' has '13'; write months like jun, a range like jun-sep, or a list of these"
      ),
      (
        "tariff: {demand_charge: -1}", nil,
        "p.yaml:3:25: error: 'demand_charge' is '-1'; it must be a price from 0 a kW of the month's peak"
      ),
      (
        "tariff: {carbon: {intensty: 0.3}}", nil,
        "p.yaml:3:19: error: carbon has no key 'intensty'; did you mean 'intensity'?"
      ),
      (
        "tariff: {prices: none.csv}", nil,
        "p.yaml:3:18: error: the file 'none.csv' cannot be read; 'prices' names a CSV of time,import,export"
      ),
      (
        "tariff: {prices: ../x.csv}", nil,
        "p.yaml:3:18: error: 'prices' is '../x.csv'; name a .csv file in the same folder"
      ),
      (
        "tariff: {prices: prices.csv}", "time,import\n2026-10-01 late,0.3",
        "prices.csv:2:1: error: '2026-10-01 late' is no time; write one with its zone like 2026-10-01T14:00Z"
      ),
      (
        "tariff: {prices: prices.csv}", "2026-10-01T10:00Z,x",
        "prices.csv:1:19: error: 'x' is no price a kWh, such as 0.21"
      ),
      (
        "tariff: {prices: prices.csv}", "time,import\n",
        "prices.csv:1:1: error: the file has no rows; write time,import,export"
      ),
      (
        "weather: {forecast: prices.csv}", "time,temp\n2026-10-01T10:00Z,3",
        "prices.csv:1:6: error: there is no column 'temp'; known are temperature, irradiance, wind_speed"
      ),
      (
        "weather: {forecast: prices.csv}", "2026-10-01T10:00Z,3",
        "prices.csv:1:1: error: a first row must name the columns, as time,temperature,irradiance,wind_speed"
      ),
      (
        "weather: {forecast: prices.csv}", "time,temperature\n2026-10-01T10:00Z,291",
        "prices.csv:2:19: error: '291' is no temperature, -90 to 70 celsius"
      ),
      (
        "weather: {forecast: prices.csv}", "time,temperature\n2026-10-01T10:00Z,3,4",
        "prices.csv:2:1: error: the row has 3 cells, the first row names 2"
      ),
      (
        "weather: {}", nil,
        "p.yaml:3:10: error: weather needs 'forecast', such as forecast: riverside-weather.csv"
      ),
      (
        "assets: {a: {kind: load, wear_price: 0.1}}", nil,
        "p.yaml:3:38: error: 'wear_price' is for batteries; 'a' is a load"
      ),
      (
        "assets: {a: {kind: battery, reserve: 0.95, soc_max: 0.9}}", nil,
        "p.yaml:3:38: error: 'reserve' is 0.95; it must be below 'soc_max', 0.9"
      ),
      (
        "commands: {mode: auto}", nil,
        "p.yaml:3:18: error: 'mode' is 'auto'; it must be one of advise, confirm, automatic"
      ),
      (
        "commands: {valid: 3}", nil, "p.yaml:3:19: error: 'valid' is '3'; write a time from 1m to 24h, such as 15m"
      ),
    ] as [(String, String?, String)])
  func `a mistake is told with its place and what would be right`(text: String, prices: String?, message: String) {
    #expect(load(text, prices: prices).diagnostics.map(\.description) == [message])
  }
}
