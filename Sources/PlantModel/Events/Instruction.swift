/// Request or response of a person or another system: a message on `wattline/<plant>/<subject>/set`.
///
/// The payload is a flat JSON object, such as `{"id": "…", "action": "acknowledge"}` on
/// `wattline/riverside/alerts/set`. It passes through the journal like a reading, so that a replay has the same
/// results. The stage responsible for the subject accepts or refuses it; an instruction without such a stage is
/// refused.
public struct Instruction: Sendable, Equatable {
  /// Reason for a refusal. The raw value is the name in counters and never changes.
  public enum Refusal: String, Sendable, CaseIterable {
    /// No stage handles the subject.
    case unknownSubject = "instruction_subject"
    /// A member is missing or has an invalid value.
    case notUnderstood = "instruction_not_understood"
    /// The object that it refers to never existed.
    case unknown = "instruction_unknown"
    /// The object that it refers to is no longer active.
    case late = "instruction_late"
  }

  /// Result of the processing.
  public enum Outcome: Sendable, Equatable {
    case open, taken
    case refused(Refusal)
  }

  /// Subject: the level of the topic before `set`, such as `alerts`.
  public var subject: String
  /// Members of the object. Numbers and booleans are kept as written; `null` members are omitted.
  public var members: [String: String]
  /// Result, set by the stage that handles the subject.
  public var outcome = Outcome.open

  /// Creates an instruction that has not been processed.
  public init(subject: String, members: [String: String]) {
    self.subject = subject
    self.members = members
  }

  /// Returns the topic filter of instructions to a plant: `wattline/<plant>/+/set`.
  public static func filter(plant: String) -> String { "wattline/\(TopicName.encode(plant))/+/set" }
}
