public import Pipeline

/// Whether a process does its work.
public struct Readiness: Sendable, Equatable, Encodable {
  /// Age of the newest processed record from which the journal counts as standing still [s]. A record comes each
  /// second.
  public static let standstill = 15.0

  /// The reasons that keep the process from its work; empty if there are none.
  public let reasons: [String]

  /// Judges the state of a pipeline.
  public init(of status: PipelineStatus) {
    var reasons: [String] = []
    if status.intake.isHeld { reasons.append("a person has stopped the source") }
    if !status.intake.isSubscribed { reasons.append("the broker has not confirmed every subscription") }
    if let trouble = status.databaseTrouble { reasons.append("the database takes no points: \(trouble)") }
    let lag = status.stages.lagSeconds
    if lag > Self.standstill {
      reasons.append("the newest processed record is \(Int(min(lag, 1e9))) s old; \(Int(Self.standstill)) s are usual")
    }
    self.reasons = reasons
  }
}
