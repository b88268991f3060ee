import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Testing

@testable import PlantConfig

private let head = """
  plant: p
  location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}

  """

private func messages(_ text: String, name: String = "p.yaml") -> [String] {
  let files = [(name, Array(text.utf8))]
  return ConfigurationLoader.load(files: files, environment: [:]) { path in
    path == "secret.txt" ? "hunter2\n" : nil
  }.diagnostics.map(\.description)
}

@Suite("What a configuration may not say")
struct RefusalTests {
  @Test(arguments: ["riverside/../hillside", "..", "./a"])
  func `a plant's name that means another plant in an address is refused`(name: String) {
    let text = head.replacingOccurrences(of: "plant: p", with: "plant: \"\(name)\"")
    #expect(messages(text).contains { $0.contains("with which an address means another plant") })
  }

  @Test(arguments: [
    (
      String(repeating: "a/", count: 200) + "b",
      "p.yaml:3:18: error: 'match' has 201 levels, and brokers take at most 200"
    ),
    (
      String(repeating: "a", count: 65_536),
      "p.yaml:3:18: error: 'match' is longer than the 65,535 bytes that a topic may have"
    ),
    (
      "a\\0/{asset}", "p.yaml:3:18: error: 'a\\0/{asset}' has a control character, which no topic may have"
    ),
    ("a\\x85/{asset}", "p.yaml:3:18: error: 'a\\u{0085}/{asset}' has a control character"),
    ("a\\uFDD0/{asset}", "p.yaml:3:18: error: 'a\\u{FDD0}/{asset}' has a control character"),
  ])
  func `a pattern that no broker takes is refused`(pattern: String, message: String) throws {
    let found = messages(head + "topics: [{match: \"\(pattern)\"}]")
    #expect(found.count == 1 && found[0].hasPrefix(message), "\(found)")
  }

  @Test func `what Sparkplug cannot be is refused, and what it names of itself is known`() {
    func found(_ match: String, further: String) -> [String] {
      messages(head + "topics: [{match: \"\(match)\", payload: sparkplug, \(further)}]")
    }
    #expect(
      found("spBv1.0/{group}/+/{edge}/{device}", further: "asset: \"{edge} {device}\", values: {power: Inverter/Power}")
        == [])
    #expect(found("spBv1.0/#", further: "asset: \"{group} {edge} {device}\", strip: Inverter/") == [])
    let oneKind = found("spBv1.0/{group}/DDATA/{edge}/{device}", further: "")
    #expect(
      oneKind.count == 1 && oneKind[0].hasPrefix("p.yaml:3:18: error: ") && oneKind[0].contains("write + in place"))
    #expect(found("plant/{asset}/{sensor}", further: "").count == 1)
    let named = found("spBv1.0/#", further: "sensor: power")
    #expect(named.count == 1 && named[0].contains("'sensor' is not for Sparkplug"))
  }

  @Test func `a pattern of 200 levels is taken`() {
    #expect(messages(head + "topics: [{match: \"\(String(repeating: "a/", count: 199))b\"}]") == [])
  }

  @Test(arguments: [
    (
      "payload: csv, values: {a: -1}", "66: error: 'a' is '-1', which is no column; write its number, from 0 to 99999"
    ),
    ("payload: csv, values: {a: 1.5}", "66: error: 'a' is '1.5', which is no column"),
    (
      "payload: csv, values: {a: 99999999999999999999}",
      "66: error: 'a' is '99999999999999999999', which is no column"
    ),
    ("payload: csv, values: {a: 0}, time: /t", "76: error: 'time' is '/t', which is no column"),
    ("payload: json, values: {a: B/c}", "67: error: 'a' is 'B/c', which is no place; write \"/B/c\""),
    ("payload: json, values: {a: /b}, scale: {c: 2}", "80: error: 'scale' has 'c', which 'values' has not; it has a"),
    (
      "payload: json, values: {a: /b}, rename: {c: d}",
      "81: error: 'rename' has 'c', which 'values' has not; it has a"
    ),
    ("payload: json, values: {a: /b}, scale: {a: 0}", "83: error: a scale of 0 makes every 'a' 0"),
    ("payload: json, values: {a: /b, c: /d}, rename: {a: e, c: e}", "97: error: 'a' and 'c' are both called 'e'"),
    ("payload: json, values: {a: /b, c: /d}, rename: {a: c}", "91: error: 'a' and 'c' are both called 'c'"),
    ("payload: json, values: {a: /b}, rename: {a: [x]}", "84: error: 'a' must get a name, not a list"),
  ])
  func `what a topic says of its payload is refused where it can have no effect`(keys: String, message: String) {
    let found = messages(head + "topics: [{match: \"p/{asset}/{sensor}\", \(keys)}]")
    #expect(found.count == 1 && found[0].hasPrefix("p.yaml:3:" + message), "\(found)")
  }

  @Test(arguments: [
    "payload: json, values: {\"{sensor}\": \"/{sensor}/value\"}, scale: {power: 2}, rename: {\"{sensor}\": \"x_{sensor}\"}",
    "payload: json, values: {power: Power, voltage: \"\"}, time: Time",
    "payload: csv, values: {power: 0, voltage: 99999}, time: 2",
    "payload: csv, values: {power: \"{x}\"}",
    "payload: json, scale: {power: 0.001}, rename: {Power: power, P: power}",
    "payload: line, values: {power: \"a/b\"}",
  ])
  func `placeholders, members of the top level and names that a payload may bring stay legal`(keys: String) {
    #expect(messages(head + "topics: [{match: \"p/{asset}/{x}/{sensor}\", \(keys)}]") == [])
  }

  @Test(arguments: [
    ("plant: \"a\\0b\"\n" + head.dropFirst(9), "p.yaml:1:8: error: 'plant' has a control character"),
    ("plant: \"\"\n" + head.dropFirst(9), "p.yaml:1:8: error: 'plant' is empty"),
    (head + "assets: {\"a\\nb\": {kind: pv}}", "p.yaml:3:10: error: the name of asset 'a\\nb' has a control"),
    (
      head + "assets: {? \(String(repeating: "a", count: 1_025)) : {kind: pv}}",
      "p.yaml:3:12: error: the name of asset '\(String(repeating: "a", count: 60))' is longer than 1024 bytes"
    ),
    (head + "sensors: [{match: power}]", "p.yaml:3:19: error: 'power' fits no sensor; write asset.sensor"),
    (
      head + "assets: {b: {kind: battery, energy_kwh: null}}",
      "p.yaml:3:41: error: 'energy_kwh' has no value; write kWh from 0, or leave the key out"
    ),
    (
      head + "assets: {b: {kind: pv, capacity: 1, colour: red}}",
      "p.yaml:3:24: error: asset 'b' has no key 'capacity'; known are azimuth, capacity_kw, efficiency, energy_kwh, "
        + "export_limit_kw, import_limit_kw, kind, power_kw, ramp_kw_per_minute, reserve, soc_max, soc_min, tilt, "
        + "wear_price, within"
    ),
  ])
  func `names that nobody could find again are refused`(text: String, message: String) {
    let found = messages(text)
    #expect(found.first?.hasPrefix(message) ?? false, "\(found)")
    #expect(found.allSatisfy { !$0.contains("\n") })
  }

  @Test(arguments: ["a.power", "*", "*.power", "a*"])
  func `a sensor is told by asset.sensor or by a wildcard`(match: String) {
    #expect(messages(head + "sensors: [{match: \"\(match)\"}]") == [])
  }

  @Test(arguments: [
    ("mqtt: {client_id: \"\"}", "1:19: error: 'client_id' is empty; leave it out for the default"),
    ("influxdb: {database: \"\"}", "1:22: error: 'database' is empty; leave it out for the default"),
    ("journal: {path: \"\"}", "1:17: error: 'path' is empty; leave it out for the default"),
    (
      "mqtt: {password: x, password_file: secret.txt}",
      "1:18: error: 'password' and 'password_file' are both there; keep one"
    ),
  ])
  func `an empty name of the process is refused, and a secret that is given twice`(text: String, message: String) {
    #expect(messages(text, name: "wattline.yaml") == ["wattline.yaml:" + message])
  }

  @Test func `a file that cannot be read is told with the reason, and a FIFO keeps nobody waiting`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-unreadable")
    defer { folder.remove() }
    let files = FileManager.default
    func path(_ name: String) -> String { folder.path + "/" + name }
    try files.createDirectory(atPath: path("a.yaml"), withIntermediateDirectories: false)
    try files.createSymbolicLink(atPath: path("b.yaml"), withDestinationPath: "b.yaml")
    try files.createSymbolicLink(atPath: path("c.yaml"), withDestinationPath: "nowhere")
    #expect(mkfifo(path("d.yaml"), 0o600) == 0)
    try files.createSymbolicLink(atPath: path("e.yaml"), withDestinationPath: "/dev/zero")
    #expect(mkfifo(path("prices.csv"), 0o600) == 0)
    try Data((head + "tariff: {prices: prices.csv}").utf8).write(to: URL(fileURLWithPath: path("f.YAML")))
    let found = ConfigurationLoader.load(directory: folder.path, environment: [:])
    let reasons = [
      "a.yaml:1:1: error: cannot be read: it is a folder",
      "b.yaml:1:1: error: cannot be read: Too many levels of symbolic links",
      "c.yaml:1:1: error: cannot be read: No such file or directory",
      "d.yaml:1:1: error: cannot be read: it is a pipe",
      "e.yaml:1:1: error: cannot be read: it is a device or a socket",
      "f.YAML:3:18: error: the file 'prices.csv' cannot be read",
    ]
    let told = found.diagnostics.map(\.description)
    #expect(told.count == reasons.count, "\(told)")
    for (message, reason) in zip(told, reasons) { #expect(message.hasPrefix(reason)) }
  }

  @Test func `the time to read a plant grows with its assets, not with their square`() {
    // Each is within the one before, so that the search for circles has the longest way.
    let assets = (0..<16_000).map { "  a\($0): {kind: load\($0 > 0 ? ", within: a\($0 - 1)" : "")}\n" }.joined()
    func processorSeconds() -> Int {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return time.tv_sec
    }
    let began = processorSeconds()
    #expect(messages(head + "assets:\n" + assets) == [])
    #expect(processorSeconds() - began < 10)
  }

  @Test func `every asset of a circle is told, and none that only hangs on it`() {
    let assets =
      "a: {kind: load, within: b}, b: {kind: load, within: a}, c: {kind: load, within: a}, d: {kind: load, within: d}"
    let found = messages(head + "assets: {\(assets)}")
    #expect(found.count == 3)
    for name in ["a", "b", "d"] { #expect(found.contains { $0.contains("asset '\(name)' is within itself") }) }
  }

  @Test func `prices beyond the most rows are told at the first of them, and nothing behind is read`() {
    func prices(_ csv: String) -> [String] {
      let files = [("p.yaml", Array((head + "tariff: {prices: p.csv}").utf8))]
      return ConfigurationLoader.load(files: files, environment: [:]) { _ in csv }.diagnostics.map(\.description)
    }
    let row = "2026-01-01T00:00Z,0.2\r\n"
    let most = "time,import\r\n" + String(repeating: row, count: 100_000)
    #expect(prices(most + "\r\n") == [])
    let told = "p.csv:100002:1: error: more than 100000 rows; leave out what is past"
    #expect(prices(most + row + "broken\r\n") == [told])
  }
}
