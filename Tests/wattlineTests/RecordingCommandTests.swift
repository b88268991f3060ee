import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@Suite("Commands take the same recordings")
struct RecordingCommandTests {
  /// A shop that draws 4 kW from 09:00 to 20:00 on the clock of Oslo and 1 kW else, over the change of the clock in
  /// spring.
  private static let shop: [(time: Timestamp, clock: CivilTime, power: Double)] = {
    guard var zone = LocalCalendar(identifier: "Europe/Oslo") else { return [] }
    let start = zone.timestamp(of: CivilTime(year: 2025, month: 3, day: 3))
    let end = zone.timestamp(of: CivilTime(year: 2025, month: 4, day: 7))
    return stride(from: 0, to: Int((end - start).inHours * 2), by: 1).map { slot in
      let time = start + .minutes(30 * Int64(slot))
      let clock = zone.civil(at: time)
      return (time, clock, (9..<20).contains(clock.hour) ? 4 : 1)
    }
  }()

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// The shop as a logger, a portal, a spreadsheet and a table of days have it.
  private static let files: [(name: String, options: [String], text: String)] = [
    ("logger.csv", [], "time,load.power\n" + shop.map { "\($0.time),\($0.power)\n" }.joined()),
    (
      "portal.csv", [],
      "Anlegg 12\n\nDato;Fra;Til;Forbruk [kWh];Status\n"
        + shop.map { row in
          let clock = row.clock
          let end = clock.minute == 0 ? "\(two(clock.hour)):30" : "\(two((clock.hour + 1) % 24)):00"
          return "\(two(clock.day)).\(two(clock.month)).\(clock.year);\(two(clock.hour)):\(two(clock.minute));\(end);"
            + "\(row.power == 4 ? "2,0" : "0,5");OK\n"
        }.joined()
    ),
    (
      "sheet.csv", ["--unit", "W"],
      "Tid\tForbruk\n"
        + shop.map { row in
          let days = Double(row.clock.utc.seconds + 25_569 * 86_400) / 86_400
          return String(format: "%.8f", days).replacing(".", with: ",") + "\t\(Int(row.power * 1000))\n"
        }.joined()
    ),
    (
      "days.csv", ["--unit", "kWh"],
      "Date," + (0..<48).map { "\($0 / 2):\($0 % 2 == 0 ? "00" : "30")" }.joined(separator: ",") + "\n"
        + Dictionary(grouping: shop) { $0.clock.month * 100 + $0.clock.day }.sorted { $0.key < $1.key }.map { _, rows in
          var cells = Array(repeating: "", count: 48)
          for row in rows { cells[row.clock.hour * 2 + row.clock.minute / 30] = "\(row.power / 2)" }
          let day = rows[0].clock
          return "\(day.year)-\(two(day.month))-\(two(day.day)),\(cells.joined(separator: ","))\n"
        }.joined()
    ),
  ]

  @Test func `a scenario, a backtest and a dispatch give the same for the same recording, whatever wrote it`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-layouts")
    defer { folder.remove() }
    var answers: [[String]] = []
    for (name, options, text) in Self.files {
      let path = folder.path + "/" + name
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let zone = ["--zone", "Europe/Oslo"] + options
      let scenario = try Program.run(
        [
          "scenario", path, "--event", "load:shutdown@2025-03-30T08:00+4h", "--from", "2025-03-30", "--days", "2",
          "--runs", "5", "--json",
        ] + zone)
      try #require(scenario.code == 0, "\(name): \(scenario.errors)")
      let target = name == "logger.csv" ? "load.power" : name == "days.csv" ? "value" : "Forbruk"
      let backtest = try Program.run(
        ["backtest", path, "--target", target, "--models", "naive", "--test", "7d", "--json"] + zone)
      try #require(backtest.code == 0, "\(name): \(backtest.errors)")
      let told = try Program.run(["scenario", path, "--explain"] + zone)
      #expect(
        told.code == 0 && told.output.contains("from 2025-03-02T23:00:00Z to 2025-04-06T21:30:00Z, 30 min apart"),
        "\(told)")
      let scores = backtest.output.split(separator: "\n").filter { !$0.contains("seconds") }.joined()
      answers.append([scenario.output, scores])
    }
    let change =
      try #require(
        try JSONSerialization.jsonObject(with: Data(answers[0][0].utf8)) as? [String: Any])["load_kwh"]
      as? [String: Any]
    #expect((change?["change"] as? [String: Double])?["p50"] == -13)
    for answer in answers.dropFirst() { #expect(answer == answers[0]) }
  }

  @Test func `what a file does not tell is asked for, with the option to write`() throws {
    let files = [
      "dates.csv": "time,load.power\n03/04/2025 00:00,1\n03/04/2025 01:00,2\n",
      "marks.csv": "time;load.power\n2025-04-03T00:00Z;1,234\n", "unit.csv": "time,Usage\n2025-04-03T00:00Z,1\n",
      "names.csv": "time,A [kWh],B [kWh]\n2025-04-03T00:00Z,1,1\n",
    ]
    try inFolder(files) { folder in
      for (file, hint) in [
        ("dates", "write --dates day-first or --dates month-first"),
        ("marks", "write --decimal comma or --decimal point"),
        ("unit", "write --unit kWh"), ("names", "--columns 'A [kWh]=load.power'"),
      ] {
        let result = try Program.run("scenario", folder + "/\(file).csv", "--event", "heat=+1K")
        #expect(result.code == 1 && result.output == "" && result.errors.contains(hint), "\(result)")
      }
      let misuse = try Program.run("scenario", folder + "/dates.csv", "--event", "heat=+1K", "--dates", "day")
      #expect(misuse.code == 2 && misuse.errors.contains("day-first, month-first"))
    }
  }

  @Test(arguments: [1, 5, 7, 45, 120])
  func `a dispatch costs what its slots cost, whatever they last, and tells what is doubled, missing or empty`(
    minutes: Int
  ) throws {
    let folder = try TemporaryFolder(prefix: "wattline-homes")
    defer { folder.remove() }
    var rows: [String] = []
    var cost = 0.0
    let hours = Double(minutes) / 60
    for slot in 0..<(2 * 1440 / minutes) {
      let time = CivilTime(year: 2025, month: 6, day: 2).utc + .minutes(Int64(slot * minutes))
      let load = Double(slot % 5) / 2
      let price = slot % 3 == 0 ? 0.5 : 0.25
      rows.append(
        "\(time);\("\(load * hours)".replacing(".", with: ","));\("\(100 * price)".replacing(".", with: ","))\n")
      cost += load * hours * price
    }
    let doubled = rows[3]
    rows.insert(doubled, at: 4)
    let file = "Zeit;Verbrauch [kWh];Preis [ct/kWh]\n" + rows.joined()
    try Data(file.utf8).write(to: URL(fileURLWithPath: folder.path + "/home.csv"))
    let result = try Program.run("bench", "dispatch", "--data", folder.path, "--json")
    try #require(result.code == 0, "\(result.errors)")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let home = try #require((document["homes"] as? [[String: Any]])?.first)
    #expect(abs((home["nothing"] as? Double ?? 0) - cost) < 1e-4)
    #expect((home["perfect"] as? Double ?? .infinity) <= (home["learned"] as? Double ?? 0) + 1e-4)
    #expect(result.errors.contains("1 row with a time that is there already"), "\(result.errors)")
  }

  @Test func `slots beyond two hours are refused, and a gap is told and not made up`() throws {
    let day = (0..<8).map { "2025-06-02T\(Self.two(3 * $0)):00Z,1,0.5\n" }.joined()
    let gap = (0..<24).filter { !(5..<9).contains($0) }.map { "2025-06-02T\(Self.two($0)):00Z,1,0.5\n" }.joined()
    let head = "time,load.power,grid.price\n"
    try inFolder(["a.csv": head + day]) { folder in
      let result = try Program.run("bench", "dispatch", "--data", folder)
      #expect(result.code == 1 && result.errors.contains("10800.0 s apart"), "\(result)")
    }
    try inFolder(["b.csv": head + gap]) { folder in
      let result = try Program.run("bench", "dispatch", "--data", folder, "--json")
      #expect(result.code == 0 && result.errors.contains("4 rows missing by the usual distance"), "\(result)")
      #expect(result.output.contains("\"nothing\" : 10"), "\(result.output)")
    }
  }
}
