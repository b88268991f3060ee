import StreamCore

/// Decides which model is in charge of a lead bucket: the one with the lower rolling pinball loss.
///
/// Only slots that both models forecast are counted, so that neither is spared the hard ones. The loss is the mean of
/// the first 192 evaluations and then moves by 1/192 of each further one (two days). The baseline stays in charge until
/// there are 96 evaluations (a day).
///
/// Worked value: losses 2 and then 4 give a rolling loss of 3.
public struct ModelContest: Sendable, Equatable {
  /// Evaluations after which the rolling loss forgets.
  public static let memory = 192
  /// Evaluations before the challenger may take over.
  public static let enough = 96

  /// Evaluations so far.
  public private(set) var count = 0
  /// Rolling loss of the baseline [unit of the series].
  public private(set) var baseline = 0.0
  /// Rolling loss of the challenger [unit of the series].
  public private(set) var challenger = 0.0

  /// A contest without evaluations.
  public init() {}

  /// Whether the challenger is in charge.
  public var challengerLeads: Bool { count >= ModelContest.enough && challenger < baseline }

  /// By what share the challenger's rolling loss is below the baseline's, negative where it is above; `nil` before there
  /// are ``enough`` evaluations. Worked value: a loss of 3 against 4 is a skill of 0.25.
  public var skill: Double? { count >= ModelContest.enough && baseline > 0 ? 1 - challenger / baseline : nil }

  /// Takes in the losses of one slot.
  public mutating func insert(baseline a: Double, challenger b: Double) {
    guard a.isFinite, b.isFinite else { return }
    count = min(count + 1, ModelContest.memory)
    baseline += (a - baseline) / Double(count)
    challenger += (b - challenger) / Double(count)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Int32(count))
    writer.write(baseline)
    writer.write(challenger)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    count = Int(try reader.read(Int32.self))
    guard (0...ModelContest.memory).contains(count) else { throw .invalid("a contest of \(count) evaluations") }
    baseline = try reader.readDouble()
    challenger = try reader.readDouble()
  }
}
