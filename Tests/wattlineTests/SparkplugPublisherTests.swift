import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantTesting
import Settings
import Synchronization
import Testing
import WattlineTime

/// A Python that has a Sparkplug library: the one that `WATTLINE_PYTHON` names, else `python3`.
private enum SparkplugLibrary {
  static let python: String? = {
    let named = ProcessInfo.processInfo.environment["WATTLINE_PYTHON"]
    let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/python3" }
    return (named.map { [$0] } ?? places).first { place in
      FileManager.default.isExecutableFile(atPath: place)
        && (try? Program.run(["-c", "import pysparkplug"], of: place))?.code == 0
    }
  }()
}

/// The program with an edge node that its authors did not write: `pysparkplug` from PyPI.
@Suite(
  "Sparkplug from a library", .serialized,
  .enabled(
    if: SparkplugLibrary.python != nil,
    "pysparkplug is not installed: pip install pysparkplug, and name its Python by WATTLINE_PYTHON"))
struct SparkplugPublisherTests {
  /// An edge node with a device, which speaks four times a second and answers requests for a rebirth by a new session.
  private static let script = """
    import sys, time
    import pysparkplug as spb

    def metric(name, kind, value, **more):
        return spb.Metric(timestamp=spb.get_current_timestamp(), name=name, datatype=kind, value=value, **more)

    asked = []

    def commanded(node, message):
        if any(m.name == "Node Control/Rebirth" and m.value for m in message.payload.metrics):
            asked.append(1)

    node = spb.EdgeNode(
        "plant", "gw",
        [metric("Supply Voltage", spb.DataType.FLOAT, 12.5),
         metric("Node Control/Rebirth", spb.DataType.BOOLEAN, False)],
        cmd_callback=commanded)
    node.register(spb.Device("pv1", [
        metric("Inverter/Power", spb.DataType.DOUBLE, 1.0, alias=3),
        metric("Inverter/Trim", spb.DataType.INT8, -5),
        metric("Serial", spb.DataType.STRING, "A1")]))
    node.connect("127.0.0.1", port=int(sys.argv[1]))
    time.sleep(1)
    count = 0
    while True:
        if asked:
            asked.clear()
            print("asked for a rebirth", flush=True)
            node.disconnect()
            node.connect("127.0.0.1", port=int(sys.argv[1]))
            time.sleep(1)
        count += 1
        node.update([metric("Supply Voltage", spb.DataType.FLOAT, 12.0 + count % 4 / 4)])
        node.update_device("pv1", [metric("Inverter/Power", spb.DataType.DOUBLE, 10.0 + count % 8, alias=3)])
        time.sleep(0.25)
    """

  @Test
  func `an edge node that was there first is asked for a rebirth, its data lands, and its end is an alert`() throws {
    let site = try Site()
    defer { site.stop() }
    try site.write(
      "farm.yaml",
      text: """
        plant: farm
        location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
        topics: [{match: "spBv1.0/{group}/+/{edge}/{device}", payload: sparkplug, rename: {Inverter/Power: power}}]
        assets: {pv1: {kind: pv, capacity_kw: 50}}
        """)
    try site.write("node.py", text: Self.script)
    let states = Mutex<[String]>([])
    var settings = site.broker.settings
    settings.clientID = "ear"
    let ear = Publisher(
      settings: settings, filters: ["spBv1.0/STATE/+"],
      onMessage: { message in states.withLock { $0.append(String(decoding: message.payload, as: UTF8.self)) } })
    defer { ear.stop(timeout: .zero) }
    func startNode() throws -> ChildProcess {
      try ChildProcess(
        program: SparkplugLibrary.python ?? "", arguments: [site.folder.path + "/node.py", "\(site.broker.port)"],
        log: site.folder.path + "/node.log")
    }
    var node = try startNode()
    defer { node.kill() }
    usleep(2_000_000)
    try site.runOnline()
    #expect(Waiting.until(seconds: 20) { states.withLock { $0.last?.hasPrefix(#"{"online":true"#) == true } })
    let log = { (try? String(contentsOfFile: site.folder.path + "/node.log", encoding: .utf8)) ?? "" }
    #expect(Waiting.until(seconds: 20) { log().contains("asked for a rebirth") }, "\(site.logTail)\n\(log())")
    func values(_ asset: String, sensor: String) -> [Double] {
      let query =
        "SELECT \"value\" FROM \"raw\" WHERE \"asset\" = '\(asset)' AND \"sensor\" = '\(sensor)'"
      return ((try? site.influx.query(query)) ?? []).compactMap { $0.number("value") }
    }
    #expect(Waiting.until(seconds: 30, pause: 200) { values("pv1", sensor: "power").count > 12 }, "\(site.logTail)")
    #expect(values("pv1", sensor: "power").allSatisfy { $0 == 1 || (10...17).contains($0) })
    #expect(values("gw", sensor: "Supply Voltage").allSatisfy { (12...12.75).contains($0) })
    #expect(Set(values("pv1", sensor: "Inverter/Trim")) == [-5])
    #expect(values("pv1", sensor: "Serial").isEmpty && values("gw", sensor: "bdSeq").isEmpty)

    func alerts() -> [String] {
      let query = "SELECT \"status\" FROM \"alerts\" WHERE \"asset\" = 'pv1' AND \"rule\" = 'offline'"
      return ((try? site.influx.query(query)) ?? []).compactMap { $0.text("status") }
    }
    node.kill()
    #expect(Waiting.until(seconds: 10, pause: 100) { alerts().last == "raised" }, "\(site.logTail)")
    node = try startNode()
    #expect(Waiting.until(seconds: 20, pause: 100) { alerts().last == "cleared" }, "\(site.logTail)")
    #expect(site.end() == 0)
    #expect(Waiting.until(seconds: 10) { states.withLock { $0.last?.hasPrefix(#"{"online":false"#) == true } })
  }
}
