public import PlantModel

/// A stage of the pipeline, for one plant: a deterministic state machine.
///
/// It reads no clock, no file and no random source; frames are its only input. The same frames from the same state give
/// the same output. Per-series state is stored in arrays by ``PlantModel/SeriesIndex``, which grow when a series first
/// appears in the register.
public protocol Stage {
  /// The stage's name in counters, snapshots and the `stage` tag.
  static var name: String { get }

  /// Processes the output of earlier stages in the frame and adds its own.
  mutating func step(_ frame: inout Frame, in register: PlantRegister)

  /// Writes the state from which ``restore(from:)`` resumes. The first value is the layout version.
  func snapshot(into writer: inout SnapshotWriter)

  /// Replaces the state by one written by ``snapshot(into:)``. If it throws, the stage is unusable.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}
