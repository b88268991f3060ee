import Foundation
import LocalServers
import PlantTesting
import Testing

@Suite("The command line")
struct CommandLineTests {
  private static let good = """
    plant: hillside
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    topics:
      - {match: "tele/{asset}", payload: json, values: {w: /a/b}, scale: {w: 0.001}, rename: {w: power}}
      - {match: "hillside/{asset}/{sensor}"}
    assets:
      roof: {kind: pv, capacity_kw: 30}
      pump: {kind: load, within: house}
      house: {kind: load}
    sensors: [{match: "roof.power", unit: W}]
    """

  @Test func `check of a good folder says on stdout what it means, and ends with 0`() throws {
    try inFolder(["hillside.yaml": Self.good]) { folder in
      let result = try Program.run("check", "--config", folder)
      #expect(result.code == 0)
      #expect(result.errors == "")
      let words = [
        "plant hillside", "asset roof  pv", "within house", "roof.power  unit W", "hillside/{asset}/{sensor}",
        "power kW, dc_power kW, energy kWh, irradiance W/m²", "power [kW] = 0.001 × \"/a/b\"", "asset {asset}",
      ]
      for word in words { #expect(result.output.contains(word)) }
    }
  }

  @Test func `check prints the tariff as its days look, with its holes, and warns without failing`() throws {
    let plant = """
      plant: t
      location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
      assets: {grid: {kind: grid}}
      tariff:
        prices: list.csv
        import:
          - {from: "06:00", to: "22:00", price: 0.3, days: workdays}
          - {from: "10:00", to: "14:00", price: 25, months: jun-aug}
        export: 0.08
        demand_charge: {price: 12, interval: 60m}
      topics: [{match: "t/{asset}/{sensor}"}]
      """
    let list = "time,import\n" + [0, 1, 2, 4].map { "2026-06-10T0\($0):00Z,0.2\($0)\n" }.joined()
    try inFolder(["t.yaml": plant, "list.csv": list]) { folder in
      let result = try Program.run("check", "--config", folder)
      #expect(result.code == 0)
      let lines = [
        "list  2026-06-10 02:00 to 2026-06-10 07:00, 4 rows of 60 min, 0.2 to 0.24",
        "! the list has no row for 2026-06-10 05:00 to 2026-06-10 06:00",
        "import outside of the list  sep-may workdays: 00:00-06:00 no price, 06:00-22:00 0.3, 22:00-24:00 no price",
        "import outside of the list  jun-aug weekend: 00:00-10:00 no price, 10:00-14:00 25, 14:00-24:00 no price",
        "! import has no price: sep-may weekend 00:00-24:00; its cost is left out",
        "export  0.08", "demand charge  12 EUR/kW of the month's greatest mean of 60 min",
      ]
      for line in lines { #expect(result.output.contains(line), "\(line) in \(result.output)") }
      #expect(result.errors.contains("t.yaml:7:5: warning: prices like 25 a kWh"), "\(result.errors)")
      let document = try Program.run("check", "--json", "--config", folder)
      let json = try JSONSerialization.jsonObject(with: Data(document.output.utf8)) as? [String: Any]
      #expect((json?["warnings"] as? [Any])?.count == 1 && json?["valid"] as? Bool == true)
    }
  }

  @Test(arguments: [true, false])
  func `check --json prints one document, for a good folder and for a broken one`(isGood: Bool) throws {
    let text = isGood ? Self.good : Self.good.replacingOccurrences(of: "kind: pv", with: "kind: pw")
    try inFolder(["hillside.yaml": text]) { folder in
      let result = try Program.run("check", "--json", "--config", folder)
      #expect(result.code == (isGood ? 0 : 1))
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      #expect(document["valid"] as? Bool == isGood)
      #expect((document["errors"] as? [Any])?.count == (isGood ? 0 : 1))
      #expect(result.errors.isEmpty == isGood)
    }
  }

  @Test
  func `check of a broken folder says every mistake of every file with its place on stderr, and ends with 1`() throws {
    let files = [
      "a.yaml": """
      plant: a
      location: {latitude: 91, longitude: 11.6, timezone: Europe/Berlim}
      topics: [{match: "a/{asset}/{sensor}"}]
      assets: {roof: {kind: pw}}
      colour: red
      """,
      "b.yaml": """
      plant: b
      location: {latitude: 48, longitude: 11.6, timezone: Europe/Berlin}
      topics: [{match: "b/{asset}/{sensor}"}]
      sensors: [{match: "x.y", range: [9, 1]}]
      """,
      "wattline.yaml": "mqtt: {url: \"http://127.0.0.1\"}",
    ]
    let places = ["a.yaml:2:22:", "a.yaml:2:53:", "a.yaml:4:23:", "a.yaml:5:1:", "b.yaml:4:33:", "wattline.yaml:1:13:"]
    try inFolder(files) { folder in
      let result = try Program.run("check", "--config", folder)
      #expect(result.code == 1)
      #expect(result.output == "")
      let lines = result.errors.split(separator: "\n").map(String.init)
      #expect(lines.count == places.count, "\(result.errors)")
      for place in places {
        #expect(lines.contains { $0.contains(place + " error: ") }, "\(place) in \(result.errors)")
      }
      let run = try Program.run("run", "--config", folder)
      #expect(run.code == 1)
      #expect(run.errors == result.errors, "run refuses the folder with the same words")
    }
  }

  @Test(arguments: [
    [], ["fly"], ["check", "--colour"], ["check", "here"], ["check", "--config"], ["check", "--json=yes"],
    ["replay"], ["replay", "x.csv"], ["replay", "x.csv", "--plant", "a", "--speed", "0"],
    ["replay", "x.csv", "--plant", "a", "--columns", "b=,c"], ["replay", "x.csv", "--plant", "a", "--diff"],
    ["simulate", "--seed", "-1"], ["run", "--fast"],
  ])
  func `a command line that is not understood ends with 2, says why on stderr, and prints no result`(_ words: [String])
    throws
  {
    let result = try Program.run(words)
    #expect(result.code == 2, "\(result)")
    #expect(result.output == "")
    #expect(result.errors != "")
  }

  @Test(arguments: [["--help"], ["help"], ["run", "--help"], ["replay", "-h"]])
  func `help is a result`(_ words: [String]) throws {
    let result = try Program.run(words)
    #expect(result.code == 0)
    #expect(result.output.contains("usage: wattline"))
    #expect(result.errors == "")
  }

  @Test func `what cannot be done ends with 1 and says why on stderr`() throws {
    let port = try Loopback.freePort()
    let process = "mqtt: {url: \"mqtt://127.0.0.1:\(port)\"}"
    try inFolder(["wattline.yaml": process, "hillside.yaml": Self.good]) { folder in
      for words in [
        ["run", "--config", folder + "/none"], ["check", "--config", folder + "/none"],
        ["replay", folder + "/none.csv", "--config", folder, "--plant", "hillside"],
        ["replay", folder + "/hillside.yaml", "--config", folder, "--plant", "valley"],
      ] {
        let result = try Program.run(words)
        #expect(result.code == 1, "\(words): \(result)")
        #expect(result.output == "")
        #expect(result.errors.contains("none") || result.errors.contains("valley"), "\(result)")
      }
    }
  }
}
