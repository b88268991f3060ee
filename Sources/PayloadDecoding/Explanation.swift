import PlantModel
import StreamCore

/// What becomes of one message, step by step: for people who describe a plant, not for the way of readings.
public struct Explanation: Sendable {
  /// A rule that a message came to.
  public struct Step: Sendable {
    /// The plant's name.
    public var plant: String
    /// Position of the rule in the plant's file, from 1.
    public var number: Int
    /// The rule's `match`.
    public var match: String
    /// The rule's format.
    public var payload: PayloadFormatName
    /// What the topic's placeholders stand for.
    public var captures: [(name: String, text: String)]
  }

  /// The rules that the message came to, in their order; the last one read what the others left out.
  public var steps: [Step] = []
  /// What became of it.
  public var outcome: DecodeOutcome
  /// Values that were looked for and not taken.
  public var problems: [ValueProblem] = []
  /// The places at which the payload has values.
  public var places: [String] = []
  /// What a person would be told on stderr.
  public var notes: [String] = []

  /// An explanation that has only an outcome.
  public init(outcome: DecodeOutcome) { self.outcome = outcome }
}

extension MessageDecoder {
  /// Decodes a message as ``decode(_:received:registers:into:)`` does and tells what was done.
  public mutating func explain(
    _ message: MessageView, received: Timestamp, registers: inout [PlantRegister], into batches: inout [ReadingBatch]
  ) -> Explanation {
    tells = true
    defer { tells = false }
    let outcome = decode(message, received: received, registers: &registers, into: &batches)
    var explanation = Explanation(outcome: outcome)
    explanation.steps = steps(of: message.topic, registers)
    explanation.problems = problems
    explanation.places = places(of: message)
    explanation.notes = takeNews()
    return explanation
  }
}
