import Cleaning
import FeatureWindows
import HealthIndex
import PlantModel
import StreamCore
import WattlineTime

/// One stage of every plant, with the frames that a worker would pass to it; earlier stages run outside the timing.
enum StageWork {
  static func through<S: Stage>(
    _ load: SensorLoad, stage: @escaping () -> S
  ) -> HotPath.Work {
    let (passes, registers) = load.decoded()
    var stages = registers.map { _ in stage() }
    var frame = Frame()
    return { range in
      var readings = 0
      for pass in range {
        for plant in registers.indices {
          readings += passes[pass][plant].count
          fill(&frame, batch: passes[pass][plant], received: load.received(pass))
          stages[plant].step(&frame, in: registers[plant])
          guard pass % 60 == 59 else { continue }
          frame.reset(cause: .minute, received: load.received(pass), clock: load.received(pass).floored(to: .minute))
          stages[plant].step(&frame, in: registers[plant])
        }
      }
      return readings
    }
  }

  private static func fill(_ frame: inout Frame, batch: ReadingBatch, received: Timestamp) {
    frame.reset(cause: .readings, received: received, clock: received.floored(to: .minute))
    for row in 0..<batch.count {
      frame.readings.append(
        series: batch.series[row], time: batch.time[row], raw: batch.raw[row], value: batch.value[row],
        hasSourceTime: batch.hasSourceTime[row])
    }
  }
}

/// Assessment of every reading's quality.
enum Cleansing {
  static let hotPath = HotPath("cleaning", summary: "judge a reading") { StageWork.through($0) { CleaningStage() } }
}

/// Update of all windows of a reading.
enum Windowing {
  static let hotPath = HotPath("windows", summary: "put a reading into its windows") {
    StageWork.through($0) { FeatureWindowStage() }
  }
}

/// Anomaly scores of a reading.
enum HealthScoring {
  static let hotPath = HotPath("health", summary: "score a reading") { StageWork.through($0) { HealthStage() } }
}
