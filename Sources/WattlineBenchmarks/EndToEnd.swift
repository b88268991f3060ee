import Foundation
import PlantTesting

/// Floor and pipeline on the same load, in turn: a broker and a database of their own, a load generator, and beside
/// them either the subscriber that only counts or the whole pipeline.
public struct EndToEnd: Sendable {
  /// What is offered.
  public struct Load: Sendable {
    /// Sensors, a hundred a plant.
    public var sensors = 1_000
    /// Messages a second.
    public var rate = 25_000.0
    /// Messages of one round.
    public var messages = 250_000
    /// Rounds of each; medians are told.
    public var rounds = 5

    /// A thousand sensors, 25,000 messages a second, ten seconds, five rounds.
    public init() {}
  }

  /// Medians at one quality of service.
  public struct Outcome: Codable, Sendable {
    /// Quality of service of load and subscription.
    public var qos: Int
    /// CPU time of the counting subscriber [µs a message].
    public var floor: Double
    /// CPU time of the pipeline, every stage and the journal on, until all is in the database [µs a message].
    public var pipeline: Double
    /// ``pipeline`` over ``floor``, the median of the rounds' ratios.
    public var ratio: Double
    /// Messages of all rounds that did not arrive in `raw`.
    public var lost: Int
    /// Resident memory of the pipeline after the last round [bytes a sensor].
    public var residentBytesPerSensor: Double
  }

  private let program: String
  private let load: Load

  /// A comparison with `program`, the path of this executable.
  public init(program: String, load: Load) { (self.program, self.load) = (program, load) }

  /// Runs all rounds at a quality of service; `progress` is told of each.
  public func run(qos: Int, progress: (String) -> Void) throws -> Outcome {
    var options = LocalBroker.Options()
    options.maximumInflight = 2_000
    var rounds: [(floor: Double, pipeline: Double, lost: Int, resident: Int)] = []
    for number in 1...load.rounds {
      // A broker of its own each round: a session that is kept would gather the other's load.
      let broker = try LocalBroker.started(options: options)
      defer { broker.stop() }
      let floor = try floor(broker, qos)
      let pipeline = try pipeline(broker, qos)
      rounds.append((floor, pipeline.cpu, pipeline.lost, pipeline.resident))
      let words = [floor, pipeline.cpu, pipeline.cpu / floor].map { String(format: "%.2f", $0) }
      progress("QoS \(qos), round \(number): floor \(words[0]) µs, pipeline \(words[1]) µs, ratio \(words[2])")
    }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    return Outcome(
      qos: qos, floor: median(rounds.map(\.floor)), pipeline: median(rounds.map(\.pipeline)),
      ratio: median(rounds.map { $0.pipeline / $0.floor }), lost: rounds.reduce(0) { $0 + $1.lost },
      residentBytesPerSensor: Double(rounds.last?.resident ?? 0) / Double(load.sensors))
  }

  private func floor(_ broker: LocalBroker, _ qos: Int) throws -> Double {
    let folder = TemporaryFolder()
    let log = try folder.file("floor.log")
    let child = try ChildProcess(
      program: program,
      arguments: [
        "bench", "subscriber", "--port", "\(broker.port)", "--qos", "\(qos)", "--messages", "\(load.messages)",
      ], log: log)
    // The subscription is there within milliseconds; the broker says so to nobody else.
    usleep(500_000)
    try offer(broker, qos, folder)
    child.wait()
    let text = try String(contentsOfFile: log, encoding: .utf8)
    return try JSONDecoder().decode(FloorSubscriber.Outcome.self, from: Data(text.utf8)).cpuMicroseconds
  }

  private func pipeline(_ broker: LocalBroker, _ qos: Int) throws -> (cpu: Double, lost: Int, resident: Int) {
    let folder = TemporaryFolder()
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try configure(folder, broker, influx, qos)
    let log = try folder.file("wattline.log")
    let child = try ChildProcess(program: program, arguments: ["run", "--config", folder.path], log: log)
    defer { child.terminate() }
    try require(within: 20, "the pipeline does not subscribe; see \(log)") {
      ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").contains("every subscription is confirmed")
    }
    let meter = ProcessMeter(identifier: child.identifier)
    let before = meter.cpuSeconds
    try offer(broker, qos, folder)
    var arrived = 0
    Waiting.until(seconds: 30, pause: 200) {
      let rows = try? influx.query("SELECT count(\"value\") FROM \"raw\"")
      arrived = Int(rows?.first?.number("count") ?? 0)
      return arrived >= load.messages
    }
    let cpu = (meter.cpuSeconds - before) / Double(load.messages) * 1e6
    return (cpu, load.messages - arrived, meter.residentBytes)
  }

  private func offer(_ broker: LocalBroker, _ qos: Int, _ folder: TemporaryFolder) throws {
    let child = try ChildProcess(
      program: program,
      arguments: [
        "bench", "load", "--port", "\(broker.port)", "--qos", "\(qos)", "--messages", "\(load.messages)", "--rate",
        "\(load.rate)", "--sensors", "\(load.sensors)",
      ], log: try folder.file("load.log"))
    guard child.wait() == 0 else { throw BenchmarkError(description: "the load could not be published") }
  }

  private func configure(
    _ folder: TemporaryFolder, _ broker: LocalBroker, _ influx: LocalInflux, _ qos: Int
  ) throws {
    var files = [
      "wattline.yaml": """
      mqtt: {url: "mqtt://127.0.0.1:\(broker.port)", qos: \(qos)}
      influxdb: {url: "\(influx.url)"}
      journal: {path: "\(folder.path)/journal"}
      """
    ]
    for plant in 0..<(load.sensors + 99) / 100 {
      files["plant\(plant).yaml"] = """
        plant: plant\(plant)
        location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
        topics: [{match: "plant\(plant)/{asset}/{sensor}"}]
        """
    }
    for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: try folder.file(name))) }
  }

  private func require(within seconds: Double, _ words: String, _ condition: () -> Bool) throws {
    guard Waiting.until(seconds: seconds, pause: 20, condition) else { throw BenchmarkError(description: words) }
  }
}

/// Why a benchmark could not be run.
struct BenchmarkError: Error, CustomStringConvertible {
  var description: String
}
