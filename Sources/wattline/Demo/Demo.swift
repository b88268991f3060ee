import CommandChannel
import Foundation
import LocalGrafana
import LocalServers
import Pipeline
import PlantConfig
import PlantModel
import Settings
import SystemCore
import WattlineTime

/// Servers, pipeline and sensors of the demo, from start to a clean end.
final class Demo {
  private let broker: LocalBroker
  private let influx: LocalInflux
  private let grafana: LocalGrafana?
  private let pipeline: RunningPipeline
  private let interface: InterfaceServer?
  private let login: DemoLogin?
  private let publisher: Publisher
  private let plants: [Plant]
  private let seed: UInt64
  private let journal: URL
  private let keepsJournal: Bool
  private let inbox: FaultInbox
  private let orders: OrderInbox
  private let programme: DemoProgramme
  private var feeds: [SensorFeed] = []
  private var scenarios: BlockingThread?

  /// Starts the servers and the pipeline.
  ///
  /// - Parameters:
  ///   - directory: Folder of configuration.
  ///   - keep: Folder in which database and journal remain; `nil` removes them at the end.
  ///   - seed: Seed of weather and people.
  ///   - note: Receives the log lines of the pipeline.
  /// - Throws: ``InvalidConfiguration``, or a ``Failure`` such as a missing program.
  init(directory: String, keep: String?, seed: UInt64, note: @escaping RunningPipeline.Note) throws {
    let loaded = ConfigurationLoader.load(
      directory: directory, environment: ProcessInfo.processInfo.environment)
    guard loaded.isValid else { throw InvalidConfiguration(diagnostics: loaded.diagnostics) }
    guard !loaded.plants.isEmpty else {
      throw Failure(description: "\(directory) has no plant to play; run it where pipelines/ is, or give --config DIR")
    }
    plants = loaded.plants
    programme = DemoProgramme(plants: loaded.plants)
    self.seed = seed
    keepsJournal = keep != nil
    journal =
      keep.map { URL(fileURLWithPath: $0).appendingPathComponent("journal") }
      ?? FileManager.default.temporaryDirectory.appendingPathComponent("wattline-demo-\(getpid())")
    TemporaryFolder.sweep(names: ["demo", "grafana", "mosquitto", "influxdb"])
    FaultInbox.sweep()
    Console.report("starting a broker and InfluxDB on free loopback ports")
    broker = try LocalBroker.started()
    var options = LocalInflux.Options()
    options.keep = keep.map { $0 + "/influxdb" }
    inbox = FaultInbox(port: broker.port)
    influx = try LocalInflux.started(options: options)
    let brokerSettings = broker.settings
    let databaseSettings = influx.settings()
    let journalPath = journal.path
    pipeline = try RunningPipeline(
      directory: directory, environment: ProcessInfo.processInfo.environment,
      adjust: { settings in
        settings.mqtt = brokerSettings
        settings.influxdb = databaseSettings
        settings.journal.path = journalPath
        settings.http = settings.http ?? HTTPSettings(address: "127.0.0.1", port: 0)
      }, note: note)
    var sensors = brokerSettings
    sensors.clientID = "demo-sensors"
    let orders = OrderInbox(plants: loaded.plants.map(\.name))
    self.orders = orders
    publisher = Publisher(settings: sensors, filters: orders.filters, onMessage: { orders.put($0) })
    grafana = LocalGrafana.start(influx: influx.url, boards: "grafana")
    interface = try InterfaceServer.start(for: pipeline) { _ in }
    login = interface == nil ? nil : try DemoLogin(journal: journalPath)
    Console.report("home board: \(board)")
    try pipeline.start()
    try inbox.open()
  }

  /// Plays history up to the present at full speed. Returns `false` if the user ended it.
  ///
  /// - Parameters:
  ///   - span: Length of the history.
  ///   - step: Time between readings of a sensor.
  ///   - signals: Receiver of the user's signals.
  func playHistory(_ span: TimeSpan, step: TimeSpan, signals: SignalWatch) throws -> Bool {
    let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970)).floored(to: .minute)
    feeds = try plants.map {
      try SensorFeed(
        plant: $0, seed: seed, start: now - span, step: step, publisher: publisher, orders: orders)
    }
    for position in feeds.indices { feeds[position].follower = HistoryFollower(plant: plants[position]) }
    Console.report(
      "playing \(Int(span.inHours / 24)) days of history of \(plants.count.counted("plant"))")
    var progress = ProgressBar("history", total: span.inSeconds)
    var time = now - span
    while time < Timestamp(seconds: Int64(Date().timeIntervalSince1970)) - step {
      for position in feeds.indices { try feeds[position].publishStep() }
      time += step
      if time.seconds % 3600 == 0 {
        progress.update((time - (now - span)).inSeconds, note: "\(feeds.reduce(0) { $0 + $1.published }) messages")
        if signals.wait(seconds: 0) == .stop { return false }
      }
    }
    publisher.flush(timeout: .seconds(60))
    progress.finish()
    return true
  }

  /// Plays in real time, with one reading per sensor and second, until `seconds` have passed or the user ends it.
  func playLive(seconds: Double?, signals: SignalWatch) throws {
    let started = Date()
    var summary = LiveSummary()
    var tick = 0
    for position in feeds.indices { (feeds[position].step, feeds[position].follower) = (.second, nil) }
    if let fault = programme.fault { add(fault.text, to: fault.plant) }
    while seconds.map({ Date().timeIntervalSince(started) < $0 }) ?? true {
      for (plant, text) in inbox.drain() { add(text, to: plant) }
      let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
      for position in feeds.indices {
        while feeds[position].now <= now { try feeds[position].publishStep() }
      }
      try runScenarios()
      show(&summary, tick: tick)
      tick += 1
      if signals.wait(seconds: 1) == .stop { return }
    }
  }

  /// Runs the scenarios as soon as the history is processed.
  private func runScenarios() throws {
    guard scenarios == nil, pipeline.status().stages.lagSeconds < DemoProgramme.longestLag else { return }
    scenarios = try programme.runScenarios(influx.settings()) { Console.report($0) }
  }

  /// Adds a fault to a plant, as requested with `simulate --fault`.
  private func add(_ fault: String, to plant: String) {
    guard let position = plants.firstIndex(where: { $0.name == plant }) else { return }
    do {
      try feeds[position].add(FaultSpecification.parse(fault))
      Console.report("\(plant): \(fault)")
    } catch {
      Console.report("\(plant): \(error)")
    }
  }

  /// Ends sensors, pipeline and servers, in the order of the data flow.
  func stop() {
    inbox.close()
    publisher.flush(timeout: .seconds(5))
    publisher.stop()
    interface?.stop()
    pipeline.stop()
    grafana?.stop()
    influx.stop()
    broker.stop()
    if !keepsJournal { try? FileManager.default.removeItem(at: journal) }
  }

  private func show(_ summary: inout LiveSummary, tick: Int) {
    let status = pipeline.status()
    if Console.isTerminal {
      summary.redraw(status, where: [""] + places + ["", "Ctrl-C ends it"])
    } else if tick % 10 == 0 {
      for line in summary.lines(status) + (tick == 0 ? places : []) { Console.print(line) }
    }
  }

  /// Address of the board to begin with, or why there is none.
  private var board: String {
    grafana.map { "\($0.url)/d/wattline-fleet" } ?? "none, since grafana-server is not on PATH; see grafana/README.md"
  }

  private var places: [String] {
    // A load draws power day and night, so its trip is always visible.
    let load = plants.flatMap(\.assets).first { $0.kind.traits.driver == .people }?.name
    let fault = load.map { "\($0):trip@5s" } ?? "ASSET:KIND@5s"
    let act = interface.flatMap { server in login.map { "\(server.url)act  as \($0.name), password \($0.password)" } }
    return [
      "boards    \(board)",
      "InfluxDB  \(influx.url)  database wattline",
      "broker    mqtt://127.0.0.1:\(broker.port)",
      "break it  WATTLINE_MQTT_URL=mqtt://127.0.0.1:\(broker.port) wattline simulate --fault \(fault)",
    ] + (act.map { ["act       \($0)"] } ?? [])
  }
}
