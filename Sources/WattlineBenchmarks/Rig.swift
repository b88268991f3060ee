import Foundation
import InfluxSink
import LocalServers
import PointSchema

/// A broker, a database and the pipeline, each in a separate process as in production, and a load generator.
final class Rig {
  /// Configuration of the pipeline.
  struct Setting {
    var fleet = Fleet()
    var qos = 1
    var workers = "auto"
    /// Whether the pipeline has a journal; otherwise a queue in memory.
    var isJournaled = true
    /// Additional plant files, by name.
    var furtherPlants: [String: String] = [:]
  }

  let broker: LocalBroker
  let influx: LocalInflux
  private(set) var pipeline: ChildProcess?
  private let program: String
  private let setting: Setting
  private let folder = ScratchFolder()
  private var starts = 0

  /// Starts the database, and the broker unless one is given.
  ///
  /// - Parameters:
  ///   - program: Path of this executable.
  ///   - setting: Configuration of the pipeline.
  ///   - broker: A running broker.
  init(program: String, setting: Setting, broker: LocalBroker? = nil) throws {
    self.program = program
    self.setting = setting
    self.broker = try broker ?? Rig.broker()
    influx = try LocalInflux.started()
    try configure()
  }

  /// Starts a broker that allows as many messages in flight as a busy subscriber needs.
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

  /// Starts the pipeline and returns the time until every subscription is confirmed [s].
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

  /// Ends the pipeline in an orderly way.
  func end() { pipeline?.terminate(within: 60) }

  /// Ends all processes.
  func stop() {
    pipeline?.kill()
    influx.stop()
    broker.stop()
  }

  /// Meter of the pipeline's CPU time and memory.
  var meter: ProcessMeter { ProcessMeter(identifier: pipeline?.identifier ?? 0) }

  /// Starts publishing a load, in a separate process that prints the time it took [s].
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

  /// Time that publishing the last load took [s]; `nil` before its process has ended.
  var loadSeconds: Double? {
    let text = try? String(contentsOfFile: folder.path + "/load.log", encoding: .utf8)
    return text.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: "\n").last ?? "") }
  }

  /// Publishes a load, and waits until the database has enough readings.
  ///
  /// - Parameters:
  ///   - load: The load.
  ///   - total: Number of readings to wait for.
  ///   - patience: Maximum waiting time after publication [s].
  /// - Returns: The number of readings in the database.
  func deliver(_ load: LoadGenerator.Load, total: Int, patience: Double = 60) throws -> Int {
    guard try offer(load).wait() == 0 else { throw BenchmarkError(description: "the load could not be published") }
    var arrived = 0
    // Counting costs the database time, more with each reading, so the pause is long.
    Waiting.until(seconds: patience, pause: 500) {
      arrived = readings()
      return arrived >= total
    }
    return arrived
  }

  /// Returns the number of readings in the database.
  func readings() -> Int {
    let rows = try? influx.query("SELECT count(\(FieldKey.value.quoted)) FROM \(Measurement.raw.quoted)")
    return Int(rows?.first?.number("count") ?? 0)
  }

  static func seconds(since timestamp: ContinuousClock.Instant) -> Double {
    let span = ContinuousClock.now - timestamp
    return Double(span.components.seconds) + Double(span.components.attoseconds) * 1e-18
  }
}

/// Reason why a benchmark cannot be run.
struct BenchmarkError: Error, CustomStringConvertible {
  var description: String
}
