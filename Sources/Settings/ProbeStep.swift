/// One step of a trial connection, with what was found and what to do.
public struct ProbeStep: Sendable, Equatable {
  /// Result of a step.
  public enum Outcome: String, Sendable {
    /// It works.
    case ok
    /// It works, or could not be tried; a person should look.
    case warning
    /// It does not work.
    case failed
  }

  /// Part of the system: `broker`, `database` or `journal`.
  public var part: String
  /// Name of the step within its part, such as `tls`.
  public var step: String
  /// Result of the step.
  public var outcome: Outcome
  /// The finding, and its remedy.
  public var words: String

  /// Creates a step; the parameters are the properties of the same names.
  public init(part: String, step: String, outcome: Outcome, words: String) {
    (self.part, self.step, self.outcome, self.words) = (part, step, outcome, words)
  }
}
