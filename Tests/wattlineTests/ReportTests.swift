import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@Suite("wattline report")
struct ReportTests {
  private static let plant = """
    plant: o'hill
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    currency: EUR
    assets:
      bess: {kind: battery, energy_kwh: 100, power_kw: 50, efficiency: 1, soc_min: 0, soc_max: 1}
      load: {kind: load}
      grid: {kind: grid}
    tariff: {import: 0.3, export: 0.1, demand_charge: 2, carbon: {intensity: 0.4}}
    """

  /// Local March 2026 begins an hour before that of UTC: two days of it with 20 kW of load, and a battery that gives
  /// and takes 5 kW in turn, an hour each.
  private static func lines() -> String {
    let start = CivilTime(year: 2026, month: 3, day: 1).utc - .hour
    var lines: [String] = []
    for minute in -60..<2 * 1440 {
      let time = (start + .minutes(Int64(minute))).milliseconds
      let isGiving = (minute + 60) / 60 % 2 == 0
      let grid = isGiving ? 15.0 : 25
      lines.append(
        "kpi,plant=o'hill grid_kw=\(grid),battery_kw=\(20 - grid),cost=\(grid * 0.3 / 60),carbon_kg=\(grid * 0.4 / 60) "
          + "\(time)")
      if minute % 15 == 0 {
        let given = 5 * Double((minute + 60) % 60) / 60 / 100
        let soc = isGiving ? 0.5 - given : 0.45 + given
        lines.append("dispatch,plant=o'hill,asset=bess soc=\(soc),price=0.3,recommended_kw=5 \(time)")
      }
      if minute % 60 == 0 {
        for asset in ["load", "grid"] {
          lines.append("clean_1h,plant=o'hill,asset=\(asset),sensor=power,unit=kW mean=1,good_share=0.5 \(time)")
        }
      }
    }
    return lines.joined(separator: "\n")
  }

  /// A database with these lines and a folder that knows it, while `body` runs.
  private func inSite(_ lines: String = Self.lines(), body: (String) throws -> Void) throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    try influx.write(lines)
    let folder = try TemporaryFolder(prefix: "wattline-report")
    defer { folder.remove() }
    let process = "influxdb: {url: \"\(influx.url)\", database: wattline}"
    for (name, text) in ["hill.yaml": Self.plant, "wattline.yaml": process] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }
    try body(folder.path)
  }

  @Test func `a month is told as JSON, CSV and text from a real database, with what is missing of it`() throws {
    try inSite { folder in
      let result = try Program.run("report", "--config", folder, "--month", "2026-03", "--format", "json")
      try #require(result.code == 0, "\(result)")
      let documents = try #require(
        try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
      let report = try #require(documents.first)
      func number(_ name: String) -> Double { report[name] as? Double ?? .nan }
      #expect(report["plant"] as? String == "o'hill" && report["month"] as? String == "2026-03")
      #expect(report["complete_month"] as? Bool == true)
      // The hour before belongs to February; March has 743 hours in Berlin.
      #expect(number("elapsed_hours") == 743)
      #expect(abs(number("covered_hours") - 48) < 0.01)
      #expect(abs(number("bought_kwh") - 48 * 20) < 0.5)
      #expect(number("sold_kwh") == 0)
      #expect(abs(number("energy_cost") - 48 * 20 * 0.3) < 0.01)
      #expect(number("peak_kw") == 25 && number("demand_cost") == 50)
      #expect(report["peak_time"] as? String == "2026-02-28T23:00:00Z")
      #expect(abs(number("carbon_kg") - 384) < 0.01)
      #expect(abs(number("full_cycles") - 48 * 5.0 / 200) < 0.01)
      // Energy costs the same at all times; 5 kW more of peak cost 10.
      #expect(abs(number("saving_vs_nothing") + 10) < 0.1)
      #expect(number("regret_vs_optimum") >= 10)
      #expect(abs(number("good_share") - 24.0 / 743 * 2 / 3) < 1e-3)

      let csv = try Program.run("report", "--config", folder, "--month", "2026-03", "--format", "csv")
      let rows = csv.output.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
      #expect(rows.count == 2 && rows.first?.count == rows.last?.count && rows.last?.first == "o'hill")

      let text = try Program.run("report", "--config", folder, "--month", "2026-03")
      for word in [
        "o'hill  2026-03", "energy bought", "960.00 kWh", "cover 6.5 % of the time", "bess: no whole hour of",
        "25.00 kW  in the quarter from 2026-03-01 00:00",
      ] {
        #expect(text.output.contains(word), "\(word) in \(text.output)")
      }
    }
  }

  @Test func `hours without a price are named, in no cost, and the share that has one is told`() throws {
    let start = CivilTime(year: 2026, month: 3, day: 1).utc - .hour
    let lines = (0..<240).map { (minute: Int64) in
      let cost = (60..<90).contains(minute) ? "" : ",cost=0.05"
      return "kpi,plant=o'hill grid_kw=10\(cost) \((start + .minutes(minute)).milliseconds)"
    }
    try inSite(lines.joined(separator: "\n")) { folder in
      let text = try Program.run("report", "--config", folder, "--month", "2026-03")
      let words = "no price is known for 5.00 kWh in 0.50 h, which are in no cost: 2026-03-01 01:00 to 2026-03-01 01:30"
      #expect(text.output.contains(words), "\(text.output)")
      let result = try Program.run("report", "--config", folder, "--month", "2026-03", "--format", "json")
      let documents = try #require(
        try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
      let report = try #require(documents.first)
      #expect(report["cost_coverage"] as? Double == 0.875)
      #expect(abs((report["energy_cost"] as? Double ?? 0) - 10.5) < 1e-6)
      let spans = try #require(report["unpriced"] as? [[String: Any]])
      #expect(spans.count == 1 && spans[0]["from"] as? String == "2026-03-01T00:00:00Z")
      #expect(spans.first?["kwh"] as? Double == 5)
    }
  }

  @Test("a month without data, a plant that is not there and a database that is away are told, with what would help")
  func aMonthWithoutDataAPlantThatIsNotThereAndADatabaseThatIsAwayAreToldWith() throws {
    try inSite { folder in
      let empty = try Program.run("report", "--config", folder, "--month", "2025-07")
      #expect(empty.code == 1 && empty.output == "")
      #expect(empty.errors.contains("nothing of plant 'o'hill' in 2025-07"))
      let future = try Program.run("report", "--config", folder, "--month", "2199-01")
      #expect(future.code == 1 && future.errors.contains("has not begun"))
      for words in [["--month", "October"], ["--month", "2026-13"], ["--format", "xml"]] {
        let misuse = try Program.run(["report", "--config", folder] + words)
        #expect(misuse.code == 2 && misuse.output == "", "\(words): \(misuse)")
      }
      let other = try Program.run("report", "--config", folder, "--plant", "vale")
      #expect(other.code == 1 && other.errors.contains("the folder has o'hill"))
      let port = try Loopback.freePort()
      let process = "influxdb: {url: \"http://127.0.0.1:\(port)\"}"
      try Data(process.utf8).write(to: URL(fileURLWithPath: folder + "/wattline.yaml"))
      let away = try Program.run("report", "--config", folder, "--month", "2026-03")
      #expect(away.code == 1 && away.errors.contains("no database answers at http://127.0.0.1:\(port)"), "\(away)")
    }
  }
}
