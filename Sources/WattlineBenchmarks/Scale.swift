import Foundation
import PlantTesting

/// What a fleet costs as it grows: the pipeline is started, told an hour of history so that every sensor has the state
/// that it will have, loaded, and started again.
public struct Scale: Sendable {
  /// The figures of one fleet.
  public struct Outcome: Codable, Sendable {
    /// Sensors over all plants.
    public var sensors: Int
    /// Plants, a file each.
    public var plants: Int
    /// From the start of the process until every subscription is confirmed, the journal empty [s].
    public var startSeconds: Double
    /// The same with the state of every sensor saved before [s].
    public var restartSeconds: Double
    /// CPU time of the pipeline until all is in the database [µs a message].
    public var cpuMicroseconds: Double
    /// The most resident memory that the pipeline had [bytes].
    public var residentBytes: Int
    /// ``residentBytes`` over ``sensors`` [bytes].
    public var bytesPerSensor: Double
    /// Messages that did not arrive in `raw`.
    public var lost: Int
  }

  /// The history that is told before the load, and how far apart a sensor's readings are in it [s].
  private static let history = (span: 3_600.0, spacing: 300.0)

  private let program: String
  private let load: LoadGenerator.Load
  private let workers: String

  /// A measurement of `program`, the path of this executable; the fleet of `load` is replaced. `workers` is what
  /// `wattline.yaml` says.
  public init(program: String, load: LoadGenerator.Load, workers: String) {
    self.program = program
    self.load = load
    self.workers = workers
  }

  /// Measures a fleet.
  public func run(_ fleet: Fleet, progress: (String) -> Void) throws -> Outcome {
    let rig = try Rig(program: program, Rig.Setting(fleet: fleet, qos: load.qos, workers: workers))
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
