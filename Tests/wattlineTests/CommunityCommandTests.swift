import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@Suite("wattline community")
struct CommunityCommandTests {
  private static let files = [
    "community.json": """
    {"members": 2, "steps": 4, "step_hours": 1, "import_limit_kw": 5, "export_limit_kw": 4, "overload_price": 1.0,
     "carbon_price": 0, "incentive_budget_daily": 0.2, "reference_price": 0.3, "flexible_min": 0.4, "flexible_max": 1.6}
    """,
    "members.csv": """
    member,battery_kwh,battery_kw,efficiency,wear,soc_min,soc_start,flexible_share,elasticity
    0,10,5,1,0,0.1,0.5,0.2,0.3
    1,0,0,0,0,0,0,0.1,0.4
    """,
    "ev.csv": "member,arrive,depart,kwh,kw,efficiency\n1,0,2,25,7.4,1\n",
    "series.csv": """
    step,import_price,export_price,carbon
    0,0.1,0.05,0
    1,0.1,0.05,0
    2,0.4,0.05,0
    3,0.4,0.05,0
    """,
    "load.csv": "step,m0,m1\n0,1,1\n1,1,1\n2,1,1\n3,1,1\n",
    "pv.csv": "step,m0,m1\n0,0,0\n1,0,0\n2,0,0\n3,0,0\n",
  ]

  @Test(arguments: ["cost", "welfare", "risk"])
  func `an instance is solved, and its files are written`(kind: String) throws {
    try inFolder(Self.files) { folder in
      let out = folder + "/out"
      let result = try Program.run("community", "solve", folder, "--objective", kind, "--out", out, "--key", "dynamic")
      #expect(result.code == 0 && result.output.contains(kind), "\(result)")
      #expect(result.errors.contains("the car of member 1 (steps 0 to 2) leaves 10.20 kWh short"))
      let summary = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: out + "/summary.json")))
          as? [String: Any])
      #expect(summary["objective_kind"] as? String == kind && (summary["gap"] as? Double ?? 1) <= 1e-4)
      for (name, lines) in [("community", 5), ("settlement", 3), ("sharing", 3)] {
        let text = try String(contentsOfFile: "\(out)/\(name).csv", encoding: .utf8)
        #expect(text.split(separator: "\n").count == lines, "\(text)")
      }
      let schedule = try String(contentsOfFile: out + "/schedule.csv", encoding: .utf8)
      #expect(schedule.hasPrefix("member,step,charge_kw,discharge_kw,ev_kw,flexible_kw\n"))
      #expect(schedule.contains("1,0,0,0,7.4,"))
    }
  }

  @Test func `tariffs are told beside the optimum, as text and as JSON`() throws {
    try inFolder(Self.files) { folder in
      let words = ["community", "tariff", folder, "--tariff", "flat=0.3", "--tariff", "tou=0.2/17-21:0.4,fee=0.1"]
      let text = try Program.run(words)
      #expect(text.code == 0 && text.output.contains("welfare of the optimum") && text.output.contains("flat=0.3"))
      let json = try Program.run(words + ["--json"])
      let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
      #expect(rows.count == 2 && (rows[0]["below_optimum"] as? Double ?? -1) >= -1e-3)
      let best = try Program.run(["community", "tariff", folder, "--best", "flat", "--best", "tou", "--band", "14-16"])
      #expect(
        best.code == 0 && best.output.contains("\ntou=") && best.output.contains("half the elasticities"), "\(best)")
      let misuse = try Program.run(["community", "tariff", folder, "--tariff", "cheap"])
      #expect(misuse.code == 2 && misuse.errors.contains("'cheap' is no part of a tariff"))
    }
  }

  @Test(
    arguments: [
      (["x", "--out", "y", "--objective", "peace"], 2, "--objective is one of cost, welfare, risk, not 'peace'"),
      (["x", "--out", "y", "--key", "fair"], 2, "--key is one of static, dynamic, price, not 'fair'"),
      (["x"], 2, "community solve needs --out DIR"),
      (["x", "--out", "y", "--gap", "2"], 2, "--gap needs a number from 1e-9 to 1"),
      (["/no/such/folder", "--out", "y"], 1, "there is no folder '/no/such/folder'"),
    ] as [([String], Int32, String)])
  func `a command that cannot be run says why`(words: [String], code: Int32, hint: String) throws {
    let result = try Program.run(["community", "solve"] + words)
    #expect(result.code == code && result.errors.contains(hint), "\(result)")
  }

  @Test func `a simulation goes on where it was, and ends with the same files`() throws {
    try inFolder(Self.files) { folder in
      func simulate(_ out: String, runs: Int) throws -> Program.Result {
        try Program.run(
          "community", "simulate", folder, "--runs", "\(runs)", "--days", "20", "--years", "3", "--trajectories", "3",
          "--variant", "store:storage=+10,invest=100", "--out", "\(folder)/\(out)")
      }
      let whole = try simulate("whole", runs: 30)
      #expect(whole.code == 0 && whole.output.contains("what matters") && whole.output.contains("CVaR"), "\(whole)")
      #expect(whole.output.contains("store:") && whole.errors.contains("days a second"))
      #expect(try simulate("parts", runs: 10).code == 0 && simulate("parts", runs: 30).code == 0)
      for name in ["runs.csv", "summary.json", "sensitivity.csv"] {
        let (first, second) = try (
          String(contentsOfFile: "\(folder)/whole/\(name)", encoding: .utf8),
          String(contentsOfFile: "\(folder)/parts/\(name)", encoding: .utf8)
        )
        #expect(first == second && first.count > 100, "\(name)")
      }
      let other = try Program.run("community", "simulate", folder, "--seed", "2", "--out", "\(folder)/whole")
      #expect(other.code == 1 && other.errors.contains("has the runs of another study"))
    }
  }

  @Test(
    arguments: [
      (["x"], 2, "community simulate needs --out DIR"),
      (["x", "--out", "y", "--vary", "price"], 2, "'price' is no range; expected price=LOW..HIGH"),
      (["x", "--out", "y", "--variant", "sun"], 2, "'sun' is no variant"),
      (["x", "--out", "y", "--variant", "a:cars=1", "--variant", "a:cars=2"], 2, "two variants are called 'a'"),
      (["/no/such/folder", "--out", "y"], 1, "there is no folder '/no/such/folder'"),
    ] as [([String], Int32, String)])
  func `a simulation that cannot be run says why`(words: [String], code: Int32, hint: String) throws {
    let result = try Program.run(["community", "simulate"] + words)
    #expect(result.code == code && result.errors.contains(hint), "\(result)")
  }

  @Test func `statements are told as text, JSON and a page, and sum to the meter`() throws {
    var files = Self.files
    files["pv.csv"] = "step,m0,m1\n0,0,0\n1,5,0\n2,5,0\n3,0,0\n"
    files["series.csv"] = """
      step,time,import_price,export_price,carbon
      0,2026-09-30T20:00:00Z,0.1,0.05,0
      1,2026-09-30T21:00:00Z,0.1,0.05,0
      2,2026-09-30T22:00:00Z,0.4,0.05,0
      3,2026-09-30T23:00:00Z,0.4,0.05,0
      """
    try inFolder(files) { folder in
      let out = folder + "/out"
      #expect(try Program.run("community", "solve", folder, "--objective", "welfare", "--out", out).code == 0)
      let words = ["community", "report", folder, "--solution", out, "--zone", "Europe/Berlin"]
      let json = try Program.run(words + ["--format", "json"])
      let months = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]], "\(json)")
      #expect(months.map { $0["month"] as? String } == ["2026-09", "2026-10"])
      for month in months {
        let members = try #require(month["members"] as? [[String: Any]])
        let owed = members.compactMap { $0["owed_cents"] as? Int }.reduce(0, +)
        #expect(owed - (month["fund_cents"] as? Int ?? .max) == month["meter_cents"] as? Int)
      }
      let text = try Program.run(words + ["--month", "2026-10", "--key", "static"])
      #expect(text.code == 0 && text.output.contains("2026-10, key static") && !text.output.contains("2026-09"))
      let own = try Program.run(words + ["--member", "1"])
      #expect(own.output.contains("received from members") && !own.output.contains("all members"))
      let page = try Program.run(words + ["--format", "html"]).output
      #expect(page.hasPrefix("<!doctype html>") && page.matches(of: #/<section>/#).count == 6)
      for (extra, code, hint) in [
        (["--member", "7"], 2, "there is no member '7'"), (["--month", "2027-01"], 1, "it has 2026-09, 2026-10"),
        (["--key", "fair"], 2, "--key is one of static, dynamic, price"), (["--format", "pdf"], 2, "--format is text"),
      ] as [([String], Int32, String)] {
        let refused = try Program.run(words + extra)
        #expect(refused.code == code && refused.errors.contains(hint), "\(refused)")
      }
      try Data("member,step,charge_kw,discharge_kw,ev_kw,flexible_kw\n".utf8).write(
        to: URL(fileURLWithPath: out + "/schedule.csv"))
      let other = try Program.run(words)
      #expect(other.code == 1 && other.errors.contains("the results are not those of this instance"), "\(other)")
    }
  }

  @Test func `a month is settled from a real database, and what was not measured is told`() throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    let start = CivilTime(year: 2026, month: 3, day: 1).utc - .hour
    let lines = (0..<96).flatMap { quarter -> [String] in
      let time = (start + .minutes(Int64(15 * quarter))).milliseconds
      let sun = (40..<60).contains(quarter)
      let energies = "import_kwh=\(sun ? 0.0 : 0.5),export_kwh=\(sun ? 1.25 : 0.0)"
      let first = "kpi,plant=house-1 \(energies),exchange_share=1 \(time)"
      // The last quarters of the second house are measured in part.
      let share = quarter < 90 ? 1 : 0.8
      return [first, "kpi,plant=house-2 import_kwh=0.75,export_kwh=0.0,exchange_share=\(share) \(time)"]
    }
    try influx.write(lines.joined(separator: "\n"))
    let zone = "location: {latitude: 48, longitude: 11, timezone: Europe/Berlin}"
    let files = [
      "wattline.yaml": "influxdb: {url: \"\(influx.url)\", database: wattline}",
      "one.yaml": "plant: house-1\n\(zone)", "two.yaml": "plant: house-2\n\(zone)",
      "village.yaml": "community: {name: village, members: [\"house-*\"], tariff: {import: 0.3, export: 0.1}}",
    ]
    try inFolder(files) { folder in
      let words = ["community", "report", "--config", folder, "--community", "village", "--month", "2026-03"]
      let json = try Program.run(words + ["--format", "json"])
      let months = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]], "\(json)")
      let month = try #require(months.first)
      #expect(month["settled_hours"] as? Double == 22.5 && month["elapsed_hours"] as? Double == 743)
      // 70 quarters of 1.25 kWh in, and 20 of 0.5 kWh out.
      #expect(abs((month["meter_import_kwh"] as? Double ?? 0) - 87.5) < 1e-9)
      #expect(month["meter_cents"] as? Int == 2625 - 100 && month["fund_cents"] as? Int == 0)
      let members = try #require(month["members"] as? [[String: Any]])
      let given = try #require(members[0]["given"] as? [String: Any])
      #expect(given["kwh"] as? Double == 15 && given["cents"] as? Int == -300)
      #expect(members.compactMap { $0["owed_cents"] as? Int }.reduce(0, +) == 2525)
      let text = try Program.run(words)
      #expect(
        text.output.contains("22.50 of 743.00 h are settled") && text.output.contains("'house-2' was not measured"))
      let check = try Program.run("check", "--config", folder)
      #expect(check.output.contains("community village  2 members: house-1, house-2"), "\(check)")
      let none = try Program.run("community", "report", "--config", folder, "--community", "town")
      #expect(none.code == 1 && none.errors.contains("there is no community 'town'; the configuration has 'village'"))
      let unsolved = try Program.run(
        "community", "solve", "--config", folder, "--community", "village", "--out", folder + "/out")
      #expect(unsolved.code == 1 && unsolved.errors.contains("'village' has no log yet"), "\(unsolved)")
    }
  }

  @Test func `an issued month stays as it is, and what comes late is a line of the next one, to the cent`() throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    let start = CivilTime(year: 2026, month: 3, day: 1).utc - .hour
    func write(_ quarters: Range<Int>, share: Double) throws {
      let lines = quarters.flatMap { quarter in
        ["house-1", "house-2"].map {
          "kpi,plant=\($0) import_kwh=0.5,export_kwh=0.0,exchange_share=\($0 == "house-2" ? share : 1) "
            + "\((start + .minutes(Int64(15 * quarter))).milliseconds)"
        }
      }
      try influx.write(lines.joined(separator: "\n"))
    }
    try write(0..<90, share: 1)
    try write(90..<96, share: 0.8)
    let zone = "location: {latitude: 48, longitude: 11, timezone: Europe/Berlin}"
    let files = [
      "one.yaml": "plant: house-1\n\(zone)", "two.yaml": "plant: house-2\n\(zone)",
      "village.yaml": "community: {name: village, members: [\"house-*\"], tariff: {import: 0.3, export: 0.1}}",
    ]
    try inFolder(files) { folder in
      let process =
        "influxdb: {url: \"\(influx.url)\", database: wattline}\njournal: {path: \"\(folder)/state\"}\n"
      try process.write(toFile: "\(folder)/wattline.yaml", atomically: true, encoding: .utf8)
      func issue(_ month: String, _ more: String...) throws -> Program.Result {
        try Program.run(
          ["community", "report", "--config", folder, "--community", "village", "--month", month, "--issue"] + more)
      }
      let first = try issue("2026-03")
      #expect(first.code == 0 && first.output.contains("house-1: 13.50, to pay 13.50"), "\(first)")
      try write(90..<96, share: 1)
      let again = try issue("2026-03")
      #expect(again.output.contains("was issued before and stays") && again.output.contains("house-1: 13.50"))
      let next = try issue("2026-04")
      #expect(
        next.output.contains(
          "correction of 2026-03: 0.90, since 96 in place of 90 quarters of an hour are known"), "\(next)")
      #expect(next.output.contains("house-2: 0.00, to pay 0.90") && next.output.contains("1.80 at the meter"))
      // It is told once.
      #expect(try !issue("2026-05").output.contains("correction"))
      let late = try issue("2026-02")
      #expect(late.code == 1 && late.errors.contains("months are issued in their order"), "\(late)")
      #expect(try issue("2099-01").code != 0)
    }
  }

  @Test func `a community in numbers is simulated`() throws {
    let study = """
      community:
        name: study
        prosumers: 100
        pv_kw: 500
        storage_kwh: 1000
        storage_kw: 200
        tariff: {import: [{from: "00:00", price: 0.24}, {from: "17:00", to: "21:00", price: 0.42}], export: 0.08}
      """
    try inFolder(["study.yaml": study]) { folder in
      let result = try Program.run(
        "community", "simulate", "--config", folder, "--community", "study", "--runs", "20", "--trajectories", "2",
        "--out", folder + "/out", "--json")
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result)")
      let base = try #require((document["variants"] as? [[String: Any]])?.first)
      let share = try #require((base["self_sufficiency"] as? [String: Any])?["mean"] as? Double)
      #expect((0.4...0.95).contains(share), "\(share)")
    }
  }

  @Test func `a simulation that is interrupted keeps its runs`() throws {
    try inFolder(Self.files) { folder in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Program.path)
      process.arguments = [
        "community", "simulate", folder, "--runs", "100000", "--days", "2000", "--out", folder + "/out",
      ]
      let errors = Pipe()
      (process.standardOutput, process.standardError) = (FileHandle.nullDevice, errors)
      try process.run()
      let deadline = ContinuousClock.now + .seconds(10)
      // The study is written when the signal is waited for.
      while !FileManager.default.fileExists(atPath: folder + "/out/study.txt"), ContinuousClock.now < deadline {
        usleep(20_000)
      }
      usleep(300_000)
      process.interrupt()
      while process.isRunning, ContinuousClock.now < deadline + .seconds(20) { usleep(20_000) }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(
        process.terminationStatus == 1 && words.contains("runs, which are kept; the same command goes on"), "\(words)")
      let kept = try String(contentsOfFile: folder + "/out/runs.csv", encoding: .utf8)
      #expect(kept.hasPrefix("run,variant,cost") && kept.hasSuffix("\n"))
    }
  }

  @Test func `the whole is forecast from the members in a real database`() throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    let start = CivilTime(year: 2026, month: 3, day: 1).utc
    let lines = (0..<96 * 6).flatMap { quarter in
      (1...2).map { house in
        let energy = 0.5 + 0.1 * Double(house) + (quarter % 96 < 48 ? 0 : 0.4) + 0.01 * Double(quarter * 7 % 11)
        return "kpi,plant=house-\(house) import_kwh=\(energy),export_kwh=0.0,exchange_share=1 "
          + "\((start + .minutes(Int64(15 * quarter))).milliseconds)"
      }
    }
    try influx.write(lines.joined(separator: "\n"))
    let zone = "location: {latitude: 48, longitude: 11, timezone: Europe/Berlin}"
    let files = [
      "wattline.yaml": "influxdb: {url: \"\(influx.url)\", database: wattline}",
      "one.yaml": "plant: house-1\n\(zone)", "two.yaml": "plant: house-2\n\(zone)",
      "village.yaml": "community: {name: village, members: [\"house-*\"]}",
    ]
    try inFolder(files) { folder in
      let words = [
        "community", "forecast", "--config", folder, "--community", "village", "--until", "2026-03-07T00:00:00Z",
      ]
      let json = try Program.run(words + ["--json", "--members", "10", "--hours", "24"])
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any], "\(json)")
      let rows = try #require(document["forecast"] as? [[String: Any]])
      #expect(rows.count == 96 && document["metered"] as? Int == 2 && document["members"] as? Int == 10)
      // Ten members of about 2.8 kW by night, and of 1.6 kW more in the second half of the day.
      for (row, most) in [(rows[10], 28.0), (rows[70], 44.0)] {
        let p50 = try #require(row["p50"] as? Double)
        #expect(abs(p50 - most) < 4, "\(p50)")
        #expect(try #require(row["p10"] as? Double) < p50 && p50 < #require(row["p90"] as? Double))
      }
      let text = try Program.run(words)
      #expect(text.code == 0 && text.output.contains("2 of 2 members metered"), "\(text)")
      let early = try Program.run(words.dropLast() + ["2026-03-02T12:00:00Z"])
      #expect(early.code == 1 && early.errors.contains("has too little of community 'village'"), "\(early)")
    }
  }
}
