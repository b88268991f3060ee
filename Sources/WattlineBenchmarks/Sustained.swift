import Foundation
import PlantTesting

/// The highest rate that broker, database and pipeline sustain together on this machine, and where the CPU time goes at
/// that rate.
public struct Sustained: Sendable {
  /// One try.
  public struct Trial: Codable, Sendable {
    /// Messages a second offered.
    public var rate: Double
    /// Messages a second that the load generator got rid of.
    public var published: Double
    /// From the last message until all is in the database [s].
    public var drainSeconds: Double
    /// CPU time while the load went on [% of a core], by process, and within the pipeline by thread.
    public var shares: [Share]
    /// Whether the rate was offered, and no queue grew.
    public var isSustained: Bool
  }

  /// The CPU time of one process or thread.
  public struct Share: Codable, Sendable {
    /// `broker`, `database`, `load`, or the name of a thread of the pipeline.
    public var name: String
    /// CPU time [% of a core].
    public var percent: Double
    /// Time in which it could have run and waited for a core [%]. What runs and waits all the time is what limits.
    public var waiting: Double

    fileprivate init(_ name: String, _ time: Times, since earlier: Times, _ span: Double) {
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

  /// A search with `program`, the path of this executable; each try lasts so many seconds.
  public init(program: String, fleet: Fleet, qos: Int, workers: String, seconds: Double) {
    (self.program, self.fleet, self.qos) = (program, fleet, qos)
    (self.workers, self.seconds) = (workers, seconds)
  }

  /// Doubles the rate from `first` on until it is not sustained, then halves the interval until it is known to a
  /// twentieth. Returns the last try that was sustained and the first that was not; `progress` is told of each.
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

  /// Offers one rate to a broker, database and pipeline of their own.
  public func trial(at rate: Double) throws -> Trial {
    let rig = try Rig(program: program, Rig.Setting(fleet: fleet, qos: qos, workers: workers))
    defer { rig.stop() }
    _ = try rig.start()
    var load = LoadGenerator.Load()
    (load.fleet, load.qos, load.rate) = (fleet, qos, rate)
    load.messages = Int(rate * seconds)
    let child = try rig.offer(load)
    // The first second is that of connecting and of topics that speak for the first time.
    usleep(1_000_000)
    let began = ContinuousClock.now
    let before = times(rig, child)
    usleep(UInt32(max(1, seconds - 2) * 1e6))
    let after = times(rig, child)
    let span = Rig.seconds(since: began)
    guard child.wait() == 0 else { throw BenchmarkError(description: "the load could not be published") }
    let ended = ContinuousClock.now
    let published = Double(load.messages) / max(rig.loadSeconds ?? .infinity, seconds)
    let patience = 4 * seconds
    let arrived = Waiting.until(seconds: patience, pause: 100) { rig.readings() >= load.messages }
    let drain = arrived ? Rig.seconds(since: ended) : patience
    let shares: [Share] = after.map { Share($0.key, $0.value, since: before[$0.key] ?? Times(), span) }
    let busiest = shares.filter { $0.percent >= 0.5 }.sorted { $0.percent + $0.waiting > $1.percent + $1.waiting }
    // What queued up is delivered after the load: a twentieth of the time, beside a second of buffers and polling.
    let isSustained = arrived && published >= 0.97 * rate && drain <= 1 + seconds / 20
    return Trial(rate: rate, published: published, drainSeconds: drain, shares: busiest, isSustained: isSustained)
  }

  /// Time so far [s].
  private func times(_ rig: Rig, _ load: ChildProcess) -> [String: Times] {
    var times: [String: Times] = [:]
    func add(_ name: String, _ thread: (name: String, seconds: Double, waited: Double)) {
      times[name, default: Times()].running += thread.seconds
      times[name, default: Times()].waiting += thread.waited
    }
    for (name, identifier) in [
      ("broker", rig.broker.processIdentifier), ("database", rig.influx.processIdentifier), ("load", load.identifier),
    ] {
      for thread in ProcessMeter(identifier: identifier ?? 0).threadSeconds { add(name, thread) }
    }
    for thread in rig.meter.threadSeconds { add("wattline \(thread.name)", thread) }
    return times
  }
}
