import Foundation
import LocalServers
import Testing

@testable import PlantConfig

private let head = """
  plant: p
  location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}

  """
private let open = "topics: [{match: \"p/{asset}/{sensor}\"}]\n"
private let assets = "assets: {roof: {kind: pv, capacity_kw: 10}, grid: {kind: grid}}\n"

/// Returns what is told of a folder with these files.
private func told(_ files: [String: String]) throws -> [String] {
  let folder = try TemporaryFolder(prefix: "wattline-review")
  defer { folder.remove() }
  for (name, text) in files {
    let url = URL(fileURLWithPath: folder.path + "/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }
  let loaded = ConfigurationLoader.load(directory: folder.path, environment: [:])
  return (loaded.diagnostics + loaded.warnings).map { $0.description.replacing(folder.path, with: "FOLDER") }
}

private func told(_ text: String) throws -> [String] { try told(["p.yaml": head + text]) }

@Suite("Review of a folder")
struct ReviewTests {
  @Test(arguments: [
    ("sensors: [{match: rof.power, unit: W}]\n", "5:19: warning: no asset 'rof' is declared; perhaps 'roof' is meant"),
    (
      "sensors: [{match: roof.pwoer, unit: W}]\n",
      "no topic or kind has a sensor 'pwoer' of 'roof'; perhaps 'power' is meant"
    ),
    ("sensors: [{match: \"*.pwer\", range: [0, 5]}]\n", "perhaps 'power' is meant"),
    (
      "derive: {roof.power: roof.enrgy + grid.power}\n",
      "'roof.power' never has a value: no topic or kind has a sensor 'enrgy'"
    ),
  ])
  func `a sensor that no topic or kind knows is told with the nearest`(text: String, message: String) throws {
    let found = try told(open + assets + text)
    #expect(found.count == 1 && found[0].hasPrefix("p.yaml:5:") && found[0].contains(message), "\(found)")
    #expect(found[0].contains(": warning: "))
  }

  @Test(arguments: [
    "sensors: [{match: roof.power, unit: W}, {match: \"*.power\", unit: W}, {match: \"*\", range: [0, 1]}]\n",
    "sensors: [{match: roof.string_3, unit: V}, {match: \"r*.temperature\", unit: K}, {match: roof.reactive_power, unit: var}]\n",
    "derive: {grid.power: grid.import - grid.export, roof.power: roof.power_l1 + roof.power_l2}\n", "",
  ])
  func `sensors that a message may bring are taken without a word`(text: String) throws {
    #expect(try told(open + assets + text) == [])
  }

  @Test func `where every name is written, an entry that fits none is told`() throws {
    let closed = "topics: [{match: a, asset: roof, values: {power: /p}}, {match: b, asset: grid, sensor: power}]\n"
    #expect(try told(closed + assets + "sensors: [{match: roof.temperature, unit: K}]\n") == [])
    let sensor = try told(closed + assets + "sensors: [{match: roof.string_3, unit: V}]\n")
    #expect(sensor.count == 1 && sensor[0].contains("no topic brings a sensor 'string_3' of 'roof'"), "\(sensor)")
    let asset = try told(closed + assets + "sensors: [{match: shed.power, unit: W}]\n")
    #expect(asset.count == 1 && asset[0].contains("there is no asset 'shed' and no topic brings one"), "\(asset)")
    let silent = try told(closed + assets.replacing("grid: {", with: "bess: {kind: load}, grid: {"))
    #expect(silent.count == 1 && silent[0].contains("no topic brings anything of asset 'bess'"), "\(silent)")
  }

  @Test(arguments: [
    ("topics: [{match: \"dsmr/{sensor}\", asset: metre}]\n", "metre", "3:42"),
    ("topics: [{match: \"a/{asset}\", values: {power: /p}, rename: {plug17: washer}}]\n", "washer", "3:69"),
    ("topics: [{match: a, values: {washer.power: /p, roof.power: /q, grid.power: /r}}]\n", "washer", "3:30"),
  ])
  func `an asset that a topic names and the file has not is told`(topics: String, name: String, place: String) throws {
    let found = try told(topics + assets).filter { $0.contains("'\(name)'") }
    #expect(found.count == 1 && found[0].hasPrefix("p.yaml:\(place): warning: "), "\(found)")
    #expect(found.first?.contains("write \(name): {kind: …} under 'assets'") == true)
  }

  @Test func `a sensor name that is a slip is told, and one that is no slip is not`() throws {
    func of(_ name: String) throws -> [String] {
      try told("topics: [{match: \"p/{asset}\", values: {\(name): /p}}]\n" + assets)
    }
    #expect(try of("pwoer").first?.contains("no kind of asset has a sensor 'pwoer'") == true)
    #expect(try of("temperture").first?.hasPrefix("p.yaml:3:40: warning: ") == true)
    for name in ["power", "power1", "powers", "voltage_l4", "string_a", "power_w", "state", "temp"] {
      #expect(try of(name) == [], "\(name)")
    }
  }

  @Test func `rules that overlap partly are told with a topic, and a special rule before a general one is not`() throws
  {
    func of(_ first: String, _ second: String) throws -> [String] {
      try told("topics: [{match: \"\(first)\", sensor: power}, {match: \"\(second)\", sensor: power}]\n" + assets)
        .filter { !$0.contains("no topic brings") && !$0.contains("is declared") }
    }
    let partly = try of("p/{asset}/power", "p/roof/{sensor}")
    #expect(partly.count == 1 && partly[0].contains("both match 'p/roof/power'"), "\(partly)")
    #expect(try of("p/{asset}/x-{n}", "p/{asset}/{m}-y").first?.contains("both match") == true)
    #expect(try of("p/roof/power", "p/{asset}/{sensor}") == [])
    #expect(try of("p/{asset}/power", "q/{asset}/{sensor}") == [])
    #expect(try of("p/{asset}/power", "p/{asset}/energy") == [])
    let all = try of("p/{asset}/{sensor}", "p/roof/power")
    #expect(all.count == 1 && all[0].contains(": error: 'p/roof/power' is never reached"), "\(all)")
  }

  @Test(arguments: [
    ("bess: {kind: battery, power_kw: 5}", "has no energy_kwh"),
    ("bess: {kind: battery}", "has no energy_kwh and no power_kw"),
    ("bess: {kind: battery, capacity_kw: 10}", "its energy is 'energy_kwh'"), ("sun: {kind: pv}", "has no capacity_kw"),
    ("car: {kind: ev_charger}", "has no power_kw"),
    ("car: {kind: ev_charger, power_kw: 11000}", "write 11 if those are W"),
    ("sun: {kind: pv, capacity_kw: 9800}", "another pv has 10 kW; write 9.8"),
    ("net: {kind: grid, import_limit_kw: 17000}", "write 17 if those are W"),
    (
      "net: {kind: grid, import_limit_kw: 17}, mill: {kind: wind, capacity_kw: 3500}",
      "greatest limit of the connection 17"
    ),
  ])
  func `a size that a figure needs, and one in W, is told at its place`(asset: String, words: String) throws {
    let found = try told(open + "assets:\n  {roof: {kind: pv, capacity_kw: 10}, \(asset)}\n")
    #expect(found.count == 1 && found[0].hasPrefix("p.yaml:5:") && found[0].contains(words), "\(found)")
    #expect(found[0].contains(": warning: "))
  }

  @Test(arguments: [
    "park: {kind: pv, capacity_kw: 5000}, net: {kind: grid, import_limit_kw: 500, export_limit_kw: 5000}",
    "big: {kind: ev_charger, power_kw: 350}, small: {kind: ev_charger, power_kw: 3.7}",
    "balcony: {kind: pv, capacity_kw: 0.6}, hall: {kind: pv, capacity_kw: 99}, house: {kind: load}",
  ])
  func `sizes of large plants are taken without a word`(list: String) throws {
    #expect(try told(open + "assets: {\(list)}\n") == [])
  }

  @Test func `a range in another unit than that of its entry is told`() throws {
    let found = try told(open + assets + "sensors: [{match: roof.power, range: [0, 11000]}]\n")
    #expect(found.count == 1 && found[0].contains("write unit: W beside it"), "\(found)")
    #expect(try told(open + assets + "sensors: [{match: roof.power, unit: W, range: [0, 11000]}]\n") == [])
  }

  @Test(arguments: [
    ("roof: {kind: pv, capacity_kw: 10, azimuth: 0, tilt: 30}", "write 180 for south"),
    ("car: {kind: load, tilt: 30}", "'tilt' has no effect on 'car'"),
    ("net: {kind: load, import_limit_kw: 30}", "'import_limit_kw' has no effect on 'net'"),
  ])
  func `a key without effect, and modules that face away from the sun, are told`(asset: String, words: String) throws {
    let found = try told(open + "assets: {\(asset)}\n")
    #expect(found.count == 1 && found[0].hasPrefix("p.yaml:4:") && found[0].contains(words), "\(found)")
  }

  @Test(arguments: [
    ("p/{asset}/{senser}", "write {sensor}"), ("p/{Asset}/{sensor}", "write {asset}"),
    ("p/<asset>/{sensor}", "write {asset}"),
  ])
  func `a placeholder that is a slip, or of another program, is told`(match: String, words: String) throws {
    let found = try told("topics: [{match: \"\(match)\"}]\n" + assets)
    #expect(found.count == 1 && found[0].hasPrefix("p.yaml:3:18: warning: ") && found[0].contains(words), "\(found)")
  }

  @Test func `a size far above those of all other devices is told`() throws {
    let list = "assets: {roof: {kind: pv, capacity_kw: 9900}, bess: {kind: battery, energy_kwh: 10, power_kw: 5}}\n"
    let found = try told(open + list)
    #expect(found.count == 1 && found[0].contains("the other devices has 5 kW; write 9.9"), "\(found)")
  }

  @Test func `a key without a value, and what is not indented below it, is told`() throws {
    let empty = try told(open + assets + "tariff: #0.31\n")
    #expect(empty.count == 1 && empty[0].hasPrefix("p.yaml:5:1: warning: 'tariff' has no value"), "\(empty)")
    let beside = try told("topics:\n  - match: \"p/{asset}\"\n    values:\n    power: /p\n" + assets)
    #expect(
      beside.first?.hasPrefix("p.yaml:6:5: error: the topic has no key 'power'; it stands beside 'values'") == true,
      "\(beside)")
    let process = try told(["p.yaml": head + open + assets, "wattline.yaml": "mqtt: {password: #secret\n  }\n"])
    #expect(
      process.count == 1 && process[0].hasPrefix("wattline.yaml:1:8: warning: 'password' has no value"), "\(process)")
    #expect(try told(open.replacing("}]", with: ", where: {/a: null}}]") + assets) == [])
  }

  @Test func `a unit and a scale that convert twice are told`() throws {
    let topics = "topics: [{match: \"p/{asset}\", values: {power: {at: /p, unit: W, scale: 0.001}}}]\n"
    let found = try told(topics + assets)
    #expect(found.count == 1 && found[0].contains("which divides again; keep the unit or the scale"), "\(found)")
  }

  @Test func `a folder without plants, and a plant without topics or assets, is told and taken`() throws {
    let none = try told([:] as [String: String])
    #expect(
      none == [
        "FOLDER:1:1: warning: the folder has no file of configuration; write wattline.yaml and a file for each plant"
      ])
    let process = try told(["wattline.yaml": "workers: auto\n"])
    #expect(process.count == 1 && process[0].hasPrefix("FOLDER:1:1: warning: the folder has no plant"), "\(process)")
    let bare = try told("")
    #expect(bare.count == 2 && bare.allSatisfy { $0.hasPrefix("p.yaml:1:8: warning: the plant has no ") }, "\(bare)")
  }

  @Test func `files that are not read, and the process's file by another name, are told`() throws {
    let plant = head + open + assets
    #expect(try told(["p.yml": plant]) == [])
    let other = try told([
      "p.yaml": plant, "q.yaml.txt": plant, "more/r.yaml": plant, "wattline.yml": "workers: auto\n", "prices.csv": "",
    ])
    #expect(other.count == 3, "\(other)")
    #expect(other[0].hasPrefix("wattline.yml:1:1: error: the process's file must be called wattline.yaml"))
    #expect(other[1].hasPrefix("more/r.yaml:1:1: warning: files of folders inside are not read"))
    #expect(other[2].hasPrefix("q.yaml.txt:1:1: warning: this file is not read") && other[2].contains("call it q.yaml"))
  }

  @Test func `a file where a folder is meant, and a folder that is not there, are told`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-review")
    defer { folder.remove() }
    try Data(head.utf8).write(to: URL(fileURLWithPath: folder.path + "/p.yaml"))
    let file = ConfigurationLoader.load(directory: folder.path + "/p.yaml", environment: [:]).diagnostics
    #expect(
      file.count == 1
        && file[0].message.contains("this is a file, and the folder that it is in is wanted: --config \(folder.path)"))
    let none = ConfigurationLoader.load(directory: folder.path + "/none", environment: [:]).diagnostics
    #expect(none.count == 1 && none[0].message.hasPrefix("there is no folder of that name"))
  }
}

@Suite("Review of a large folder")
struct LargeReviewTests {
  @Test func `the time to review a plant grows with its assets, not with their square`() throws {
    let list = (0..<16_000).map { "  a\($0): {kind: pv, capacity_kw: \(100 + $0 % 50)}\n" }.joined()
    let sensors = (0..<200).map { "  - {match: a\($0).power, unit: W, range: [0, 200000]}\n" }.joined()
    func seconds() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let began = seconds()
    #expect(try told(open + "assets:\n" + list + "sensors:\n" + sensors) == [])
    #expect(seconds() - began < 10)
  }
}
