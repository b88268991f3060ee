/// What a person or another system asks of a plant or answers to it: a message on `wattline/<plant>/<subject>/set` with
/// a flat JSON object, such as `{"id": "…", "action": "acknowledge"}` on `wattline/riverside/alerts/set`.
///
/// It comes in through the journal as readings do, so that what it decides is the same when the journal runs again. The
/// stage whose subject it is takes or refuses it; one that no stage cares for is refused.
public struct Instruction: Sendable, Equatable {
  /// Why an instruction was refused. The raw value is the name in counters, and never changes.
  public enum Refusal: String, Sendable, CaseIterable {
    /// No stage cares for the subject.
    case unknownSubject = "instruction_subject"
    /// A member is missing, or has a value that is none.
    case notUnderstood = "instruction_not_understood"
    /// What it is about was never there.
    case unknown = "instruction_unknown"
    /// What it is about is over.
    case late = "instruction_late"
  }

  /// What became of it.
  public enum Outcome: Sendable, Equatable {
    case open, taken
    case refused(Refusal)
  }

  /// What it is about: the level of the topic before `set`, such as `alerts`.
  public var subject: String
  /// The object's members; numbers and truth values as they are written, `null` left out.
  public var members: [String: String]
  /// Set by the stage whose subject it is.
  public var outcome = Outcome.open

  /// An instruction that no stage has seen.
  public init(subject: String, members: [String: String]) {
    self.subject = subject
    self.members = members
  }

  /// Where instructions to a plant come in: the topic filter `wattline/<plant>/+/set`.
  public static func filter(plant: String) -> String { "wattline/\(TopicName.encode(plant))/+/set" }
}
