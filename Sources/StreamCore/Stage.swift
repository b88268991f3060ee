public import PlantModel

/// A stage of the pipeline, for one plant: a deterministic state machine.
///
/// It reads no clock, no file and no random source; frames are its only input. The same frames from the same state give
/// the same output. Per-series state is stored in arrays by ``PlantModel/SeriesIndex``, which grow when a series first
/// appears in the register.
///
/// Each frame passes through all stages three times: ``prepare(_:in:)``, ``step(_:in:)``, ``conclude(_:in:)``. Most
/// stages have ``step(_:in:)`` only.
public protocol Stage {
  /// The stage's name in counters, snapshots and the `stage` tag.
  static var name: String { get }

  /// Whether the stage processes frames with news of the process, ``Trigger/process``.
  static var heedsProcess: Bool { get }

  /// Adds what earlier frames have shown and stages before this one need. Called before any stage's ``step(_:in:)``.
  mutating func prepare(_ frame: inout Frame, in register: PlantRegister)

  /// Processes the output of earlier stages in the frame and adds its own.
  mutating func step(_ frame: inout Frame, in register: PlantRegister)

  /// Evaluates what stages after this one have added. Called after every stage's ``step(_:in:)``.
  mutating func conclude(_ frame: inout Frame, in register: PlantRegister)

  /// Writes the state from which ``restore(from:)`` resumes. The first value is the layout version.
  func snapshot(into writer: inout SnapshotWriter)

  /// Replaces the state by one written by ``snapshot(into:)``. If it throws, the stage is unusable.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

extension Stage {
  /// Most stages take no news of the process.
  public static var heedsProcess: Bool { false }
  /// Most stages give earlier ones nothing.
  public mutating func prepare(_ frame: inout Frame, in register: PlantRegister) {}
  /// Most stages need nothing of later ones.
  public mutating func conclude(_ frame: inout Frame, in register: PlantRegister) {}
}
