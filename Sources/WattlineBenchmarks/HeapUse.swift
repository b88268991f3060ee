import CCounters
import InfluxSink
import Journal
import Pipeline
import PlantModel
import WattlineTime

/// Heap memory of a sensor in the stages and the decoder, without broker, database and queues.
public enum HeapUse {
  /// Heap memory after one step of the measurement.
  public struct Step: Encodable, Sendable {
    /// Name of the step.
    public var name: String
    /// Growth of the heap since before the first step [bytes a sensor].
    public var bytesPerSensor: Double
  }

  /// Measures a fleet of plants with a hundred sensors each, which report every five minutes for an hour.
  ///
  /// - Parameters:
  ///   - plants: Number of plants.
  ///   - told: Receives each step.
  public static func measure(plants: Int, told: (Step) -> Void) {
    let load = SensorLoad(plants: plants, passes: 13, spacing: .minutes(5))
    let before = heap_bytes()
    func report(_ name: String) {
      told(Step(name: name, bytesPerSensor: Double(heap_bytes() - before) / Double(load.sensors)))
    }
    var processor = RecordProcessor(sources: load.sources)
    report("plants, no sensor yet")
    for pass in 0..<load.passes {
      load.frames[pass].withUnsafeBytes {
        // Lines are discarded at once, since waiting lines are not memory of the sensors.
        _ = processor.process(kind: .messages, received: load.received(pass), body: $0, drain: { $0.reset() })
      }
      processor.encoder.reset()
      if [0, 1, 4, 12].contains(pass) { report("\(pass * 5) minutes") }
    }
    withExtendedLifetime(processor) {}
  }
}
