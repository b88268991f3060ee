import PlantModel
import Testing
import WattlineTime

@testable import PlantConfig

private func load(_ tariff: String, csv: String = "", currency: String = "EUR") -> LoadedConfiguration {
  let text = """
    plant: p
    location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
    currency: \(currency)
    tariff: \(tariff)
    """
  return ConfigurationLoader.load(files: [("p.yaml", Array(text.utf8))], environment: [:]) { _ in csv }
}

@Suite("Files of prices")
struct PriceFileTests {
  private static let start = CivilTime(year: 2026, month: 6, day: 9, hour: 22).utc

  @Test(arguments: [
    "\u{FEFF}time,import\n2026-06-10T00:00+02:00,0.30\n2026-06-10T01:00+02:00,0.28\n",
    "time;import\r\n2026-06-10T00:00+02:00;0,30\r\n2026-06-10T01:00+02:00;0,28\r\n",
    "sep=;\ntime;import\n2026-06-10T00:00+02:00;0,30\n2026-06-10T01:00+02:00;0,28;\n",
    "Time,Import\n2026-06-10T00:00+02:00,0.30\n2026-06-10T01:00+02:00,0.28\n",
    "time,import\n2026-06-10 00:00:00 +0200,0.30\n2026-06-10 01:00:00 +0200,0.28\n",
    "timestamp\tprice\n2026-06-10T00:00+02:00\t0.30\n2026-06-10T01:00+02:00\t0.28\n",
    "\"time\",\"import\"\n\"2026-06-10T00:00+02:00\",\"0,30\"\n\"2026-06-10T01:00+02:00\",\"0.28\"\n",
    "# day ahead\n\nDate;Spot Price [EUR/MWh]\n2026-06-10T00:00+02:00;300,0\n2026-06-10T01:00+02:00;280\n",
    "time,price_ct_kwh\n2026-06-10T00:00+02:00,30\n2026-06-10T01:00+02:00,28\n",
    "time,import,export\n2026-06-10T00:00+02:00,0.30,\n2026-06-10T01:00+02:00,0.28,\n",
    // On the plant's own clock.
    "time,import\n2026-06-10T00:00,0.30\n2026-06-10T01:00,0.28\n",
    "Market prices\n\nDatum;von;bis;Zone;Preis in ct/kWh\n10.06.2026;00:00;01:00;A;30,0\n10.06.2026;01:00;02:00;A;28,0\n",
    "Date|Hour|Price (EUR/MWh)\n2026-06-10|1|300\n2026-06-10|2|280\n",
  ])
  func `a list is read whatever wrote it`(csv: String) throws {
    let loaded = load("{prices: list.csv}", csv: csv)
    try #require(loaded.diagnostics.map(\.description) == [])
    let schedule = try #require(loaded.plants.first).tariff.schedule
    #expect(schedule.slots.map(\.start) == [Self.start, Self.start + .hour])
    #expect(zip(schedule.slots, [0.3, 0.28]).allSatisfy { abs($0.importPrice - $1) < 1e-12 })
    #expect(loaded.warnings.isEmpty)
  }

  @Test func `columns are told by their names, in any order`() throws {
    let loaded = load("{prices: list.csv}", csv: "time;Export;Import\n2026-06-10T00:00+02:00;-0,02;0,3\n")
    let slot = try #require(loaded.plants.first?.tariff.schedule.slots.first)
    #expect(slot.importPrice == 0.3 && slot.exportPrice == -0.02)
  }

  @Test(
    arguments: [
      ("when,import\n2026-06-10T00:00Z,1", "list.csv:1:1: error: the first column is called 'when'; it must be 'time'"),
      (
        "time,import\n2026-06-10T00:00Z,0,30",
        "list.csv:2:1: error: a row has a time, an import price and perhaps an export price, and this one has 3 cells; "
          + "the first row names 2; if the decimal mark is a comma, cells must be separated by a semicolon"
      ),
      (
        "time,import,colour\n2026-06-10T00:00Z,1,2",
        "list.csv:1:13: error: there is no column 'colour'; name them time, import and export"
      ),
      (
        "time,price,import\n2026-06-10T00:00Z,1,2",
        "list.csv:1:12: error: 'import' is a second column of import prices; leave one out, and name the others time, "
          + "import and export"
      ),
      (
        "time,export\n2026-06-10T00:00Z,1",
        "list.csv:1:1: error: no column has import prices; name them time, import and export"
      ),
      ("t\0i\0m\0e\0", "list.csv:1:1: error: no column has import prices; name them time, import and export"),
      ("time;import\n2026-06-10T00:00Z;\"0,3", "list.csv:2:1: error: a quotation mark is not closed"),
      (
        "time,import\n03/04/2026 00:00,0.3",
        "list.csv:2:1: error: the date '03/04/2026 00:00' may be day first or month first, and no row tells which; write "
          + "dates: day-first or dates: month-first beside the file's name, as {file: list.csv, dates: day-first}"
      ),
      ("time,import\n2026-06-10T00:00Z,1,,,", nil),
      ("time,import\n2026-06-10T00:00Z,nan", "list.csv:2:19: error: 'nan' is no price a kWh, such as 0.21"),
    ] as [(String, String?)])
  func `what is not understood is told with its place and what would be right`(csv: String, message: String?) {
    let told = load("{prices: list.csv}", csv: csv).diagnostics.map(\.description)
    #expect(told == (message.map { [$0] } ?? []))
  }

  @Test func `a list in another unit is scaled by the unit that is told for it, or for the whole tariff`() throws {
    let csv = "time,import,export\n2026-06-10T00:00Z,85,-10\n"
    for tariff in [
      "{prices: {file: list.csv, unit: EUR/MWh}, import: 0.3}", "{prices: list.csv, import: 300, unit: €/MWh}",
    ] {
      let loaded = load(tariff, csv: csv)
      try #require(loaded.diagnostics.map(\.description) == [])
      let read = try #require(loaded.plants.first).tariff
      #expect(abs(read.schedule.slots[0].importPrice - 0.085) < 1e-12)
      #expect(abs((read.schedule.slots[0].exportPrice ?? 0) + 0.01) < 1e-12)
      #expect(abs(read.importPeriods[0].price - 0.3) < 1e-12)
      #expect(loaded.warnings.isEmpty)
    }
    let cents = try #require(load("{import: 31.5, export: 8, unit: ct/kWh}").plants.first).tariff
    #expect(abs(cents.importPeriods[0].price - 0.315) < 1e-12 && abs(cents.exportPrice - 0.08) < 1e-12)
    for unit in ["USD/MWh", "kWh", "EUR/kW", "EUR/m3", "EUR"] {
      let told = load("{import: 0.3, unit: \(unit)}").diagnostics
      #expect(told.count == 1 && told[0].message.contains("write EUR/kWh, EUR/MWh or ct/kWh"), "\(told)")
    }
  }

  @Test func `prices far from any of the currency are taken with a warning that names what is probably meant`() throws {
    let list = load("{prices: list.csv}", csv: "time,import\n2026-06-10T00:00Z,85.32\n2026-06-10T01:00Z,79.10\n")
    #expect(list.isValid)
    let told = try #require(list.warnings.first).description
    #expect(told.hasPrefix("p.yaml:4:18: warning: prices like 85.32 a kWh are far above any in EUR"))
    #expect(told.contains("EUR/MWh") && told.contains("ct/kWh"))
    #expect(load("{import: 31}", currency: "JPY").warnings.isEmpty)
    #expect(load("{import: 0.31}", currency: "JPY").warnings.count == 1)
    #expect(load("{import: 85}", currency: "XYZ").warnings.isEmpty)
    #expect(load("{import: 0.3, export: 40}").warnings.count == 1)
    #expect(load("{import: 0.3, export: 0.0001}").warnings.isEmpty)
  }

  @Test func `a demand charge is a price, or a price and the interval of its peak`() throws {
    let plain = try #require(load("{demand_charge: 12}").plants.first).tariff
    #expect(plain.demandCharge == 12 && plain.demandInterval == .minutes(15))
    for (text, interval) in [("15m", TimeSpan.minutes(15)), ("30m", .minutes(30)), ("60m", .hour), ("1h", .hour)] {
      let tariff = try #require(load("{demand_charge: {price: 9, interval: \(text)}}").plants.first).tariff
      #expect(tariff.demandCharge == 9 && tariff.demandInterval == interval)
    }
    let wrong = load("{demand_charge: {price: 9, interval: 20m}}").diagnostics.map(\.description)
    #expect(wrong == ["p.yaml:4:46: error: 'interval' is '20m'; it must be 15m, 30m or 60m"])
    #expect(load("{demand_charge: {interval: 15m}}").diagnostics.count == 1)
  }
}
