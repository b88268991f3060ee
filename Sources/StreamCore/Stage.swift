import PlantModel

/// A stage of the pipeline, for one plant: a pure state machine.
///
/// It reads no clock, no file and no random source; all it knows came in frames. The same frames from the same state
/// give the same frames. State of a series lives in arrays by ``PlantModel/SeriesIndex``, grown when a series first
/// appears in the register.
public protocol Stage {
  /// The name in counters, snapshots and the `stage` tag.
  static var name: String { get }

  /// Takes what the stages before it put into the frame and adds its own.
  mutating func step(_ frame: inout Frame, in register: PlantRegister)

  /// Writes the state from which ``restore(from:)`` resumes. The first value is the version of the layout.
  func snapshot(into writer: inout SnapshotWriter)

  /// Replaces the state by one that ``snapshot(into:)`` wrote, or throws and leaves the stage unusable.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}
