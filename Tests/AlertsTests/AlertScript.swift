import Alerts
import PlantModel
import StreamCore
import WattlineTime

@testable import PointSchema

/// Drives the stage through a script, as the pipeline would.
struct AlertScript {
  var stage = AlertStage()
  var register: PlantRegister
  var now = Timestamp(seconds: 1_700_000_000)
  var transitions: [AlertTransition] = []
  var notices: [AlertNotice] = []
  var points = PointBatch()
  /// Commanded power limits of assets.
  var limits: [AssetIndex: Double] = [:]
  private var frame = Frame()

  init() {
    var pv = Asset(name: "pv1", kind: .pv)
    pv.capacityKilowatts = 100
    var grid = Asset(name: "grid", kind: .grid)
    grid.importLimitKilowatts = 300
    grid.exportLimitKilowatts = 150
    self.init(assets: [pv, grid, Asset(name: "load", kind: .load), Asset(name: "bess", kind: .battery)])
  }

  /// Creates a script for a plant with these assets.
  init(assets: [Asset]) {
    let location = Location(latitude: 34, longitude: -117, timezone: "UTC")
    register = PlantRegister(plant: Plant(name: "riverside", location: location, assets: assets))
  }

  /// Changes since the last call, as `rule asset sensor status severity`.
  mutating func changes() -> [String] {
    defer { transitions.removeAll() }
    return transitions.map { change in
      let asset = change.asset.map { register.assets[$0.position].name } ?? "-"
      let sensor = change.series.map { register.series[$0.position].sensor } ?? "-"
      return "\(change.rule) \(asset) \(sensor) \(change.status.rawValue) \(change.severity.rawValue)"
    }
  }

  /// Readings of one moment, `asset.sensor` and value, received at once.
  mutating func read(_ readings: [(String, Double)], quality: Quality = .good, clock: Timestamp? = nil) {
    frame.reset(cause: .readings, received: now, clock: clock ?? now)
    for (name, value) in readings {
      let parts = name.split(separator: ".").map(String.init)
      let series = register.admit(asset: parts[0], sensor: parts[1])
      frame.readings.append(series: series, time: clock ?? now, raw: value, value: value, hasSourceTime: true)
      frame.readings.quality[frame.readings.count - 1] = quality
    }
    step()
  }

  /// An asset is said to be there or gone.
  mutating func tell(_ asset: String, isOnline: Bool) {
    guard let index = register.asset(named: asset) else { return }
    frame.reset(cause: .readings, received: now, clock: now)
    frame.availability = [AssetAvailability(asset: index, isOnline: isOnline)]
    step()
  }

  /// Outcome of an instruction.
  mutating func instruct(_ members: [String: String], subject: String = "alerts") -> Instruction.Outcome? {
    frame.reset(cause: .readings, received: now, clock: now)
    frame.instructions = [Instruction(subject: subject, members: members)]
    step()
    return frame.instructions.first?.outcome
  }

  /// The database takes nothing for a reason, or takes points where there is none.
  mutating func note(database reason: String?) {
    frame.reset(cause: .process, received: now, clock: now)
    frame.news = reason.map { .databaseRefuses(reason: $0, words: "its words") } ?? .databaseAccepts
    stage.step(&frame, in: register)
    collect()
  }

  /// News of a fault of the process.
  mutating func note(fault: ProcessFault) {
    frame.reset(cause: .process, received: now, clock: now)
    frame.news = .fault(fault)
    stage.step(&frame, in: register)
    collect()
  }

  /// News of a meter whose savings are verified.
  mutating func note(savings: SavingsNews) {
    frame.reset(cause: .process, received: now, clock: now)
    frame.news = .savings(savings)
    stage.step(&frame, in: register)
    collect()
  }

  /// Ticks once a second.
  mutating func tick(seconds: Int, clock: Timestamp? = nil) {
    for _ in 0..<seconds {
      now += .second
      frame.reset(cause: .tick, received: now, clock: clock ?? now)
      step()
    }
  }

  /// Readings every `interval` seconds, ticks in between.
  mutating func live(_ readings: [(String, Double)], every interval: Int = 1, times: Int, quality: Quality = .good) {
    for _ in 0..<times {
      tick(seconds: interval)
      read(readings, quality: quality)
    }
  }

  mutating func minute() {
    frame.reset(cause: .minute, received: now, clock: now.floored(to: .minute))
    step()
  }

  mutating func judge(_ asset: String, index: Double, withoutFault: Double? = nil, hasData: Bool = true) {
    frame.reset(cause: .minute, received: now, clock: now)
    if let asset = register.asset(named: asset) {
      frame.health = [
        AssetHealth(asset: asset, time: now, index: index, anomaly: 0, drift: 0, contributors: ["power", "voltage"])
      ]
      frame.health[0].hasData = hasData
      frame.health[0].indexWithoutFault = withoutFault ?? index
    }
    step()
  }

  private mutating func step() {
    frame.limits = limits
    stage.step(&frame, in: register)
    collect()
  }

  private mutating func collect() {
    transitions += frame.alerts
    notices += frame.notices
    for entry in frame.points.entries {
      points.begin(entry.key, at: entry.time)
      for field in frame.points.fields[entry.fields] { points.append(field) }
    }
  }

  /// The `alert_state` points since the start, as `subject active severity`.
  func states(_ rule: String) -> [String] {
    points.entries.filter { $0.key.measurement == .alertState && $0.key.qualifiers.0 == rule }.map { entry in
      let fields = points.fields[entry.fields].map { field -> String in
        switch field.value {
        case .integer(let number): "\(number)"
        case .text(let text): text
        default: "?"
        }
      }
      return fields.joined(separator: " ")
    }
  }
}
