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
    scope.refusals.problems.collects = true
    defer { scope.refusals.problems.collects = false }
    let outcome = decode(message, received: received, registers: &registers, into: &batches)
    let rule = router.rules.indices.contains(scope.step.rule) ? router.rules[scope.step.rule].rule : nil
    var explanation = Explanation(outcome: outcome)
    explanation.steps = router.steps(of: message.topic, registers: registers)
    explanation.problems = (scope.refusals.problems.collected ?? []).map { problem in
      rule.map { problem.located(in: $0) } ?? problem
    }
    explanation.places = places(of: message)
    explanation.notes = drainNotices()
    return explanation
  }

  /// Returns the places at which a message has values.
  private mutating func places(of message: MessageView) -> [String] {
    let route = router.route(of: message.topic, slots: &scope.slots)
    guard route >= 0, router.plans[Int(router.routes[route].plan)].refusal == nil else { return [] }
    let plan = router.plans[Int(router.routes[route].plan)]
    guard Decompressor.isCompressed(message.payload), case .unpacked = decompressor.unpack(message.payload) else {
      let payload = plan.isBinary ? message.payload : ByteText.trimmed(message.payload)
      return payload.isEmpty ? [] : plan.places(in: payload)
    }
    let count = decompressor.count
    let buffer = decompressor.borrowBuffer()
    defer { decompressor.returnBuffer(buffer) }
    return buffer.withUnsafeBytes {
      plan.places(in: ByteText.trimmed(UnsafeRawBufferPointer(rebasing: $0[..<count])))
    }
  }
}

extension TopicRouter {
  /// Returns the rules that a topic reaches.
  fileprivate func steps(of topic: UnsafeRawBufferPointer, registers: [PlantRegister]) -> [Explanation.Step] {
    chain(of: topic).map { position in
      let compiled = rules[position]
      let plant = registers.indices.contains(compiled.plant) ? registers[compiled.plant].plant : nil
      let own = rules[...position].count { $0.plant == compiled.plant && !$0.isFurtherForm }
      return Explanation.Step(
        plant: plant?.name ?? "", number: own, match: compiled.rule.match, payload: compiled.rule.payload,
        captures: captures(of: topic, by: position))
    }
  }
}
