import Foundation
import PlantModel
import PlantTesting
import Settings
import Testing
import WattlineTime

@testable import PlantConfig

private let head = """
  plant: p
  location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}

  """

private func load(_ text: String, environment: [String: String] = [:], name: String = "p.yaml") -> LoadedConfiguration {
  ConfigurationLoader.load(files: [(name, Array(text.utf8))], environment: environment) { path in
    path == "secret.txt" ? "hunter2\n" : nil
  }
}

@Suite("Configuration")
struct ConfigurationTests {
  @Test(arguments: [
    (head + "asets: {}", "p.yaml:3:1: error: the plant's file has no key 'asets'; did you mean 'assets'?"),
    (
      head + "assets: {a: {kind: batery}}",
      "p.yaml:3:20: error: 'kind' is 'batery'; it must be one of "
        + AssetKind.allCases.map(\.rawValue).joined(separator: ", ")
    ),
    (
      head + "assets: {a: {kind: pv}}\nsensors: [{match: a.power, range: [5, 1]}]",
      "p.yaml:4:35: error: 'range' is upside down; write the lower end first: [1.0, 5.0]"
    ),
    (
      head + "assets: {a: {kind: pv}}\nsensors: [{match: a.power, unit: wats}]",
      "p.yaml:4:34: error: there is no unit 'wats'; known are kW, W, MW, GW, mW, hp, BTU/h, "
        + "kBTU/h, MMBTU/h, TR, kJ/h, MJ/h, GJ/h, kcal/h, Mcal/h, Gcal/h"
    ),
    (
      head + "sensors: {a.power: {unit: W}}",
      "p.yaml:3:10: error: 'sensors' must be a list, such as '- {match: pv1.power, unit: W}', not a mapping"
    ),
    (
      head + "assets: {a: {kind: pv}}\nfaults: [\"a:derating=170@1h\"]",
      "p.yaml:4:10: error: fault 'a:derating=170@1h' has the severity '170'; of derating it is a number from 0.0 to "
        + "100.0 (% of the rating that is left)"
    ),
    (
      head + "assets: {a: {kind: pv}}\nfaults: [\"b:trip@1h\"]",
      "p.yaml:4:10: error: there is no asset for 'b'; the plant has a"
    ),
    (
      "plant: p\nlocation: {latitude: 91, longitude: 0, timezone: UTC}",
      "p.yaml:2:22: error: 'latitude' is '91'; it must be degrees north from -90 to 90"
    ),
    (
      "plant: p\nlocation: {latitude: 1, longitude: 0, timezone: Mars/Base}",
      "p.yaml:2:49: error: there is no time zone 'Mars/Base'; write an IANA name such as Europe/Berlin"
    ),
    (
      head + "currency: EUR\ncurrency: USD",
      "p.yaml:4:1: error: 'currency' stands twice in the plant's file; keep one"
    ),
    (
      head + "assets: {a: {kind: load, within: b}}",
      "p.yaml:3:34: error: there is no asset 'b'; 'within' names one of a"
    ),
    (
      head + "topics: [{match: \"a/{x\"}]",
      "p.yaml:3:18: error: braces in 'a/{x' do not pair; write for example riverside/{asset}/{sensor}"
    ),
    (
      head + "assets: {a: {kind: battery, soc_min: 0.9, soc_max: 0.2}}",
      "p.yaml:3:38: error: 'soc_min' is 0.9; it must be below 'soc_max', which is 0.2"
    ),
  ])
  func `a mistake is told with its place and what would be right`(text: String, message: String) {
    #expect(load(text).diagnostics.map(\.description) == [message])
  }

  @Test(arguments: [
    (
      "mqtt: {protocol: 4}", "wattline.yaml:1:18: error: 'protocol' is '4'; it must be one of auto, 5, 3.1.1"
    ),
    (
      "mqtt: {connections: 0}",
      "wattline.yaml:1:21: error: 'connections' is '0'; it must be a whole number from 1 to 64"
    ),
    ("mqtt: {connections: 1.5}", "wattline.yaml:1:21: error: 'connections' must be a whole number from 1 to 64"),
    (
      "mqtt: {max_payload: 1GiB}",
      "wattline.yaml:1:21: error: 'max_payload' must be from 1KiB to 16MiB, written like 256KiB, not '1GiB'"
    ),
    (
      "journal: {max_bytes: 4MiB}\nmqtt: {max_payload: 513KiB}",
      "wattline.yaml:2:21: error: 'max_payload' must be at most a quarter of what 'journal' has for messages, which is "
        + "512KiB; lower it or raise 'max_bytes' there"
    ),
    (
      "mqtt: {cert: c.pem}",
      "wattline.yaml:1:14: error: a client certificate needs both 'cert' and 'key', the files of the certificate and "
        + "of its key"
    ),
  ])
  func `a mistake of the process's file is told with its place and what would be right`(text: String, message: String) {
    #expect(load(text, name: "wattline.yaml").diagnostics.map(\.description) == [message])
  }

  @Test func `how the broker is spoken to and how far a plant may grow are read`() {
    let process = load(
      "mqtt: {url: \"mqtts://b\", protocol: 3.1.1, connections: 4, max_payload: 64KiB, cert: c, key: k}",
      name: "wattline.yaml")
    let mqtt = process.settings.mqtt
    #expect(mqtt.protocolVersion == .v311 && mqtt.connections == 4 && mqtt.maximumPayload == 65_536 && mqtt.tls)
    #expect(mqtt.certificateFile == "c" && mqtt.keyFile == "k")
    let plant = load(head + "limits: {assets: 5, sensors: 70}").plants.first
    #expect(plant?.limits.assets == 5 && plant?.limits.sensors == 70)
  }

  @Test func `all mistakes of a folder are told in one go`() {
    let files = [
      ("a.yaml", Array((head + "foo: 1\nbar: 2").utf8)), ("b.yaml", Array("plant: [".utf8)),
      ("c.yaml", Array(head.utf8)),
    ]
    let loaded = ConfigurationLoader.load(files: files, environment: [:]) { _ in nil }
    #expect(loaded.diagnostics.map(\.file) == ["a.yaml", "a.yaml", "b.yaml", "c.yaml"])
    #expect(loaded.diagnostics.last?.message == "plant 'p' is already in a.yaml; give it another name")
  }

  @Test func `topics of two plants that nothing tells apart are refused, and a level of their own tells them apart`() {
    func plant(_ name: String, match: String) -> (String, [UInt8]) {
      let text = head.replacingOccurrences(of: "plant: p", with: "plant: \(name)") + "topics: [{match: \"\(match)\"}]"
      return ("\(name).yaml", Array(text.utf8))
    }
    let clash = ConfigurationLoader.load(
      files: [plant("a", match: "{asset}/{sensor}"), plant("b", match: "x/{sensor}")], environment: [:]
    ) { _ in nil }
    #expect(clash.diagnostics.count == 1)
    let apart = ConfigurationLoader.load(
      files: [plant("a", match: "a/{asset}/{sensor}"), plant("b", match: "b/{asset}/{sensor}")], environment: [:]
    ) { _ in nil }
    #expect(apart.isValid)
  }

  @Test(arguments: [
    ("a/{x}", "a/b", true), ("a/{x}", "b/{x}", false), ("a/#", "a", true), ("a/#", "a/b/c", true),
    ("a", "a/b", false),
    ("+/b", "{x}/b", true), ("p-{x}/a", "p-{y}/a", true), ("p-{x}", "q-{y}", false), ("{x}-p", "a-p", true),
    ("{x}-p", "a-q", false), ("p{x}p", "p", false), ("p{x}p", "pp", true), ("#", "a/b", true), ("{x}", "a/b", false),
    ("a/{x}-1/c", "a/2-{y}/c", true), ("é{x}", "e{x}", false),
  ])
  func `whether two patterns can match one topic`(_ item: (String, String, Bool)) {
    for (one, other) in [(item.0, item.1), (item.1, item.0)] {
      var tree = TopicTree()
      tree.add(one, place: (0, 0))
      tree.add("other/" + other, place: (1, 0))
      #expect((tree.first(meeting: other) != nil) == item.2)
    }
  }

  @Test func `of many plants that share a topic each is told once, with the first that has it`() {
    let files = (0..<30).map { number in
      let text = head.replacingOccurrences(of: "plant: p", with: "plant: p\(number)")
      return (String(format: "p%02d.yaml", number), Array((text + "topics: [{match: \"site/{asset}/{sensor}\"}]").utf8))
    }
    let messages = ConfigurationLoader.load(files: files, environment: [:]) { _ in nil }.diagnostics.map(\.message)
    #expect(messages.count == 29 && messages.allSatisfy { $0.contains("of plant 'p0' (p00.yaml)") })
  }

  @Test func `secrets come from the environment or a file, and are never printed`() {
    let text =
      "mqtt: {url: \"mqtts://broker:8884\", username: u, password_file: secret.txt}\ninfluxdb: {token: \"${T}\"}"
    let loaded = load(text, environment: ["T": "s3cret"], name: "wattline.yaml")
    #expect(loaded.diagnostics == [])
    #expect(loaded.settings.mqtt.password?.text == "hunter2")
    #expect(loaded.settings.influxdb.token?.text == "s3cret")
    #expect(loaded.settings.mqtt.port == 8884 && loaded.settings.mqtt.tls)
    var dumped = ""
    dump(loaded.settings, to: &dumped)
    #expect(!"\(loaded.settings)\(dumped)".contains("hunter2") && !dumped.contains("s3cret"))
    let missing = load(text, name: "wattline.yaml").diagnostics.map(\.message)
    #expect(missing == ["the environment has no T; set it, or write ${T:-default}"])
  }

  @Test func `what waits on disk has its bounds and its way when full, and each mistake says what would be right`() {
    let text =
      "journal: {path: /j, max_bytes: 8GiB, spool: 2GiB, dead_letters: 1MiB, history: 3GiB, when_full: drop_oldest}"
    let journal = load(text, name: "wattline.yaml").settings.journal
    #expect(
      journal.spoolBytes == 2 << 30 && journal.deadLetterBytes == 1 << 20 && journal.historyBytes == 3 << 30
        && journal.whenFull == .dropOldest)
    let defaults = load("journal: {path: /j}", name: "wattline.yaml").settings.journal
    #expect(defaults.spoolBytes == nil && defaults.whenFull == .pause)
    let large = load("journal: {max_bytes: 1GiB, spool: 1GiB}", name: "wattline.yaml").diagnostics.map(\.message)
    #expect(
      large == ["'spool' is a part of 'max_bytes' and must leave an eighth of it, and 512KiB, to messages"])
    let small = load("journal: {max_bytes: 1MiB}", name: "wattline.yaml").settings
    #expect(small.journal.messageShare == 512 << 10 && small.mqtt.maximumPayload == 128 << 10)
    #expect(load("journal: {history_age: 36h}", name: "wattline.yaml").settings.journal.historyAge == .hours(36))
    #expect(
      load("journal: {history_age: 3}", name: "wattline.yaml").diagnostics.map(\.message) == [
        "'history_age' must be a time from 1m on, such as 30d, not '3'"
      ])
    let wrong = load("journal: {spool: 3kB, when_full: drop}", name: "wattline.yaml").diagnostics.map(\.message)
    #expect(
      wrong == [
        "'spool' must be at least 1MiB, written like 500MB or 10GiB, not '3kB'",
        "'when_full' is 'drop'; it must be one of pause, drop_oldest",
      ])
  }

  @Test func `any change of bytes in a plant's file gives mistakes or a plant, and never a crash`() {
    var generator = SplitMix(state: 7)
    func random(_ bound: Int) -> Int { generator.index(below: bound) }
    let text =
      head + """
        topics: [{match: "p/{asset}/{sensor}", values: {a: "/b"}, scale: {a: 2}}]
        assets: {a: {kind: pv, capacity_kw: 3}, b: {kind: load, within: a}}
        sensors: [{match: "a.*", unit: W, range: [0, 9]}]
        tariff: {import: [{from: "00:00", price: 0.2}, {from: "16:00", to: "21:00", price: 0.5}], export: 0.1}
        """
    var valid = 0
    for _ in 0..<3_000 {
      var bytes = Array(text.utf8)
      for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
      let loaded = ConfigurationLoader.load(files: [("p.yaml", bytes)], environment: [:]) { _ in nil }
      if loaded.isValid { valid += 1 }
      #expect(loaded.isValid == loaded.diagnostics.isEmpty)
    }
    #expect(valid < 3_000)
  }
}
