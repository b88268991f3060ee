import Alerts
import Cleaning
import FeatureWindows
import HealthIndex
import PlantModel
import PlantSimulation
import StreamCore
import WattlineTime

/// Simulated plant with the stages that detect faults, from readings to alerts, in the order of the pipeline.
struct DetectionChain {
  private(set) var simulator: PlantSimulator
  private var register: PlantRegister
  private let series: [SeriesIndex]
  private var stages = StageChain([CleaningStage(), FeatureWindowStage(), HealthStage(), AlertStage()])
  private var frame = Frame()
  private var readings: [SimulatedReading] = []
  private var mark = Timestamp.distantPast

  init(plant: Plant, seed: UInt64, start: Timestamp, step: TimeSpan) {
    simulator = PlantSimulator(plant: plant, seed: seed, start: start, step: step)
    var register = PlantRegister(plant: plant)
    series = simulator.channels.map { register.admit(asset: $0.asset, sensor: $0.sensor) }
    self.register = register
  }

  /// Number of assets.
  var assetCount: Int { register.assets.count }

  /// Names of the assets, by their index.
  var assetNames: [String] { register.assets.map(\.name) }

  /// Adds a fault, whose onset counts from the next step.
  mutating func add(_ fault: FaultSpecification) throws(FaultError) { try simulator.add(fault) }

  /// Returns the value of a sensor in the last step; `nil` if it has none.
  func reading(_ sensor: String, of asset: String) -> Double? {
    readings.first { $0.asset == asset && $0.sensor == sensor }?.value
  }

  /// Advances by one step; `found` receives every alert that is raised.
  mutating func step(_ found: (AlertTransition) -> Void) {
    let now = simulator.now
    simulator.advance(into: &readings)
    let target = (now - .seconds(10)).floored(to: .minute)
    while mark < target {
      mark = mark == .distantPast ? target : mark + .minute
      frame.reset(cause: .minute, received: now, clock: mark)
      run(found)
    }
    frame.reset(cause: .readings, received: now, clock: mark)
    for reading in readings {
      let index = series[reading.channel]
      let unit = register.series[index.position].profile.unit
      frame.readings.append(
        series: index, time: reading.time, raw: reading.value,
        value: unit?.canonical(reading.value) ?? reading.value, hasSourceTime: true)
    }
    run(found)
    frame.reset(cause: .tick, received: now, clock: mark)
    run(found)
  }

  private mutating func run(_ found: (AlertTransition) -> Void) {
    guard stages.step(&frame, in: register) else { return }
    for alert in frame.alerts where alert.status == .raised { found(alert) }
  }
}
