import Compression
import Foundation
import LocalServers
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@Suite("wattline export", .timeLimit(.minutes(3)))
struct ExportTests {
  private static let plant = """
    plant: o'hill
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    currency: EUR
    assets:
      bess.1: {kind: battery, energy_kwh: 100, power_kw: 50}
      load: {kind: load}
      grid: {kind: grid}
    """
  private static let tag = "plant=o'hill"

  /// A database with these lines and a folder that knows it, while `body` runs.
  private static func inSite(
    _ lines: [String], options: [String] = [], body: (_ folder: String, _ influx: LocalInflux) throws -> Void
  ) throws {
    var settings = LocalInflux.Options()
    settings.furtherLines = options
    let influx = try LocalInflux.started(options: settings)
    defer { influx.stop() }
    try influx.createDatabase()
    if !lines.isEmpty { try influx.write(lines.joined(separator: "\n")) }
    try inFolder(["hill.yaml": plant, "wattline.yaml": "influxdb: {url: \"\(influx.url)\"}"]) { folder in
      try body(folder, influx)
    }
  }

  private static func export(_ folder: String, _ words: String...) throws -> Program.Result {
    try Program.run(["export", "--config", folder] + words)
  }

  @Test func `names and texts of any characters, and numbers to the last digit, come back from the file`() throws {
    let hostile = [
      #"a,b "c" = d"#, "=cmd|' /C calc'!A0", "näm/é.x 😀", #"back\slash"#, "'quo'ted'", " spaces ", "semi;colon\ttab",
    ]
    let numbers = [0.1 + 0.2, 1e-7, -1.7976931348623157e308, 2.2250738585072014e-308, 1e21, 12_345_678.25, 0, 20]
    var lines: [String] = []
    for (index, name) in hostile.enumerated() {
      let escaped = name.replacing(/[ ,=]/) { "\\" + $0.output }
      for (offset, number) in numbers.enumerated() {
        let time = 1_770_000_000_000 + index * 1000 + offset
        lines.append("clean,\(Self.tag),asset=\(escaped),sensor=\(escaped) value=\(number),quality=3i,flags=9i \(time)")
      }
    }
    lines.append("clean,\(Self.tag),asset=load,sensor=power,unit=kW quality=0i,imputed=true,method=\"\" 1770000100000")
    let text = #"line one\nline "two", and a comma"#
    lines.append(
      "alerts,\(Self.tag),asset=load,rule=r text=\"\(text.replacing("\"", with: "\\\"").replacing("\\n", with: "\n"))\","
        + "value=9007199254740993 1770000100000")
    try Self.inSite(lines) { folder, influx in
      let result = try Self.export(folder, "--from", "2026-01-01", "--to", "2026-12-31", "--plant", "o'hill")
      try #require(result.code == 0, "\(result.errors)")
      let rows = CSVRows.parse(result.output)
      #expect(
        rows.first == [
          "time", "plant", "asset", "sensor", "unit", "value", "quality", "flags", "imputed", "method", "uncertainty",
        ])
      #expect(rows.count == 2 + hostile.count * numbers.count && rows.allSatisfy { $0.count == 11 })
      for (place, row) in rows.dropFirst().dropLast().enumerated() {
        let name = hostile[place / numbers.count]
        #expect(row[1] == "o'hill" && row[2] == name && row[3] == name && row[4] == nil)
        #expect(row[5].flatMap { Double($0) } == numbers[place % numbers.count], "\(row)")
        #expect(row[6] == "3" && row[7] == "9" && row[8] == nil)
      }
      #expect(
        rows.last == [
          "2026-02-02T02:41:40.000Z", "o'hill", "load", "power", "kW", nil, "0", nil, "true", "", nil,
        ])
      let alerts = try CSVRows.parse(Self.export(folder, "--from", "2026-01-01", "--series", "alerts").output)
      #expect(alerts.count == 2 && alerts[1][9] == text.replacing("\\n", with: "\n"))
      // A single asset with a name that hurts.
      for name in hostile {
        let one = try Self.export(folder, "--from", "2026-01-01", "--series", "clean:\(name).\(name)")
        #expect(CSVRows.parse(one.output).count == 1 + numbers.count, "\(name): \(one.errors)")
      }
    }
  }

  @Test func `every measurement of the schema is exported with its tags and fields as columns`() throws {
    func value(_ type: FieldType) -> String {
      switch type {
      case .float: "1.5"
      case .integer: "7i"
      case .boolean: "true"
      case .text: "\"x\""
      }
    }
    let lines = Measurement.all.map { measurement in
      let tags = measurement.tags.map { $0.name == "plant" ? Self.tag : "\($0.name)=load" }
      let fields = measurement.fields.map { field in
        "\(field.name.replacing("…", with: "rest"))=\(value(field.type))"
      }
      return "\(measurement.name),\(tags.joined(separator: ",")) \(fields.joined(separator: ",")) 1770000000000"
    }
    try Self.inSite(lines) { folder, _ in
      for measurement in Measurement.all {
        let result = try Self.export(folder, "--from", "2026-02-01", "--series", measurement.name)
        let rows = CSVRows.parse(result.output)
        let fields = measurement.fields.map { $0.name.replacing("…", with: "rest") }
        #expect(rows.first == ["time"] + measurement.tags.map(\.name) + fields, "\(measurement.name): \(result.errors)")
        let values = measurement.fields.map { value($0.type).filter { $0 != "i" && $0 != "\"" } }
        #expect(rows.last?.suffix(values.count).map { $0 ?? "" } == values, "\(measurement.name)")
        #expect(rows.count == 2)
      }
      // Several in one file name themselves.
      let both = try CSVRows.parse(
        Self.export(folder, "--from", "2026-02-01", "--series", "energy", "--series", "health:load").output)
      #expect(both.map { $0[1] } == ["measurement", "energy", "health"] && Set(both.map(\.count)).count == 1)
    }
  }

  @Test func `a span ends before its end, and a local day may have 25 hours`() throws {
    let start = CivilTime(year: 2026, month: 10, day: 24).utc
    let lines = (0..<72).map { hour in
      "clean,\(Self.tag),asset=load,sensor=power,unit=kW value=\(hour),quality=\(hour % 2)i "
        + "\((start + .hours(Int64(hour))).milliseconds)"
    }
    try Self.inSite(lines) { folder, influx in
      func times(_ words: String...) throws -> [String] {
        let result = try Program.run(["export", "--config", folder] + words)
        #expect(result.code == 0, "\(result.errors)")
        return CSVRows.parse(result.output).dropFirst().map { ($0.first ?? "") ?? "" }
      }
      let day = try times("--from", "2026-10-25", "--to", "2026-10-26", "--time", "local")
      #expect(day.count == 25)
      #expect(day.first == "2026-10-25T00:00:00.000+02:00" && day.last == "2026-10-25T23:00:00.000+01:00")
      #expect(day.filter { $0.contains("T02:") } == ["2026-10-25T02:00:00.000+02:00", "2026-10-25T02:00:00.000+01:00"])
      let instant = try times("--from", "2026-10-25T02:00:00Z", "--to", "2026-10-25T04:00", "--time", "epoch")
      #expect(instant == ["1792893600000"])
      #expect(try times("--from", "2026-10-24", "--to", "2026-10-24T03:00:00+02:00") == ["2026-10-24T00:00:00.000Z"])
      #expect(try times("--from", "2026-10-24", "--to", "2026-10-28", "--good").count == 36)
      let now = Int64(Date().timeIntervalSince1970 * 1000)
      try influx.write("clean,\(Self.tag),asset=load,sensor=power,unit=kW value=1 \(now - 60_000)")
      #expect(try times("--from", "-1h").count == 1)
      #expect(try times("--from", "-1h", "--to", "+1h").count == 1)
      #expect(try times("--from", "0001-01-01", "--to", "9999-12-31").count == 73)
      #expect(try times("--from", "-1h", "--to", "-30m").isEmpty)
    }
  }

  @Test func `each point comes once, also where the server limits answers and many points have one time`() throws {
    var random = SplitMix(state: 7)
    var lines: [String] = []
    var time: Int64 = 1_770_000_000_000
    for _ in 0..<1500 {
      // From bursts of one time to gaps of days.
      time += Int64([0, 1, 1000, 60_000, 40_000_000][Int(random.next() % 5)])
      for asset in 0..<(random.next() % 20) {
        lines.append("raw,\(Self.tag),asset=a\(asset),sensor=power,unit=kW value=\(lines.count) \(time)")
      }
    }
    let known = Set(lines.map { $0.split(separator: " ")[0].split(separator: ",")[2] + $0.split(separator: " ")[2] })
    for options in [[], ["max-row-limit = 97"]] {
      try Self.inSite(lines, options: options) { folder, _ in
        let result = try Self.export(folder, "--from", "2026-01-01", "--to", "2040-01-01", "--series", "raw")
        let rows = CSVRows.parse(result.output).dropFirst()
        #expect(rows.count == known.count, "\(options): \(result.errors)")
        #expect(Set(rows.map { "\($0[0] ?? "") \($0[2] ?? "")" }).count == known.count)
        let times = rows.map { $0[0] ?? "" }
        #expect(times == times.sorted())
      }
    }
    try Self.inSite(lines, options: ["max-row-limit = 3"]) { folder, _ in
      let result = try Self.export(folder, "--from", "2026-01-01", "--to", "2040-01-01", "--series", "raw")
      #expect(result.code == 1 && result.errors.contains("name fewer series with --series"), "\(result.errors)")
    }
  }

  @Test func `a wide file is read by replay and backtest with the same values`() throws {
    let start = CivilTime(year: 2026, month: 3, day: 1).utc
    var lines: [String] = []
    for slot in 0..<(20 * 96) {
      let time = (start + .minutes(Int64(slot) * 15)).milliseconds
      let load = 20 + 10 * sin(Double(slot) / 15)
      lines.append(
        "clean,\(Self.tag),asset=load,sensor=power,unit=kW value=\(load),quality=\(slot == 7 ? 1 : 0)i \(time)")
      if slot % 2 == 0 {
        lines.append("clean,\(Self.tag),asset=bess.1,sensor=soc,unit=% value=\(slot % 100),quality=0i \(time)")
        lines.append("raw,\(Self.tag),asset=load,sensor=power,unit=W value=\(load * 1000) \(time)")
      }
    }
    try Self.inSite(lines) { folder, _ in
      let file = folder + "/wide.csv"
      let result = try Self.export(
        folder, "--from", "2026-02-01", "--to", "2026-05-01", "--wide", "--good", "--out", file)
      #expect(result.code == 0 && result.errors.contains("1919 rows"), "\(result)")
      let rows = CSVRows.parse(try String(contentsOfFile: file, encoding: .utf8))
      #expect(rows.first == ["time", "bess.1.soc [%]", "load.power [kW]"])
      #expect(rows.count == 1920 && rows[2] == ["2026-03-01T00:15:00.000Z", nil, rows[2][2]])
      let backtest = try Program.run("backtest", file, "--target", "load.power", "--test", "2d", "--models", "all")
      #expect(backtest.code == 0, "\(backtest.errors)")
      let replay = try Program.run("replay", file, "--plant", "o'hill", "--config", folder, "--explain")
      #expect(replay.output.contains("1919 rows from 2026-03-01T00:00:00Z"), "\(replay)")
      #expect(replay.output.contains("column 'load.power [kW]': power in kW"), "\(replay)")
      let raw = try Self.export(folder, "--from", "2026-02-01", "--series", "raw:load.power", "--wide")
      #expect(raw.output.hasPrefix("time,load.power [W]\n2026-03-01T00:00:00.000Z,20000\n"), "\(raw.output.prefix(90))")
      for (words, hint) in [
        (["--series", "health"], "such as clean, not health"), (["--series", "feature"], "--tag window=…"),
        (["--series", "clean", "--series", "raw"], "one measurement"),
      ] {
        let misuse = try Program.run(["export", "--config", folder, "--from", "-1d", "--wide"] + words)
        #expect(misuse.code == 2 && misuse.errors.contains(hint), "\(misuse.errors)")
      }
    }
  }

  @Test func `a file is compressed by its name, and takes it only when it is whole`() throws {
    let lines = (0..<5000).map {
      "raw,\(Self.tag),asset=load,sensor=power value=\($0) \(1_770_000_000_000 + $0 * 1000)"
    }
    try Self.inSite(lines) { folder, influx in
      let words = ["export", "--config", folder, "--from", "2026-02-01", "--to", "2026-03-01", "--series", "raw"]
      let plain = Array(try Program.run(words).output.utf8)
      #expect(plain.split(separator: 10).count == 5001)
      #expect(try Program.run(words + ["--out", folder + "/a.csv.zst"]).code == 0)
      let frame = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/a.csv.zst")))
      #expect(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: 1 << 24) } == plain)
      #expect(try Program.run(words + ["--out", folder + "/a.csv.gz"]).code == 0)
      let unpacked = try Program.run(["-dc", folder + "/a.csv.gz"], of: "/bin/gzip")
      #expect(Array(unpacked.output.utf8) == plain)
      // A link stays a link; a device is written in place.
      try Data().write(to: URL(fileURLWithPath: folder + "/b.csv"))
      try FileManager.default.createSymbolicLink(atPath: folder + "/link.csv", withDestinationPath: folder + "/b.csv")
      #expect(try Program.run(words + ["--out", folder + "/link.csv"]).code == 0)
      #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/b.csv"))) == plain)
      #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link.csv")) != nil)
      let full = try Program.run(words + ["--out", "/dev/full"])
      #expect(full.code == 1 && full.errors.contains("/dev/full cannot be written: No space left"), "\(full.errors)")
      let missing = try Program.run(words + ["--out", folder + "/none/a.csv"])
      #expect(missing.code == 1 && missing.errors.contains("none/a.csv cannot be written: No such file"))
      // A failure leaves the file of before, and nothing else.
      let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      influx.stop()
      #expect(try Program.run(words + ["--out", folder + "/b.csv"]).code == 1)
      #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/b.csv"))) == plain)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before)
    }
  }

  @Test func `a span without points is a header and a word about what there is`() throws {
    try Self.inSite(["clean,\(Self.tag),asset=load,sensor=power value=1 1770000000000"]) { folder, _ in
      let result = try Self.export(folder, "--from", "2025-01-01", "--to", "2025-02-01")
      #expect(result.code == 0 && CSVRows.parse(result.output).count == 1)
      #expect(result.errors.contains("clean has points from 2026-02-02T02:40:00Z to 2026-02-02T02:40:00Z"), "\(result)")
      let wide = try Self.export(folder, "--from", "2025-01-01", "--to", "2025-02-01", "--wide")
      #expect(wide.code == 0 && wide.output == "time\n")
      let never = try Self.export(folder, "--from", "2025-01-01", "--series", "kpi")
      #expect(never.code == 0 && never.errors.contains("nor at any other time"), "\(never)")
    }
  }

  @Test func `mistakes are told with what would be right`() throws {
    try Self.inSite(["clean,\(Self.tag),asset=load,sensor=power value=1 1770000000000"]) { folder, _ in
      for (words, hint, code) in [
        (["--from", "-1d", "--series", "cleen"], "perhaps it is 'clean'", 2), ([], "export needs --from", 2),
        (["--from", "-1d", "--plant", "o'hil"], "perhaps it is 'o'hill'", 1),
        (["--from", "-1d", "--series", "clean:lod.power"], "perhaps it is 'load'", 1),
        (["--from", "-1d", "--series", "energy:load.power"], "energy has no sensors", 2),
        (["--from", "-1d", "--series", "kpi:load"], "kpi has no assets", 2),
        (["--from", "-1d", "--series", "clean:"], "names no asset", 2),
        (["--from", "yesterday"], "--from needs a date such as", 2), (["--from", "2026-02-30"], "--from needs", 2),
        (["--from", "-1d", "--to", "-2d"], "has to be before", 2),
        (["--from", "-1d", "--time", "cet"], "utc, local", 2),
        (["--from", "-1d", "--format", "xlsx"], "is csv, not 'xlsx'", 2),
        (["--from", "-1d", "--series", "feature", "--tag", "windw=1h"], "perhaps it is 'window'", 2),
        (["--from", "-1d", "--series", "kpi", "--good"], "kpi has none", 2),
      ] as [([String], String, Int32)] {
        let result = try Program.run(["export", "--config", folder] + words)
        #expect(
          result.code == code && result.output == "" && result.errors.contains(hint), "\(words): \(result.errors)")
      }
    }
  }

  @Test(arguments: [
    (
      "200 OK", #"{"results":[{"series":[{"name":"clean","columns":["time"],"values":[[1],[2"#,
      "cannot be read: it ends"
    ),
    ("200 OK", "<html>log in</html>", "cannot be read: expected '{'"),
    ("401 Unauthorized", "{}", "refuses the credentials"),
    ("200 OK", #"{"results":[{"error":"query timeout"}]}"#, "query timeout"), ("500 Oops", "no", "500 no"),
    ("503 Busy", #"{"error":"engine closed"}"#, "engine closed"),
  ])
  func `an answer that is none ends the export with its reason`(status: String, body: String, words: String) throws {
    let server = try ScriptedServer { connection in
      while let line = connection.line() {
        while let header = connection.line(), !header.isEmpty {}
        let isPing = line.contains("/ping")
        let text = isPing ? "" : body
        connection.say(
          "HTTP/1.1 \(isPing ? "204 No Content" : status)\r\nX-Influxdb-Version: 1.8.10\r\n"
            + (isPing ? "" : "Content-Length: \(text.utf8.count)\r\n") + "\r\n\(text)")
      }
    }
    defer { server.stop() }
    let files = ["hill.yaml": Self.plant, "wattline.yaml": "influxdb: {url: \"http://127.0.0.1:\(server.port)\"}"]
    try inFolder(files) { folder in
      let result = try Program.run("export", "--config", folder, "--from", "-1d", "--out", folder + "/x.csv")
      #expect(result.code == 1 && result.errors.contains(words), "\(result.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["hill.yaml", "wattline.yaml"])
    }
  }

  @Test func `a signal ends an export that waits for the database, and nothing of its file remains`() throws {
    let server = try ScriptedServer { connection in
      guard connection.line() != nil else { return }
      connection.say("HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.8.10\r\n\r\n")
      connection.discardAll()
    }
    defer { server.stop() }
    let files = ["hill.yaml": Self.plant, "wattline.yaml": "influxdb: {url: \"http://127.0.0.1:\(server.port)\"}"]
    try inFolder(files) { folder in
      let process = try ChildProcess(
        program: Program.path, arguments: ["export", "--config", folder, "--from", "-1d", "--out", folder + "/x.csv"],
        log: folder + "/log")
      func entries() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder) }
      #expect(try Waiting.until(seconds: 10) { try entries().contains { $0.hasSuffix(".part") } })
      process.signal(SIGINT)
      #expect(process.wait() == 1)
      #expect(try entries().sorted() == ["hill.yaml", "log", "wattline.yaml"])
      #expect(
        try String(contentsOfFile: folder + "/log", encoding: .utf8).contains("stopped before the export was whole"))
    }
  }
}
