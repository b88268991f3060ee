#if HTTP
  import Foundation
  import LocalServers
  import PlantTesting
  import Testing
  import WattlineTime

  /// Figures that a running process tells over HTTP, recomputed by hand from the series beside them.
  @Suite("Figures of a running process over HTTP", .serialized)
  final class FiguresRunTests {
    private let port: Int
    private let site: Site
    private var token = ""

    init() throws {
      port = try Loopback.freePort()
      site = try Site()
      let text = try String(contentsOfFile: site.folder.path + "/wattline.yaml", encoding: .utf8)
      try site.write("wattline.yaml", text: text + "\nhttp: {listen: \"127.0.0.1:\(port)\"}\n")
      for (name, tariff) in [
        ("hill", "tariff: {import: 0.3, export: 0.1, demand_charge: 2, carbon: {intensity: 0.4}}"), ("free", ""),
      ] {
        try site.write(
          "\(name).yaml",
          text: """
            plant: \(name)
            location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
            topics: [{match: "\(name)/{asset}/{sensor}"}]
            currency: EUR
            assets:
              load: {kind: load}
              pv1: {kind: pv, capacity_kw: 10}
              weather: {kind: weather}
              grid: {kind: grid}
            \(tariff)
            """)
      }
      try site.influx.createDatabase()
      try site.influx.write(Self.quarters())
      for plant in ["hill", "free"] { try site.influx.write(Self.features(of: plant)) }
      let file = site.folder.path + "/password"
      try "a long password\n".write(toFile: file, atomically: true, encoding: .utf8)
      let words = ["user", "add", "chief", "--role", "admin", "--config", site.folder.path, "--password-file", file]
      #expect(try Program.run(words).code == 0)
      try site.runOnline()
      #expect(Waiting.until(seconds: 20) { (try? send("GET", "/health/ready"))?.isEmpty == false }, "\(site.logTail)")
      let tokens = try send("POST", "/api/v1/login", body: "{\"username\":\"chief\",\"password\":\"a long password\"}")
      token = try #require(tokens["access_token"] as? String, "\(tokens)")
    }

    deinit { site.stop() }

    /// Local March 2026 begins an hour before that of UTC. Four days of quarters, the first and last in part outside.
    private static let march = (CivilTime(year: 2026, month: 3, day: 1).utc - .hour).seconds

    /// Quarters with energies that differ, money by two prices, and some without a price.
    private static func quarters() -> String {
      (-8..<400).map { quarter in
        let (imported, exported) = (Double(quarter % 7 + 8) * 0.4, quarter % 5 == 0 ? 0.25 : 0)
        let price = quarter % 2 == 0 ? 0.25 : 0.35
        let cost = quarter % 50 == 49 ? "cost_coverage=0" : "cost=\(imported * price - exported * 0.1),cost_coverage=1"
        return "kpi,plant=hill import_kwh=\(imported),export_kwh=\(exported),exchange_share=1,\(cost),"
          + "carbon_kg=\(imported * 0.4) \((march + Int64(quarter) * 900) * 1_000)"
      }.joined(separator: "\n")
    }

    /// Five weeks of hours: a load that follows the temperature, and PV.
    private static func features(of plant: String) -> String {
      var lines = ""
      for hour in 0..<(35 * 24) {
        let (time, clock) = ((1_704_067_200 + Int64(hour) * 3_600) * 1_000, Double(hour % 24))
        let air = 15 + 8 * sin(Double(hour) / 50) + 5 * sin((clock - 9) / 24 * 2 * .pi)
        for (asset, sensor, value) in [
          ("load", "power", 20 + max(0, air - 12) + clock / 6), ("pv1", "power", max(0, 6 - abs(clock - 12))),
          ("weather", "temperature", air),
        ] {
          lines += "feature,plant=\(plant),asset=\(asset),sensor=\(sensor),window=15m mean=\(value) \(time)\n"
        }
      }
      return lines
    }

    /// Sends a request by curl, a client that no one here wrote; returns the members of the answer.
    private func send(_ method: String, _ path: String, body: String? = nil) throws -> [String: Any] {
      var options = ["--silent", "--max-time", "20", "--request", method, "--header", "authorization: Bearer \(token)"]
      if let body { options += ["--header", "content-type: application/json", "--data-binary", body] }
      let result = try Program.run(options + ["http://127.0.0.1:\(port)\(path)"], of: "/usr/bin/curl")
      return try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any] ?? [:]
    }

    /// Waits for the job that a request begins, and returns its result.
    private func result(_ method: String, _ path: String, body: String? = nil) throws -> [String: Any] {
      let begun = try send(method, path, body: body)
      let id = try #require(begun["id"] as? String, "\(begun)")
      var job: [String: Any] = [:]
      Waiting.until(seconds: 60, pause: 50) {
        job = (try? send("GET", "/api/v1/jobs/\(id)")) ?? [:]
        return ["done", "failed", "cancelled"].contains(job["state"] as? String)
      }
      return try #require(job["result"] as? [String: Any], "\(job)")
    }

    /// All points of a measurement in a span, page by page.
    private func series(_ plant: String, _ query: String) throws -> [[String: Any]] {
      var (items, cursor): ([[String: Any]], String) = ([], "")
      for _ in 0..<100 {
        let page = try send("GET", "/api/v1/plants/\(plant)/series?limit=100&\(query)\(cursor)")
        items += try #require(page["items"] as? [[String: Any]], "\(page)")
        guard let next = page["next"] as? String else { return items }
        cursor = "&cursor=\(next)"
      }
      Issue.record("the pages do not end")
      return items
    }

    @Test func `a month's energy, money, carbon and peak are the sums of the series beside them`() throws {
      let report = try result("GET", "/api/v1/plants/hill/reports?month=2026-03")
      let rows = try series("hill", "measurement=kpi&from=2026-03-01&to=2026-04-01")
      // The quarters of February are not in it; the last of the 400 is on 5 March.
      #expect(rows.count == 400)
      func sum(_ name: String) -> Double { rows.reduce(0) { $0 + ($1[name] as? Double ?? 0) } }
      func number(_ name: String) -> Double { report[name] as? Double ?? .nan }
      #expect(abs(number("bought_kwh") - sum("import_kwh")) < 1e-3, "\(report)")
      #expect(abs(number("sold_kwh") - sum("export_kwh")) < 1e-3)
      #expect(abs(number("energy_cost") - sum("cost")) < 1e-3)
      #expect(abs(number("carbon_kg") - sum("carbon_kg")) < 1e-3)
      let peak = (rows.compactMap { $0["import_kwh"] as? Double }.max() ?? 0) * 4
      #expect(abs(number("peak_kw") - peak) < 1e-3 && abs(number("demand_cost") - 2 * peak) < 1e-3)
      #expect(abs(number("covered_hours") - 100) < 1e-6 && number("elapsed_hours") == 743)
      // By the formula of the quarters, of which every fiftieth has no price.
      var (cost, unpriced) = (0.0, 0.0)
      for quarter in 0..<400 {
        let imported = Double(quarter % 7 + 8) * 0.4
        let price: Double = quarter % 2 == 0 ? 0.25 : 0.35
        let sold: Double = quarter % 5 == 0 ? 0.025 : 0
        if quarter % 50 == 49 { unpriced += imported } else { cost += imported * price - sold }
      }
      #expect(abs(number("energy_cost") - cost) < 1e-3)
      let spans = report["unpriced"] as? [[String: Any]] ?? []
      let told = spans.compactMap { $0["kwh"] as? Double }.reduce(0, +)
      #expect(abs(told - unpriced) < 1e-2 && spans.count == 8)
      let printed = try Program.run(
        "report", "--config", site.folder.path, "--plant", "hill", "--month", "2026-03", "--format", "json")
      let documents = try JSONSerialization.jsonObject(with: Data(printed.output.utf8)) as? [[String: Any]]
      let same = try #require(documents?.first)
      for (name, value) in same where value is Double {
        #expect(value as? Double == report[name] as? Double, "\(name) differs from `wattline report`")
      }
    }

    @Test func `a scenario's result is that of the series that keeps it, and without a tariff has no cost`() throws {
      let body = #"{"events":["pv1:capacity=+50%"],"runs":20,"days":7,"name":"more sun","seed":3}"#
      let outcome = try result("POST", "/api/v1/plants/hill/scenarios", body: body)
      let slots = try series("hill", "measurement=scenario&from=2024-01-01&to=2024-03-01")
      #expect(slots.count == 168 && slots.allSatisfy { $0["scenario"] as? String == "more sun" })
      func quantile(_ figure: String, _ part: String, _ name: String) -> Double {
        ((outcome[figure] as? [String: Any])?[part] as? [String: Any])?[name] as? Double ?? .nan
      }
      // Cost and peak run up over the span, so that the last slot has those of all of it.
      let last = try #require(slots.last)
      for name in ["p10", "p50", "p90"] {
        #expect(abs(quantile("cost", "with", name) - (last["cost_\(name)"] as? Double ?? 0)) < 1e-3, "\(outcome)")
        #expect(abs(quantile("peak_kw", "with", name) - (last["peak_kw_\(name)"] as? Double ?? 0)) < 1e-3)
      }
      // A larger roof changes no load. The load takes all of its energy, half as much again, at the price of import.
      var sun = 0.0
      for hour in 0..<168 { sun += max(0, 6 - abs(Double(hour % 24) - 12)) }
      #expect(quantile("load_kwh", "change", "p50") == 0)
      #expect(abs(quantile("cost", "change", "p50") + 0.5 * sun * 0.3) < 1e-6)
      let again = try result("POST", "/api/v1/plants/hill/scenarios", body: body)
      #expect(NSDictionary(dictionary: again).isEqual(to: outcome))

      let free = try result("POST", "/api/v1/plants/free/scenarios", body: body)
      let energy = ((free["load_kwh"] as? [String: Any])?["with"] as? [String: Any])?["p50"] as? Double
      #expect((energy ?? 0) > 0, "\(free)")
    }
  }
#endif
