import StreamCore

/// A champion/challenger contest for a lead bucket: the model with the lower rolling pinball loss is in charge.
///
/// Only slots that both models forecast are counted, so neither avoids difficult ones. The loss is the mean of the
/// first 192 evaluations and then moves by 1/192 of each further one (two days). The baseline stays in charge until
/// there are 96 evaluations (a day).
///
/// Worked value: losses 2 and then 4 give a rolling loss of 3.
public struct ChampionSelector: Sendable, Equatable {
  /// Number of evaluations in the memory of the rolling loss.
  public static let memory = 192
  /// Number of evaluations before the challenger can take over.
  public static let enough = 96

  /// Number of evaluations so far, at most ``memory``.
  public private(set) var count = 0
  /// Rolling loss of the baseline [unit of the series].
  public private(set) var baseline = 0.0
  /// Rolling loss of the challenger [unit of the series].
  public private(set) var challenger = 0.0

  /// Creates a contest without evaluations.
  public init() {}

  /// Whether the challenger is in charge.
  public var challengerLeads: Bool { count >= ChampionSelector.enough && challenger < baseline }

  /// Relative reduction of the baseline's rolling loss by the challenger; negative if the challenger is worse, `nil`
  /// before there are ``enough`` evaluations.
  ///
  /// Worked value: a loss of 3 against 4 is a skill of 0.25.
  public var skill: Double? { count >= ChampionSelector.enough && baseline > 0 ? 1 - challenger / baseline : nil }

  /// Adds the losses of both models in one slot [unit of the series].
  public mutating func insert(baseline a: Double, challenger b: Double) {
    guard a.isFinite, b.isFinite else { return }
    count = min(count + 1, ChampionSelector.memory)
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
    guard (0...ChampionSelector.memory).contains(count) else { throw .invalid("a contest of \(count) evaluations") }
    baseline = try reader.readDouble()
    challenger = try reader.readDouble()
  }
}
