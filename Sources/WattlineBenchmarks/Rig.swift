import Foundation
import PlantTesting

/// A broker, a database and the pipeline as users run it, each a process of its own, and a load generator beside them.
final class Rig {
  /// How the pipeline runs.
  struct Setting {
    var fleet = Fleet()
    var qos = 1
    var workers = "auto"
    /// Without it memory is in the journal's place.
    var isJournaled = true
    /// Files of plants beside the fleet's, by name.
    var furtherPlants: [String: String] = [:]
  }

  let broker: LocalBroker
  let influx: LocalInflux
  private(set) var pipeline: ChildProcess?
  private let program: String
  private let setting: Setting
  private let folder = TemporaryFolder()
  private var starts = 0

  /// Starts broker and database, or takes a broker that runs; `program` is the path of this executable.
  init(program: String, _ setting: Setting, broker: LocalBroker? = nil) throws {
    self.program = program
    self.setting = setting
    self.broker = try broker ?? Rig.broker()
    influx = try LocalInflux.started()
    try configure()
  }

  /// A broker that lets as many messages be on their way as a busy subscriber needs.
  static func broker() throws -> LocalBroker {
    var options = LocalBroker.Options()
    options.maximumInflight = 2_000
    return try LocalBroker.started(options: options)
  }

  private func configure() throws {
    var files = [
      "wattline.yaml": """
      mqtt: {url: "mqtt://127.0.0.1:\(broker.port)", qos: \(setting.qos)}
      influxdb: {url: "\(influx.url)"}
      journal: {path: "\(folder.path)/journal"}
      workers: \(setting.workers)
      """
    ]
    for plant in 0..<setting.fleet.plants { files["plant\(plant).yaml"] = Fleet.file(of: plant) }
    for (name, text) in setting.furtherPlants { files["\(name).yaml"] = text }
    for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: try folder.file(name))) }
  }

  /// Starts the pipeline and returns how long it takes until every subscription is confirmed [s].
  func start() throws -> Double {
    starts += 1
    let log = try folder.file("wattline-\(starts).log")
    let began = ContinuousClock.now
    let command = setting.isJournaled ? ["run"] : ["bench", "unjournaled"]
    pipeline = try ChildProcess(program: program, arguments: command + ["--config", folder.path], log: log)
    let isReady = Waiting.until(seconds: 120, pause: 5) {
      ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").contains("every subscription is confirmed")
    }
    guard isReady else { throw BenchmarkError(description: "the pipeline does not subscribe; see \(log)") }
    return Rig.seconds(since: began)
  }

  /// Ends the pipeline in good order.
  func end() { pipeline?.terminate(within: 60) }

  /// Ends everything.
  func stop() {
    pipeline?.kill()
    influx.stop()
    broker.stop()
  }

  /// CPU time and memory of the pipeline.
  var meter: ProcessMeter { ProcessMeter(identifier: pipeline?.identifier ?? 0) }

  /// Starts to publish a load, in a process of its own that prints how long it took [s].
  func offer(_ load: LoadGenerator.Load) throws -> ChildProcess {
    try Rig.offer(load, to: broker, program: program, log: try folder.file("load.log"))
  }

  static func offer(
    _ load: LoadGenerator.Load, to broker: LocalBroker, program: String, log: String
  ) throws -> ChildProcess {
    try ChildProcess(
      program: program,
      arguments: [
        "bench", "load", "--port", "\(broker.port)", "--qos", "\(load.qos)", "--messages", "\(load.messages)", "--rate",
        "\(load.rate)", "--sensors", "\(load.fleet.sensors)", "--plants", "\(load.fleet.plants)", "--history",
        "\(load.history)",
      ], log: log)
  }

  /// How long the last load took to be published, once its process has ended [s].
  var loadSeconds: Double? {
    let text = try? String(contentsOfFile: folder.path + "/load.log", encoding: .utf8)
    return text.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: "\n").last ?? "") }
  }

  /// Publishes a load, and waits until the database has `total` readings. Returns how many it has after `patience` [s].
  func deliver(_ load: LoadGenerator.Load, total: Int, patience: Double = 60) throws -> Int {
    guard try offer(load).wait() == 0 else { throw BenchmarkError(description: "the load could not be published") }
    var arrived = 0
    // Counting costs the database some time, more with each reading; it is not asked more often than need be.
    Waiting.until(seconds: patience, pause: 500) {
      arrived = readings()
      return arrived >= total
    }
    return arrived
  }

  /// Readings in the database.
  func readings() -> Int {
    let rows = try? influx.query("SELECT count(\"value\") FROM \"raw\"")
    return Int(rows?.first?.number("count") ?? 0)
  }

  static func seconds(since moment: ContinuousClock.Instant) -> Double {
    let span = ContinuousClock.now - moment
    return Double(span.components.seconds) + Double(span.components.attoseconds) * 1e-18
  }
}

/// Why a benchmark could not be run.
struct BenchmarkError: Error, CustomStringConvertible {
  var description: String
}
