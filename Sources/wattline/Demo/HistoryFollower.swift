import DispatchPolicy
import PlantModel
import PlantSimulation
import StreamCore
import WattlineTime

/// Devices of a plant that carry out their commands in the history too.
///
/// The pipeline commands only what is current, and the history is played faster than it can answer. So the same stage
/// decides here, on the same readings, in step with them.
struct HistoryFollower {
  private var stage: DispatchStage
  private var register: PlantRegister

  /// Creates the devices of a plant; `nil` if it carries nothing out by itself.
  init?(plant: Plant) {
    guard plant.commands.mode == .automatic else { return nil }
    stage = DispatchStage(plant: plant)
    register = PlantRegister(plant: plant)
  }

  /// Decides on the readings of a step and lets the simulated devices obey.
  ///
  /// - Parameters:
  ///   - readings: Readings of the step.
  ///   - simulator: The devices.
  mutating func follow(_ readings: [SimulatedReading], with simulator: inout PlantSimulator) {
    guard let time = readings.map(\.time).max() else { return }
    var frame = Frame(cause: .readings, received: time, clock: time)
    for reading in readings {
      frame.readings.append(
        series: register.admit(asset: reading.asset, sensor: reading.sensor), time: reading.time, raw: reading.value,
        value: reading.value, hasSourceTime: true)
    }
    stage.step(&frame, in: register)
    guard time == time.floored(to: .minute) else { return }
    var mark = Frame(cause: .minute, received: time, clock: time)
    stage.step(&mark, in: register)
    for decision in mark.dispatch where !decision.lacksData {
      simulator.obey(
        .optimize, setpoint: decision.recommendedKilowatts, asset: register.assets[decision.asset.position].name)
    }
  }
}
