import Foundation
import LocalServers
import PlantTesting
import Testing
import WattlineTime

@Suite("wattline savings")
struct SavingsCommandTests {
  private static let first = MadeMeter.firstDay
  private static let meter = MadeMeter(measure: (first + 365, 0.1))

  private func inFolder(_ files: [String: String], body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder(prefix: "wattline-savings")
    defer { folder.remove() }
    for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)")) }
    try body(folder.path)
  }

  /// Rows of a span, in whole hours of UTC or in days.
  private static func rows(
    _ dates: Range<Int>, heading: String = "time,elec_kwh,temperature", hourly: Bool = false,
    cells: (Int, Double) -> String? = { "\(meter.use($0) * $1),\(MadeMeter.temperature($0))" }
  ) -> String {
    var lines = [heading]
    for date in dates {
      for hour in 0..<(hourly ? 24 : 1) {
        let time = Timestamp(seconds: Int64(date) * 86_400 + Int64(hour) * 3600)
        if let cells = cells(date, hourly ? 1.0 / 24 : 1) { lines.append("\(time),\(cells)") }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func document(_ folder: String, _ further: [String] = []) throws -> [String: Any] {
    let result = try Program.run(
      ["savings", "--baseline", folder + "/b.csv", "--reporting", folder + "/r.csv"] + further)
    try #require(result.code == 0, "\(result)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  private func saving(_ folder: String, _ further: [String] = []) throws -> Double {
    try #require(try document(folder, further)["savings_kwh"] as? Double)
  }

  private func expectSaving(_ folder: String, near wanted: Double, within tolerance: Double) throws {
    let found = try saving(folder)
    #expect(abs(found - wanted) < tolerance)
  }

  private static let baseline = first..<first + 365
  private static let reporting = first + 365..<first + 545

  // MARK: Files

  @Test func `hours and days, °C and °F, and powers tell the same saving`() throws {
    let plain = ["b.csv": Self.rows(Self.baseline), "r.csv": Self.rows(Self.reporting)]
    var saved = 0.0
    try inFolder(plain) { saved = try saving($0) }
    let truth = Self.reporting.reduce(0.0) { $0 + 0.1 * MadeMeter().use($1) }
    #expect(abs(saved - truth) < 0.05 * truth)
    let hours = [
      "b.csv": Self.rows(Self.baseline, hourly: true), "r.csv": Self.rows(Self.reporting, hourly: true),
    ]
    try inFolder(hours) { try expectSaving($0, near: saved, within: 0.02 * saved) }
    func fahrenheit(_ dates: Range<Int>) -> String {
      Self.rows(dates, heading: "time,elec_kwh,temperature_f") {
        "\(Self.meter.use($0) * $1),\(1.8 * MadeMeter.temperature($0) + 32)"
      }
    }
    try inFolder(["b.csv": fahrenheit(Self.baseline), "r.csv": fahrenheit(Self.reporting)]) {
      try expectSaving($0, near: saved, within: 1)
    }
  }

  @Test func `a further variable and the hours are in the document, and a column that is not there is told`() throws {
    func rows(_ dates: Range<Int>, pieces: Double) -> String {
      Self.rows(dates, heading: "time,elec_kwh,temperature,pieces,noise", hourly: true) { date, share in
        let made = pieces * Double(date * 7919 % 101)
        return "\((Self.meter.use(date) + 2 * made) * share),\(MadeMeter.temperature(date)),\(made),\(date * 31 % 7)"
      }
    }
    try inFolder(["b.csv": rows(Self.baseline, pieces: 1), "r.csv": rows(Self.reporting, pieces: 0.5)]) { folder in
      let found = try document(folder, ["--variable", "pieces", "--variable", "noise"])
      let model = try #require(found["model"] as? [String: Any])
      let variables = try #require(model["variables"] as? [[String: Any]])
      #expect(abs((variables[0]["kwh_per_unit"] as? Double ?? 0) - 2) < 0.1)
      #expect(variables[1]["kwh_per_unit"] is NSNull)
      #expect((model["remarks"] as? [String] ?? []).contains { $0.hasPrefix("'noise' does not lower the error") })
      let truth = Self.reporting.reduce(0.0) { $0 + 0.1 * MadeMeter().use($1) }
      #expect(abs((found["savings_kwh"] as? Double ?? 0) - truth) < 0.06 * truth)
      #expect((model["hourly"] as? [String: Any])?["is_accepted"] as? Bool == true)
      #expect((found["demand"] as? [[String: Any]])?.count == 6)
      let none = try Program.run(
        "savings", "--baseline", folder + "/b.csv", "--reporting", folder + "/r.csv", "--variable", "piezes")
      #expect(none.code == 1 && none.errors.contains("no column of numbers 'piezes' for --variable; it has"))
    }
  }

  @Test func `days of a zone and those of the first row are told, and times may be local`() throws {
    func local(_ dates: Range<Int>) -> String {
      var lines = ["time,elec_kwh,temperature"]
      for date in dates {
        let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
        for hour in 0..<24 {
          lines.append(
            String(
              format: "%d-%02d-%02d %02d:00,%.4f,%.2f", year, month, day, hour, Self.meter.use(date) / 24,
              MadeMeter.temperature(date)))
        }
      }
      return lines.joined(separator: "\n") + "\n"
    }
    try inFolder(["b.csv": local(Self.baseline), "r.csv": local(Self.reporting)]) { folder in
      let zoned = try document(folder, ["--zone", "Europe/Berlin"])
      #expect((zoned["model"] as? [String: Any])?["days"] as? String == "Europe/Berlin")
      let plain = try document(folder)
      #expect((plain["model"] as? [String: Any])?["days"] as? String == "UTC")
      let (a, b) = (zoned["savings_kwh"] as? Double ?? 0, plain["savings_kwh"] as? Double ?? 0)
      #expect(abs(a - b) < 0.02 * abs(b))
    }
  }

  @Test func `gaps are in no sum, and a month with many has no state`() throws {
    let start = Self.first + 365
    let gap = start + 40..<start + 50
    let files = [
      "b.csv": Self.rows(Self.baseline) { date, share in
        date % 40 == 0
          ? ",\(MadeMeter.temperature(date))" : "\(Self.meter.use(date) * share),\(MadeMeter.temperature(date))"
      },
      "r.csv": Self.rows(Self.reporting) { date, share in
        gap.contains(date) ? nil : "\(Self.meter.use(date) * share),\(MadeMeter.temperature(date))"
      },
    ]
    try inFolder(files) { folder in
      let result = try document(folder)
      #expect(result["measured_days"] as? Int == 170)
      let months = try #require(result["months"] as? [[String: Any]])
      #expect(months[1]["month"] as? String == "2024-02" && months[1]["state"] is NSNull)
      #expect(months[2]["state"] as? String == "warning" && months[3]["state"] as? String == "alert")
    }
  }

  @Test func `bills with weather from a file apart are read, and an empty last row closes the last one`() throws {
    func bills(_ dates: Range<Int>) -> String {
      var lines = ["time,elec_kwh"]
      var start = dates.lowerBound
      while start < dates.upperBound {
        let end = min(dates.upperBound, start + 30)
        let use = (start..<end).reduce(0.0) { $0 + Self.meter.use($1) }
        lines.append("\(Timestamp(seconds: Int64(start) * 86_400)),\(use)")
        start = end
      }
      return (lines + ["\(Timestamp(seconds: Int64(dates.upperBound) * 86_400)),"]).joined(separator: "\n") + "\n"
    }
    let weather = Self.rows(Self.first..<Self.first + 545, heading: "time,temperature", hourly: true) { date, _ in
      "\(MadeMeter.temperature(date))"
    }
    try inFolder(["b.csv": bills(Self.baseline), "r.csv": bills(Self.reporting), "w.csv": weather]) { folder in
      let result = try document(folder, ["--weather", folder + "/w.csv"])
      #expect((result["model"] as? [String: Any])?["resolution"] as? String == "billing")
      let truth = Self.reporting.reduce(0.0) { $0 + 0.1 * MadeMeter().use($1) }
      #expect(abs((result["savings_kwh"] as? Double ?? 0) - truth) < 0.1 * truth)
      let none = try Program.run("savings", "--baseline", folder + "/b.csv", "--reporting", folder + "/r.csv")
      #expect(none.code == 1 && none.errors.contains("give weather by --weather"))
    }
  }

  @Test func `what carries no model is refused with the reason and the remedy`() throws {
    func refusal(_ baseline: String, _ words: String) throws {
      try inFolder(["b.csv": baseline, "r.csv": Self.rows(Self.reporting)]) { folder in
        let result = try Program.run("savings", "--baseline", folder + "/b.csv", "--reporting", folder + "/r.csv")
        #expect(result.code == 1 && result.output == "" && result.errors.contains(words), "\(words): \(result)")
      }
    }
    try refusal(Self.rows(Self.first..<Self.first + 100), "a model of all seasons needs 330 of a year")
    try refusal(Self.rows(Self.baseline) { date, _ in "5,\(MadeMeter.temperature(date))" }, "use is the same on every")
    try refusal(Self.rows(Self.baseline) { date, _ in ",\(MadeMeter.temperature(date))" }, "has no number in any row")
    try refusal(
      Self.rows(Self.baseline, heading: "time,elec_kwh,x") { d, _ in "\(d),1" }, "has no column 'temperature'")
    try refusal(
      Self.rows(Self.baseline, heading: "time,a,b,temperature") { _, _ in "1,2,3" },
      "no column is named after the fuel, such as 'elec_kwh'; it has")
    try refusal("", "b.csv")
    try refusal("\u{0}\u{1}\u{2}", "b.csv")
    for words in [
      ["--baseline", "x"], ["--measure", "soon"], ["--confidence", "2"], ["--plant", "p", "--fuel", "gas"],
      ["--baseline", "b", "--reporting", "r", "--zone", "Atlantis"],
      ["--baseline", "b", "--reporting", "r", "--holidays", "XX"],
    ] {
      let misuse = try Program.run(["savings"] + words)
      #expect(misuse.code == 2 && misuse.output == "", "\(words): \(misuse)")
    }
    let missing = try Program.run("savings", "--baseline", "/nonexistent/b.csv", "--reporting", "/nonexistent/r.csv")
    #expect(missing.code == 1 && missing.errors.contains("/nonexistent/b.csv"))
  }

  // MARK: Database

  private static let plant = """
    plant: hill
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    assets: {main: {kind: meter}, roof: {kind: weather}}
    tariff: {import: 0.3, carbon: {intensity: 0.4}}
    savings:
      meter: main.power
      baseline: {from: 2023-01-01, to: 2023-12-31}
      measures: [{date: 2024-01-01, name: lighting, cost: 1000, changes: "LED <b>"}]
      guarantee: {kwh: 5000}
    """

  /// A database with a year and a half, and a folder of configuration that knows it.
  private func inSite(_ body: (String) throws -> Void) throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    try influx.write(Self.meter.lines(Self.first..<Self.first + 300, plant: "hill"))
    try influx.write(Self.meter.lines(Self.first + 300..<Self.first + 545, plant: "hill"))
    let folder = try TemporaryFolder(prefix: "wattline-savings")
    defer { folder.remove() }
    let state = folder.path + "/state"
    try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
    let process = "influxdb: {url: \"\(influx.url)\", database: wattline}\njournal: {path: \(state)}"
    for (name, text) in ["hill.yaml": Self.plant, "wattline.yaml": process] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }
    try body(folder.path)
  }

  @Test func `a plant's savings come from the database against a frozen model, which history lists and verifies`()
    throws
  {
    try inSite { folder in
      let result = try Program.run("savings", "--plant", "hill", "--config", folder, "--json")
      try #require(result.code == 0, "\(result)")
      let documents = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
      let report = try #require(documents?.first)
      let truth = Self.reporting.reduce(0.0) { $0 + 0.1 * MadeMeter().use($1) }
      #expect(abs((report["savings_kwh"] as? Double ?? 0) - truth) < 0.05 * truth)
      #expect(report["measured_days"] as? Int == 180)
      let (cost, saved) = (report["cost_saved"] as? Double ?? 0, report["savings_kwh"] as? Double ?? 0)
      #expect(abs(cost - 0.3 * saved) < 0.01)
      let guarantee = try #require(report["guarantee"] as? [String: Any])
      #expect(guarantee["measured_days"] as? Int == 180 && guarantee["state"] as? String == "met")
      let baseline = try #require(report["baseline"] as? [String: Any])
      let checksum = try #require(baseline["checksum"] as? String)

      // The same as the command on files.
      let files = ["b.csv": Self.rows(Self.baseline), "r.csv": Self.rows(Self.reporting)]
      try inFolder(files) { try expectSaving($0, near: saved, within: 0.01 * saved) }

      let text = try Program.run("savings", "--plant", "hill", "--config", folder)
      for word in ["hill  main.power  electricity  2024-01-01 to 2024-06-28", "frozen baseline", "1.0.0 of 2023-01-01"]
      {
        #expect(text.output.contains(word), "\(word) in \(text.output)")
      }
      let history = try Program.run("savings", "history", "--config", folder, "--json")
      let entries = try JSONSerialization.jsonObject(with: Data(history.output.utf8)) as? [[String: Any]]
      #expect(history.code == 0 && entries?.count == 1 && entries?.first?["checksum"] as? String == checksum)
      let printed = try Program.run("savings", "history", "--config", folder, "--plant", "hill")
      #expect(printed.code == 0 && printed.output.contains("hill  main.power  1.0.0  baseline"))

      // The report has the same figures in each form, and the page escapes what is written in the file.
      let csv = try Program.run("report", "--savings", "--config", folder, "--format", "csv")
      let rows = csv.output.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
      #expect(rows.count == 7 && rows.allSatisfy { $0.count == rows[0].count } && csv.output.contains(checksum))
      let page = try Program.run("report", "--savings", "--config", folder, "--format", "html", "--plant", "hill")
      for word in ["<svg", "LED &lt;b&gt;", checksum, report["data_digest"] as? String ?? "?", "Guarantee"] {
        #expect(page.output.contains(word), "\(word) in \(page)")
      }
      #expect(!page.output.contains("<b>") && !page.output.contains("http"))
      let json = try Program.run("report", "--savings", "--config", folder, "--format", "json")
      #expect(json.output == result.output)
      for words in [["--savings", "--month", "2024-01"], ["--format", "html"], ["--out", "x"]] {
        #expect(try Program.run(["report", "--config", folder] + words).code == 2, "\(words)")
      }

      // An altered model is found and not used.
      let path = try #require(entries?.first?["file"] as? String)
      var bytes = try #require(FileManager.default.contents(atPath: path))
      bytes[bytes.count / 2] ^= 1
      try FileManager.default.removeItem(atPath: path)
      try bytes.write(to: URL(fileURLWithPath: path))
      for words in [["savings", "--plant", "hill"], ["savings", "history"]] {
        let found = try Program.run(words + ["--config", folder])
        #expect(found.code == 1 && found.output == "" && found.errors.contains("its checksum does not fit"), "\(found)")
      }
    }
  }

  @Test func `a plant without savings and one that is not there are told`() throws {
    let files = ["p.yaml": "plant: p\nlocation: {latitude: 1, longitude: 1, timezone: UTC}\n", "wattline.yaml": ""]
    try inFolder(files) { folder in
      let none = try Program.run("savings", "--plant", "p", "--config", folder)
      #expect(none.code == 1 && none.errors.contains("plant 'p' has no 'savings', such as savings: {meter: main"))
      let other = try Program.run("savings", "--plant", "q", "--config", folder)
      #expect(other.code == 1 && other.errors.contains("there is no plant 'q'"))
    }
  }
}
