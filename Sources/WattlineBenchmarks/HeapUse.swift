import CCounters
import Pipeline
import PlantModel

/// Bytes of the heap that a sensor takes, without broker, database and queues: the stages and all that leads to them.
public enum HeapUse {
  /// Bytes of the heap over all sensors after each step.
  public struct Step: Encodable, Sendable {
    /// What was done.
    public var name: String
    /// The heap after it, less what it was before the first step [bytes a sensor].
    public var bytesPerSensor: Double
  }

  /// Lets a fleet of so many plants with a hundred sensors each speak once, then for an hour every five minutes.
  public static func measure(plants: Int, told: (Step) -> Void) {
    let load = SensorLoad(plants: plants, passes: 13, spacing: .minutes(5))
    let before = heap_bytes()
    func tell(_ name: String) {
      told(Step(name: name, bytesPerSensor: Double(heap_bytes() - before) / Double(load.sensors)))
    }
    var processor = RecordProcessor(sources: load.sources)
    tell("plants, no sensor yet")
    for pass in 0..<load.passes {
      load.frames[pass].withUnsafeBytes {
        // Lines are handed over as they come; what waits for the database is not the sensors'.
        _ = processor.process(kind: .messages, received: load.received(pass), body: $0, drain: { $0.reset() })
      }
      processor.encoder.reset()
      if [0, 1, 4, 12].contains(pass) { tell("\(pass * 5) minutes") }
    }
    withExtendedLifetime(processor) {}
  }
}
