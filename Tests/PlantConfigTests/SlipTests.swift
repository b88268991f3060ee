import Foundation
import PlantModel
import Testing

@testable import PlantConfig

private let head = """
  plant: p
  location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}

  """

private func told(_ text: String) -> [String] { told(Array(text.utf8)) }

private func told(_ bytes: [UInt8]) -> [String] {
  let loaded = ConfigurationLoader.load(files: [("p.yaml", bytes)], environment: [:]) { _ in nil }
  return (loaded.diagnostics + loaded.warnings).map(\.description)
}

@Suite("Slips of YAML in words")
struct SlipTests {
  @Test(arguments: [
    ("topics:\n\t- match: a\n", "4:1: error: a tab indents this line"),
    (
      "topics:\n  - match: {asset}/power\n",
      "4:12: error: a value that begins with '{' is a mapping for YAML; put it into "
        + "quotation marks: \"{asset}/power\""
    ),
    (
      "topics:\n  - match: a\n    asset: {asset}\n",
      "5:12: error: 'asset' must be a text, not a mapping; YAML reads {asset} "
        + "as a mapping; write \"{asset}\""
    ),
    ("topics:\n  - match: %a/b\n", "4:12: error: a value cannot begin with '%'; put it into quotation marks: \"%a/b\""),
    ("topics:\n  - match: @a/b\n", "4:12: error: a value cannot begin with '@'"),
    ("topics:\n  - match: `a/b\n", "4:12: error: a value cannot begin with '`'"),
    ("topics:\n  - match: *\n", "4:12: error: '*' at the start of a value means something else in YAML; write \"*\""),
    (
      "topics:\n  - match: \"a/b\n    payload: json\n",
      "4:12: error: the quotation mark that opens here is never closed"
    ),
    (
      "topics:\n  - match: \"a/b\n    payload: \"json\"\n",
      "4:12: error: the quotation mark that opens here is not closed"
    ),
    ("topics:\n  - match: \"a\"/b\n", "4:15: error: '/b' stands behind the quotation marks"),
    ("topics:\n  - match: \"a\\d\"\n", "4:14: error: in double quotation marks '\\' begins an escape"),
    (
      "topics:\n  - match:a/b\n    payload: json\n",
      "4:5: error: a blank is missing behind the colon; write 'match: a/b'"
    ),
    ("topics:\n  -match: a/b\n", "4:3: error: 'topics' must be a list"),
    ("topics:\n  - match: a: b\n", "4:12: error: a value with ': ' in it needs quotation marks: \"a: b\""),
    ("topics: - match: a\n", "3:9: error: '- ' must begin a line of its own"),
    (
      "topics:\n- match: a\n  asset: b\n   sensor: c\n",
      "6:4: error: this line is indented by 3 blanks, and the one above"
    ),
    ("topics:\n  - match: a\n asset: b\n", "5:2: error: this line is indented by 1 blank, which fits no line above it"),
    ("topics:\n  - match: a\n  asset: b\n", "5:3: error: this line stands at the level of the list's dashes"),
    ("assets:\n  a: {kind: pv\n  b: {kind: load}\n", "4:6: error: the '{' that opens here is not closed"),
    ("assets:\n  a: {kind: pv}}\n", "4:16: error: this bracket closes nothing"),
    (
      "assets:\n  - a: {kind: pv}\n", "4:3: error: assets must be a mapping of keys to values, not a list; write 'a: …'"
    ),
    (
      "assets: {a: {kind: pv, capacity_kw:30}}\n",
      "3:24: error: asset 'a' has no key 'capacity_kw:30'; a blank is missing"
    ),
    (
      "assets: {a: {kind: pv, capacity_kw: 30 kW}}\n",
      "3:37: error: 'capacity_kw' must be a number (kW from 0), not '30 kW'; "
        + "write 30 alone"
    ),
    (
      "assets: {a: {kind: pv, capacity_kw: 9,5}}\n",
      "3:39: error: asset 'a' has no key '5'; numbers have a decimal point; "
        + "write 'capacity_kw: 9.5'"
    ),
    ("late:\u{A0}1d\nholidays: []\n", "3:6: error: a no-break space (U+00A0) stands here; write a blank in its place"),
    ("timezone: UTC\n", "3:1: error: the plant's file has no key 'timezone'; 'timezone' belongs to location"),
    ("alerts: {email_to: !secret mail}\n", "3:20: error: '!secret' is a tag of YAML that means nothing here"),
    ("tariff: {import: [{from: 960, price: 1}]}\n", "3:26: error: 'from' is '960'; write \"16:00\" in quotation marks"),
    ("tariff: {import: [{from: 4pm, price: 1}]}\n", "3:26: error: 'from' is '4pm'; write \"16:00\""),
    (
      "tariff: {import: 0,31}\n",
      "3:20: error: tariff has no key '31'; numbers have a decimal point; write 'import: 0.31'"
    ),
    ("assets:\n  roof:{kind: pv}\n", "4:3: error: 'roof:{kind' is no name; write 'roof: {kind: …}'"),
    (
      "assets: {b: {kind: battery, capacity_kwh: 10}}\n",
      "3:29: error: asset 'b' has no key 'capacity_kwh'; write 'energy_kwh'"
    ),
    ("tariff:\n  import: 0,31\n", "4:11: error: 'import' must be a number"),
  ])
  func `a slip is told where it is, with what to write`(text: String, message: String) {
    let found = told(head + text)
    #expect(found.first?.hasPrefix("p.yaml:" + message) == true, "\(found)")
  }

  @Test func `a key without its blank, and an encoding that is not UTF-8, are told in the first line`() {
    #expect(
      told("plant:p\n" + head.dropFirst(9))[0].hasPrefix("p.yaml:1:1: error: a blank is missing behind the colon"))
    let wide: [UInt8] = head.utf8.flatMap { byte -> [UInt8] in [byte, 0] }
    #expect(told(wide)[0].hasPrefix("p.yaml:1:1: error: the file is UTF-16 without its mark; save it as UTF-8"))
    let latin = Array("plant: M".utf8) + [0xFC] + Array("nchen\n".utf8)
    #expect(told(latin)[0].hasPrefix("p.yaml:1:9: error: this byte is no UTF-8"))
    #expect(told(Array("plant: a".utf8) + [7, 10])[0].hasPrefix("p.yaml:1:9: error: a control character (code 7)"))
  }

  @Test
  func `a byte order mark, UTF-16 with one, Windows' line ends, and words of YAML 1.1 are read as they are meant`() {
    let text =
      head + "topics: [{match: \"p/{asset}/on\", where: {/no: off}}]\n"
      + "tariff: {import: [{price: 0.2}, {from: 16:00, to: 21:00, price: 0.3}]}\n"
    #expect(told(text) == [])
    #expect(told([0xEF, 0xBB, 0xBF] + Array(text.utf8)) == [])
    let utf16: [UInt8] = text.utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    #expect(told([0xFF, 0xFE] + utf16) == [])
    #expect(told(text.replacing("\n", with: "\r\n")) == [])
    let loaded = ConfigurationLoader.load(files: [("p.yaml", Array(text.utf8))], environment: [:]) { _ in nil }
    #expect(loaded.plants.first?.topics[0].conditions.first?.texts == ["off"])
    #expect(loaded.plants.first?.tariff.importPeriods[1].fromMinute == 960)
  }

  @Test(arguments: [
    ("UTC+1", true, "write Europe/Berlin, which knows its summer time, or Etc/GMT-1"),
    ("GMT+2", true, "write Europe/Berlin"), ("CET+1", false, "write Europe/Berlin"),
    ("Berlin", false, "write Europe/Berlin"),
    ("München", false, "write Europe/Berlin"), ("Europe/Munich", false, "write Europe/Berlin"),
    ("europe/berlin", false, "write Europe/Berlin"), ("Europe/Berln", false, "write Europe/Berlin"),
    ("W. Europe Standard Time", false, "write Europe/Berlin"), ("+01:00", false, "write Europe/Berlin"),
    ("Pacific Standard Time", false, "write America/Los_Angeles"), ("MEZ", false, "write Europe/Berlin"),
    ("Los Angeles", false, "write America/Los_Angeles"), ("Mars/Base", false, "such as Europe/Berlin"),
  ])
  func `another text for a time zone gets the IANA name to write`(zone: String, isTaken: Bool, right: String) {
    let found = told(head.replacing("Europe/Berlin", with: "\"\(zone)\""))
    #expect(found.count == 1 && found[0].contains(right), "\(found)")
    #expect(found[0].hasPrefix("p.yaml:2:55: \(isTaken ? "warning" : "error"): "), "\(found)")
  }

  @Test(arguments: [
    ("latitude: 11.6, longitude: 48.1, timezone: Europe/Berlin", "exchanged: latitude: 48.1, longitude: 11.6"),
    ("latitude: 34, longitude: 117.4, timezone: America/Los_Angeles", "a sign is perhaps missing"),
    ("latitude: 33.9, longitude: 151.2, timezone: Australia/Sydney", "latitude: -33.9"),
    ("latitude: 0, longitude: 0, timezone: Europe/Berlin", "is in the sea"),
    ("latitude: 48.1, longitude: 11.6, timezone: Asia/Tokyo", "is not in Asia/Tokyo"),
  ])
  func `a position that is elsewhere than its time zone is told`(location: String, words: String) {
    let found = told("plant: p\nlocation: {\(location)}\n")
    #expect(found.count == 1 && found[0].contains(": warning: ") && found[0].contains(words), "\(found)")
  }

  @Test(arguments: [
    "latitude: 64.1, longitude: -21.9, timezone: Atlantic/Reykjavik",
    "latitude: 39.5, longitude: 76, timezone: Asia/Shanghai",
    "latitude: 42.2, longitude: -8.7, timezone: Europe/Madrid",
    "latitude: -36.8, longitude: 174.8, timezone: Pacific/Auckland",
    "latitude: 28.1, longitude: -15.4, timezone: Atlantic/Canary", "latitude: 48.1, longitude: 11.6, timezone: CET",
    "latitude: 67.5, longitude: 20, timezone: Europe/Stockholm",
    "latitude: 21.3, longitude: -157.9, timezone: Pacific/Honolulu",
    "latitude: 48.1, longitude: 11.6, timezone: UTC", "latitude: 54.7, longitude: 20.5, timezone: Europe/Kaliningrad",
  ])
  func `positions at the edges of their zones are taken without a word`(location: String) {
    #expect(told("plant: p\nlocation: {\(location)}\n") == [])
  }

  @Test(arguments: [
    ("ENERGY.Power", "/ENERGY/Power", "warning"), ("$.ENERGY.Power", "/ENERGY/Power", "error"),
    ("StatusSNS.ENERGY.Power[0]", "/StatusSNS/ENERGY/Power/0", "warning"), ("value_json.power", "/power", "warning"),
    ("{{ value_json.power }}", "/power", "error"),
  ])
  func `a path with dots gets the JSON pointer to write`(path: String, pointer: String, severity: String) {
    let found = told(head + "topics: [{match: \"p/{asset}\", values: {power: \"\(path)\"}}]")
    #expect(
      found.count == 1 && found[0].contains(": \(severity): ") && found[0].contains("write \"\(pointer)\""), "\(found)")
    #expect(found[0].hasPrefix("p.yaml:3:47: "))
  }

  @Test(arguments: ["Power", "1.8.0", "/ENERGY/Power", "Inverter-1", ""])
  func `names of members are no paths`(path: String) {
    #expect(told(head + "topics: [{match: \"p/{asset}\", values: {power: \"\(path)\"}}]") == [])
  }

  @Test(arguments: [
    ("EUR", "{import: 21}", "ct/kWh"), ("EUR", "{import: 0.21, export: 8}", "prices like 8 a kWh"),
    ("EUR", "{import: [{price: 0.2}, {price: 0.3}, {from: \"16:00\", price: 54}]}", "perhaps 0.54"),
    ("EUR", "{import: -0.31}", "import has a negative price"), ("EUR", "{import: 0.31, export: -0.08}", "write 0.08"),
    ("EUR", "{import: 0.08, export: 0.31}", "perhaps the two are exchanged"),
    ("EUR", "{import: 0.3, carbon: {intensity: 3.8}}", "the most of any grid"),
    ("EUR", "{import: 0.3, carbon: {intensity: 0.0004}}", "less than of any grid"),
    ("EUR", "{import: 0.3, carbon: {intensity: 0.38, weight: 65}}", "write 0.065 if it is for a tonne"),
    ("EUR", "{import: 0.3, demand_charge: 120}", "write 10 if it is for a year"),
    ("JPY", "{import: 0.31}", "far below any in JPY"), ("€", "{import: 0.31}", "write EUR"),
    ("eur", "{import: 0.31}", "write EUR"),
  ])
  func `a price of implausible size or sign is taken with a warning`(currency: String, tariff: String, words: String) {
    let found = told(head + "currency: \(currency)\ntariff: \(tariff)\n")
    #expect(found.count == 1 && found[0].contains(": warning: ") && found[0].contains(words), "\(found)")
  }

  @Test(arguments: [
    ("JPY", "{import: 31.5, export: 8}"), ("HUF", "{import: 40}"), ("KRW", "{import: 150, demand_charge: 8000}"),
    ("EUR", "{import: [{price: 0.2}, {from: \"12:00\", to: \"14:00\", price: -0.05}], export: 0.08}"),
    ("EUR", "{import: 0.31, export: [{price: -0.01}]}"), ("EUR", "{import: 0.9, export: 0.08, demand_charge: 15}"),
    ("USD", "{import: 0.21, export: 0.05, carbon: {intensity: 0.38, weight: 0.05}}"), ("XYZ", "{import: 5000}"),
  ])
  func `prices that may be are taken without a word`(currency: String, tariff: String) {
    #expect(told(head + "currency: \(currency)\ntariff: \(tariff)\n") == [])
  }

  @Test(arguments: [
    "plant: evil\nx: " + String(repeating: "- ", count: 20_000) + "1",
    "plant: evil\nx: " + String(repeating: "a: ", count: 20_000) + "1",
    "plant: evil\nx: \"" + String(repeating: "- \"a", count: 20_000),
    "plant: evil\ntopics:\n" + (0..<3_000).map { "  - {match: \"x\($0)/{asset}/{sensor}\"}\n" }.joined(),
  ])
  func `a long file is judged in a moment, whatever its slips`(text: String) {
    let start = ContinuousClock.now
    _ = ConfigurationLoader.load(files: [("evil.yaml", Array(text.utf8))], environment: [:], readFile: { _ in nil })
    #expect(ContinuousClock.now - start < .seconds(10))
  }
}
