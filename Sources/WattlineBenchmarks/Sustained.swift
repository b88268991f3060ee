import Foundation
import LocalServers

/// Search for the highest rate that broker, database and pipeline sustain together on this machine, with the use of CPU
/// time at that rate.
public struct Sustained: Sendable {
  /// Result of one rate.
  public struct Trial: Codable, Sendable {
    /// Offered rate [messages a second].
    public var rate: Double
    /// Rate at which the load generator actually published [messages a second].
    public var published: Double
    /// Time from the last message until all is in the database [s].
    public var drainSeconds: Double
    /// CPU time under load [% of a core], by process, and within the pipeline by thread.
    public var shares: [Share]
    /// Whether the rate was offered in full and no queue grew.
    public var isSustained: Bool
  }

  /// CPU time of one process or thread.
  public struct Share: Codable, Sendable {
    /// `broker`, `database`, `load`, or the name of a thread of the pipeline.
    public var name: String
    /// CPU time [% of a core].
    public var percent: Double
    /// Time in which it was ready to run but waited for a core [%]. If both shares add up to 100 %, it is the
    /// bottleneck.
    public var waiting: Double

    fileprivate init(_ name: String, time: Times, since earlier: Times, span: Double) {
      self.name = name
      percent = (time.running - earlier.running) / span * 100
      waiting = (time.waiting - earlier.waiting) / span * 100
    }
  }

  fileprivate struct Times {
    var running = 0.0
    var waiting = 0.0
  }

  private let program: String
  private let fleet: Fleet
  private let qos: Int
  private let workers: String
  private let seconds: Double

  /// Creates a search.
  ///
  /// - Parameters:
  ///   - program: Path of this executable.
  ///   - fleet: Sensors of the load.
  ///   - qos: Quality of service of load and subscription.
  ///   - workers: Value of `workers` in `wattline.yaml`.
  ///   - seconds: Duration of each trial [s].
  public init(program: String, fleet: Fleet, qos: Int, workers: String, seconds: Double) {
    (self.program, self.fleet, self.qos) = (program, fleet, qos)
    (self.workers, self.seconds) = (workers, seconds)
  }

  /// Doubles the rate from `first` on until it is not sustained, then bisects until the limit is known to a twentieth.
  ///
  /// It gives up below 500 messages a second.
  ///
  /// - Parameters:
  ///   - first: First rate [messages a second].
  ///   - progress: Receives each trial.
  /// - Returns: The highest sustained trial, and the lowest that was not sustained.
  public func search(from first: Double, progress: (Trial) -> Void) throws -> (highest: Trial?, beyond: Trial?) {
    var highest: Trial?
    var beyond: Trial?
    var rate = first
    while true {
      let trial = try self.trial(at: rate)
      progress(trial)
      if trial.isSustained { highest = trial } else { beyond = trial }
      let low = highest?.rate ?? 0
      guard let high = beyond?.rate else {
        rate *= 2
        continue
      }
      if high - low <= high / 20 || high < 500 { return (highest, beyond) }
      rate = ((low + high) / 2).rounded()
    }
  }

  /// Offers one rate to a new broker, database and pipeline.
  public func trial(at rate: Double) throws -> Trial {
    let rig = try Rig(program: program, setting: Rig.Setting(fleet: fleet, qos: qos, workers: workers))
    defer { rig.stop() }
    _ = try rig.start()
    var load = LoadGenerator.Load()
    (load.fleet, load.qos, load.rate) = (fleet, qos, rate)
    load.messages = Int(rate * seconds)
    let child = try rig.offer(load)
    // The first second, with connecting and first messages of topics, is not measured.
    usleep(1_000_000)
    let began = ContinuousClock.now
    let before = times(rig, load: child)
    usleep(UInt32(max(1, seconds - 2) * 1e6))
    let after = times(rig, load: child)
    let span = Rig.seconds(since: began)
    guard child.wait() == 0 else { throw BenchmarkError(description: "the load could not be published") }
    let ended = ContinuousClock.now
    let published = Double(load.messages) / max(rig.loadSeconds ?? .infinity, seconds)
    let patience = 4 * seconds
    let arrived = Waiting.until(seconds: patience, pause: 100) { rig.readings() >= load.messages }
    let drain = arrived ? Rig.seconds(since: ended) : patience
    let shares: [Share] = after.map { Share($0.key, time: $0.value, since: before[$0.key] ?? Times(), span: span) }
    let busiest = shares.filter { $0.percent >= 0.5 }.sorted { $0.percent + $0.waiting > $1.percent + $1.waiting }
    // Queued messages are delivered after the load. Allowed are a twentieth of its time and a second for buffers and
    // polling.
    let isSustained = arrived && published >= 0.97 * rate && drain <= 1 + seconds / 20
    return Trial(rate: rate, published: published, drainSeconds: drain, shares: busiest, isSustained: isSustained)
  }

  /// Returns the running and waiting times so far, by process and thread [s].
  private func times(_ rig: Rig, load: ChildProcess) -> [String: Times] {
    var times: [String: Times] = [:]
    func add(_ name: String, thread: (name: String, seconds: Double, waited: Double)) {
      times[name, default: Times()].running += thread.seconds
      times[name, default: Times()].waiting += thread.waited
    }
    for (name, identifier) in [
      ("broker", rig.broker.processIdentifier), ("database", rig.influx.processIdentifier), ("load", load.identifier),
    ] {
      for thread in ProcessMeter(identifier: identifier ?? 0).threadSeconds { add(name, thread: thread) }
    }
    for thread in rig.meter.threadSeconds { add("wattline \(thread.name)", thread: thread) }
    return times
  }
}
