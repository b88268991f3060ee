public import PlantModel

/// The stages of one plant in processing order. Nothing else depends on their order or kinds.
public struct StageChain {
  private var stages: [any Stage]

  /// Creates a chain of stages in processing order.
  public init(_ stages: [any Stage]) { self.stages = stages }

  /// Passes a frame through all stages that process frames of its cause.
  ///
  /// - Parameters:
  ///   - frame: The frame.
  ///   - register: The plant's assets and series.
  /// - Returns: `false` if the frame contained nothing, or only the end of a wait for which no value waited. Later
  ///   stages have not seen it then.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) -> Bool {
    let isNews = frame.cause == .process
    for index in stages.indices where !isNews || type(of: stages[index]).heedsProcess {
      stages[index].prepare(&frame, in: register)
    }
    for index in stages.indices where !isNews || type(of: stages[index]).heedsProcess {
      if frame.isIdle { return false }
      stages[index].step(&frame, in: register)
    }
    if frame.isIdle { return false }
    for index in stages.indices where !isNews || type(of: stages[index]).heedsProcess {
      stages[index].conclude(&frame, in: register)
    }
    return true
  }

  /// Returns the stage of a type; `nil` if the chain has none.
  public func stage<S: Stage>(_ type: S.Type) -> S? {
    for stage in stages { if let found = stage as? S { return found } }
    return nil
  }

  /// Writes the state of every stage.
  public func snapshot(into writer: inout SnapshotWriter) {
    for stage in stages { stage.snapshot(into: &writer) }
  }

  /// Replaces the state of every stage by one written by ``snapshot(into:)``. If it throws, the chain is unusable.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    for index in stages.indices { try stages[index].restore(from: &reader) }
  }
}
