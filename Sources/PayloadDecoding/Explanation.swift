public import PlantModel
public import StreamCore
public import WattlineTime

/// The decoding of one message step by step, for users who configure a plant. Not used in normal operation.
public struct Explanation: Sendable {
  /// A rule that the message reached.
  public struct Step: Sendable {
    /// Name of the plant.
    public var plant: String
    /// Position of the rule in the plant's file, from 1.
    public var number: Int
    /// The rule's `match`.
    public var match: String
    /// The rule's format.
    public var payload: PayloadFormatName
    /// Values of the topic's placeholders.
    public var captures: [(name: String, text: String)]
  }

  /// The rules that the message reached, in order. Each later rule read the records that earlier ones left out.
  public var steps: [Step] = []
  /// Result of decoding.
  public var outcome: DecodeOutcome
  /// Values that were found but not accepted.
  public var problems: [ValueProblem] = []
  /// Places at which the payload has values.
  public var places: [String] = []
  /// Messages that would be logged to stderr.
  public var notes: [String] = []

  /// Creates an explanation with only an outcome.
  public init(outcome: DecodeOutcome) { self.outcome = outcome }
}

extension MessageDecoder {
  /// Decodes a message in the same way as ``decode(_:received:registers:into:)`` and explains the steps.
  ///
  /// - Parameters:
  ///   - message: the message.
  ///   - received: its receive time.
  ///   - registers: the register of each plant of the share.
  ///   - batches: the batch of each plant of the share.
  public mutating func explain(
    _ message: MessageView, received: Timestamp, registers: inout [PlantRegister], into batches: inout [ReadingBatch]
  ) -> Explanation {
    tells = true
    defer { tells = false }
    let outcome = decode(message, received: received, registers: &registers, into: &batches)
    var explanation = Explanation(outcome: outcome)
    explanation.steps = steps(of: message.topic, registers: registers)
    explanation.problems = problems
    explanation.places = places(of: message)
    explanation.notes = drainNotices()
    return explanation
  }
}
