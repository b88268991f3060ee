import CommandChannel
import Foundation
import LocalServers
import PayloadDecoding
import PlantConfig
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Synchronization
import Testing
import WattlineTime

@Suite("discover, at a real broker")
struct DiscoverTests {
  private static let simulated = """
    plant: hillside
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    topics: [{match: "hillside/{asset}/{sensor}"}]
    assets:
      roof: {kind: pv, capacity_kw: 30, tilt: 30, azimuth: 180}
      battery: {kind: battery, energy_kwh: 40, power_kw: 20}
      grid: {kind: grid, import_limit_kw: 60, export_limit_kw: 30}
    """

  /// Messages of three devices, and the places of their numbers, in the canonical unit.
  private static let recorded: [(topic: String, payload: String, wanted: [String: Double])] = [
    (
      "shellypro3em-0a1b2c3d4e5f/events/rpc",
      #"{"src":"shellypro3em-0a1b2c3d4e5f","dst":"x","method":"NotifyStatus","params":{"ts":1750000000.25,"em:0":{"id":0,"act_power":812.5,"voltage":231.5,"current":3.5,"pf":0.98}}}"#,
      [
        "shellypro3em-0a1b2c3d4e5f.power": 0.8125, "shellypro3em-0a1b2c3d4e5f.voltage": 231.5,
        "shellypro3em-0a1b2c3d4e5f.current": 3.5, "shellypro3em-0a1b2c3d4e5f.power_factor": 0.98,
      ]
    ),
    (
      "zigbee2mqtt/freezer",
      #"{"power":62,"energy":19.25,"voltage":229,"current":0.25,"linkquality":120,"state":"ON"}"#,
      [
        "freezer.power": 0.062, "freezer.energy": 19.25, "freezer.voltage": 229, "freezer.current": 0.25,
        "freezer.linkquality": 120,
      ]
    ),
    ("N/c0ffee123456/battery/512/Soc", #"{"value": 71.5}"#, ["victron_battery.soc": 71.5]),
    ("N/c0ffee123456/battery/512/Dc/0/Power", #"{"value": -1250.5}"#, ["victron_battery.power": -1.2505]),
    ("N/c0ffee123456/battery/512/Dc/0/Voltage", #"{"value": 52.25}"#, ["victron_battery.voltage": 52.25]),
  ]

  @Test func `a draft of three simulated and three recorded devices is valid, and their numbers land`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let folder = try TemporaryFolder(prefix: "wattline-discover")
    defer { folder.remove() }
    let url = "mqtt://127.0.0.1:\(broker.port)"
    try FileManager.default.createDirectory(atPath: folder.path + "/simulated", withIntermediateDirectories: false)
    try Data(Self.simulated.utf8).write(to: URL(fileURLWithPath: folder.path + "/simulated/hillside.yaml"))
    try Data("mqtt: {url: \"\(url)\"}".utf8).write(to: URL(fileURLWithPath: folder.path + "/simulated/wattline.yaml"))
    let heard = Mutex<[PublishedMessage]>([])
    var settings = broker.settings
    settings.clientID = "devices"
    let devices = Publisher(
      settings: settings, filters: ["#"], onMessage: { message in heard.withLock { $0.append(message) } })
    defer { devices.stop(timeout: .zero) }
    for device in Self.recorded { try devices.publish(topic: device.topic, payload: device.payload, retain: true) }
    try devices.publish(topic: "cam/door", payload: "\u{1}\u{2}", retain: true)
    let simulation = try ChildProcess(
      program: Program.path, arguments: ["simulate", "--config", folder.path + "/simulated"],
      log: folder.path + "/simulate.log")
    defer { simulation.kill() }
    #expect(Waiting.until(seconds: 20) { heard.withLock { $0.count { $0.topic.hasPrefix("hillside/") } > 8 } })

    let result = try Program.run(
      "discover", "--url", url, "--for", "3s", "--plant", "found", "--timezone", "Europe/Berlin")
    #expect(result.code == 0, "\(result)")
    #expect(result.errors.contains("with values are read"), "\(result.errors)")
    #expect(result.output.contains("#   cam/door: binary"), "\(result.output)")
    try inFolder(["found.yaml": result.output]) { folder in
      let check = try Program.run("check", "--config", folder)
      #expect(check.code == 0, "\(check.errors)\n\(result.output)")
    }
    #expect(Waiting.until(seconds: 20) { heard.withLock { $0.count { $0.topic.hasPrefix("hillside/") } > 40 } })
    let share = try landed(result.output, messages: heard.withLock { $0 })
    #expect(share.right.count * 10 >= share.wanted * 9, "\(share.wrong)\n\(result.output)")
    #expect(share.wanted >= 20, "only \(share.wanted) sensors spoke")
  }

  /// How many of the sensors land by a draft with the right names and values, and which do not.
  private func landed(
    _ draft: String, messages: [PublishedMessage]
  ) throws -> (wanted: Int, right: Set<String>, wrong: Set<String>) {
    let loaded = ConfigurationLoader.load(files: [("found.yaml", Array(draft.utf8))], environment: [:]) { _ in nil }
    let plant = try #require(loaded.plants.first)
    var decoder = MessageDecoder(plants: [plant])
    var registers = [PlantRegister(plant: plant)]
    var batches = [ReadingBatch()]
    var all: Set<String> = []
    var right: Set<String> = []
    for message in messages where message.topic != "cam/door" {
      var expected = Self.recorded.first { $0.topic == message.topic }?.wanted ?? [:]
      let levels = message.topic.split(separator: "/").map(String.init)
      if levels.count == 3, levels[0] == "hillside" {
        let document = try JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any]
        let value = try #require(document?["value"] as? Double)
        let asset = try #require(plant.assets.first { $0.name == levels[1] })
        let unit = SensorCatalogue.profile(sensor: levels[2], of: asset).unit
        expected = ["\(levels[1]).\(levels[2])": unit?.canonical(value) ?? value]
      }
      batches[0].removeAll()
      var frame = MessageFrameBuilder()
      Array(message.topic.utf8).withUnsafeBytes { topic in
        message.payload.withUnsafeBytes { frame.append(topic: topic, payload: $0, packetID: 0, retained: false) }
      }
      frame.bytes.withUnsafeBytes { bytes in
        var cursor = MessageFrameCursor(bytes)
        guard let view = cursor.next() else { return }
        _ = decoder.decode(view, received: Timestamp(seconds: 1_750_000_000), registers: &registers, into: &batches)
      }
      for (name, value) in expected {
        all.insert(name)
        for row in 0..<batches[0].count {
          let series = registers[0].series[batches[0].series[row].position]
          let found = "\(registers[0].assets[series.asset.position].name).\(series.sensor)"
          if found == name, abs(batches[0].value[row] - value) < 1e-9 { right.insert(name) }
        }
      }
    }
    return (all.count, right, all.subtracting(right))
  }

  @Test func `a broker without a message, and one that cannot be reached, are told`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let silent = try Program.run("discover", "--url", "mqtt://127.0.0.1:\(broker.port)", "--for", "0.3s")
    #expect(silent.code == 1)
    #expect(silent.output == "")
    #expect(silent.errors.contains("no message came within"), "\(silent)")
    let closed = try Program.run("discover", "--url", "mqtt://127.0.0.1:\(try Loopback.freePort())", "--for", "1s")
    #expect(closed.code == 1)
    #expect(closed.output == "")
    #expect(closed.errors.contains("see --url"), "\(closed)")
  }

  @Test(arguments: [
    ["--for", "soon"], ["--for", "0s"], ["--url", "http://127.0.0.1"], ["--timezone", "Mars/Olympus"],
    ["--password-file", "/none/such"],
  ])
  func `a command line that is not understood says what would be right`(_ words: [String]) throws {
    let result = try Program.run(["discover"] + words)
    #expect(result.code == 2, "\(result)")
    #expect(result.output == "")
    #expect(result.errors != "")
  }

  @Test func `the draft goes to a new file, and an old one is left alone`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    var settings = broker.settings
    settings.clientID = "devices"
    let devices = Publisher(settings: settings)
    defer { devices.stop(timeout: .zero) }
    try devices.publish(topic: "site/roof/power", payload: "4.25", retain: true)
    try devices.publish(topic: "other/x/power", payload: "4.25", retain: true)
    #expect(devices.flush())
    try inFolder([:]) { folder in
      let words = [
        "discover", "--url", "mqtt://127.0.0.1:\(broker.port)", "--for", "1s", "--output", folder + "/a.yaml",
        "--filter",
        "site/#", "--filter", "none/#",
      ]
      let first = try Program.run(words)
      #expect(first.code == 0, "\(first)")
      #expect(first.output == "")
      let text = try String(contentsOfFile: folder + "/a.yaml", encoding: .utf8)
      #expect(text.contains("site/roof/power"))
      #expect(text.contains("only kept messages came"))
      #expect(!text.contains("other/x/power"))
      let second = try Program.run(words)
      #expect(second.code == 1)
      #expect(second.errors.contains("is there already"))
    }
  }
}
