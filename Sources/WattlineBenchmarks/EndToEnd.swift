import Foundation
import LocalServers

/// Comparison of the pipeline with its floor under the same load, in turn: a counting subscriber, the whole pipeline,
/// and the pipeline without a journal. Each has a dedicated broker, database and load generator.
public struct EndToEnd: Sendable {
  /// Medians at one quality of service.
  public struct Outcome: Codable, Sendable {
    /// Quality of service of load and subscription.
    public var qos: Int
    /// CPU time of the counting subscriber [µs a message].
    public var floor: Double
    /// CPU time of the pipeline, with every stage and the journal, until all is in the database [µs a message].
    public var pipeline: Double
    /// Median of the rounds' ratios of ``pipeline`` to ``floor``.
    public var ratio: Double
    /// CPU time of the pipeline with a queue in memory instead of the journal [µs a message].
    public var unjournaled: Double
    /// Median of the rounds' ratios of ``pipeline`` to ``unjournaled``: the cost of the journal.
    public var journalRatio: Double
    /// Messages of all rounds that are missing in `raw`.
    public var lost: Int
    /// Resident memory of the pipeline after the last round [bytes a sensor].
    public var residentBytesPerSensor: Double
  }

  private let program: String
  private let load: LoadGenerator.Load
  private let rounds: Int

  /// Creates a comparison.
  ///
  /// - Parameters:
  ///   - program: Path of this executable.
  ///   - load: The load of each round.
  ///   - rounds: Number of rounds, at least 1.
  public init(program: String, load: LoadGenerator.Load, rounds: Int) {
    self.program = program
    self.load = load
    self.rounds = max(1, rounds)
  }

  /// Runs all rounds at a quality of service; `progress` receives one log line a round.
  public func run(qos: Int, progress: (String) -> Void) throws -> Outcome {
    var load = self.load
    load.qos = qos
    var results: [(floor: Double, pipeline: Double, unjournaled: Double, lost: Int, resident: Int)] = []
    for number in 1...rounds {
      // Each round has a new broker: a kept session would collect the load of the other measurement.
      let broker = try Rig.broker()
      defer { broker.stop() }
      let floor = try floor(broker, load: load)
      let pipeline = try pipeline(broker, load: load)
      let without = try Rig.broker()
      defer { without.stop() }
      let unjournaled = try self.pipeline(without, load: load, isJournaled: false).cpu
      results.append((floor, pipeline.cpu, unjournaled, pipeline.lost, pipeline.resident))
      let words = [floor, pipeline.cpu, pipeline.cpu / floor, unjournaled].map { String(format: "%.2f", $0) }
      progress(
        "QoS \(qos), round \(number): floor \(words[0]) µs, pipeline \(words[1]) µs, ratio \(words[2]), "
          + "without its journal \(words[3]) µs")
    }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    return Outcome(
      qos: qos, floor: median(results.map(\.floor)), pipeline: median(results.map(\.pipeline)),
      ratio: median(results.map { $0.pipeline / $0.floor }), unjournaled: median(results.map(\.unjournaled)),
      journalRatio: median(results.map { $0.pipeline / $0.unjournaled }), lost: results.reduce(0) { $0 + $1.lost },
      residentBytesPerSensor: Double(results.last?.resident ?? 0) / Double(load.fleet.sensors))
  }

  private func floor(_ broker: LocalBroker, load: LoadGenerator.Load) throws -> Double {
    let folder = ScratchFolder()
    let log = try folder.file("floor.log")
    let child = try ChildProcess(
      program: program,
      arguments: [
        "bench", "subscriber", "--port", "\(broker.port)", "--qos", "\(load.qos)", "--messages", "\(load.messages)",
      ], log: log)
    // The subscription takes milliseconds, and the broker reports it only to the subscriber.
    usleep(500_000)
    let generator = try Rig.offer(load, to: broker, program: program, log: try folder.file("load.log"))
    guard generator.wait() == 0 else { throw BenchmarkError(description: "the load could not be published") }
    child.wait()
    let text = try String(contentsOfFile: log, encoding: .utf8)
    return try JSONDecoder().decode(FloorSubscriber.Outcome.self, from: Data(text.utf8)).cpuMicroseconds
  }

  private func pipeline(
    _ broker: LocalBroker, load: LoadGenerator.Load, isJournaled: Bool = true
  ) throws -> (cpu: Double, lost: Int, resident: Int) {
    // One worker each, so that only the journal differs.
    let setting = Rig.Setting(fleet: load.fleet, qos: load.qos, workers: "1", isJournaled: isJournaled)
    let rig = try Rig(program: program, setting: setting, broker: broker)
    defer { rig.stop() }
    _ = try rig.start()
    let before = rig.meter.cpuSeconds
    let arrived = try rig.deliver(load, total: load.messages)
    let cpu = (rig.meter.cpuSeconds - before) / Double(load.messages) * 1e6
    return (cpu, load.messages - arrived, rig.meter.residentBytes)
  }
}
