import Foundation

/// Cost of a fleet by its size. The pipeline is started, receives an hour of history so that every sensor has its full
/// state, is loaded, and is started again.
public struct Scale: Sendable {
  /// Figures of one fleet.
  public struct Outcome: Codable, Sendable {
    /// Number of sensors of all plants.
    public var sensors: Int
    /// Number of plants, with one file each.
    public var plants: Int
    /// Time from the start of the process until every subscription is confirmed, with an empty journal [s].
    public var startSeconds: Double
    /// The same time with the saved state of every sensor [s].
    public var restartSeconds: Double
    /// CPU time of the pipeline until all is in the database [µs a message].
    public var cpuMicroseconds: Double
    /// Peak resident memory of the pipeline [bytes].
    public var residentBytes: Int
    /// Ratio of ``residentBytes`` to ``sensors`` [bytes].
    public var bytesPerSensor: Double
    /// Messages missing in `raw`.
    public var lost: Int
  }

  /// Length of the history before the load, and distance of a sensor's readings in it [s].
  private static let history = (span: 3_600.0, spacing: 300.0)

  private let program: String
  private let load: LoadGenerator.Load
  private let workers: String

  /// Creates a measurement.
  ///
  /// - Parameters:
  ///   - program: Path of this executable.
  ///   - load: The load; its fleet is replaced.
  ///   - workers: Value of `workers` in `wattline.yaml`.
  public init(program: String, load: LoadGenerator.Load, workers: String) {
    self.program = program
    self.load = load
    self.workers = workers
  }

  /// Measures a fleet; `progress` receives log lines.
  public func run(_ fleet: Fleet, progress: (String) -> Void) throws -> Outcome {
    let rig = try Rig(program: program, setting: Rig.Setting(fleet: fleet, qos: load.qos, workers: workers))
    defer { rig.stop() }
    let start = try rig.start()
    progress("\(fleet.sensors) sensors: started in \(String(format: "%.2f", start)) s; telling an hour of history")
    var past = load
    past.fleet = fleet
    past.history = Scale.history.span
    past.rate = 0
    past.messages = fleet.sensors * Int(Scale.history.span / Scale.history.spacing)
    _ = try rig.deliver(past, total: past.messages, patience: 600)
    progress("\(fleet.sensors) sensors: \(past.messages) readings of history are told; loading")
    var present = load
    present.fleet = fleet
    let total = past.messages + present.messages
    let before = rig.meter.cpuSeconds
    let arrived = try rig.deliver(present, total: total)
    let cpu = (rig.meter.cpuSeconds - before) / Double(present.messages) * 1e6
    let resident = rig.meter.residentPeakBytes
    rig.end()
    let restart = try rig.start()
    return Outcome(
      sensors: fleet.sensors, plants: fleet.plants, startSeconds: start, restartSeconds: restart, cpuMicroseconds: cpu,
      residentBytes: resident, bytesPerSensor: Double(resident) / Double(fleet.sensors), lost: total - arrived)
  }
}
