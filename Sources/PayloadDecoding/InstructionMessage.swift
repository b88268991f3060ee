public import PlantModel
public import StreamCore

/// Messages on `wattline/<plant>/<subject>/set`, which are addressed to Wattline itself.
public enum InstructionMessage {
  /// Maximum payload length [bytes].
  public static let maximumLength = 4_096
  /// Maximum number of members of the object.
  public static let maximumMembers = 32

  private static let prefix: StaticString = "wattline/"
  private static let suffix: StaticString = "/set"

  /// Returns the plant and subject of a topic; `nil` for every other topic, at the cost of a few comparisons.
  public static func address(of topic: UnsafeRawBufferPointer) -> (plant: String, subject: String)? {
    // The first two comparisons exclude nearly all other topics.
    guard topic.count > 9, topic[0] == UInt8(ascii: "w"), topic[8] == UInt8(ascii: "/") else { return nil }
    let (start, end) = (prefix.utf8CodeUnitCount, topic.count - suffix.utf8CodeUnitCount)
    guard end > start, topic.starts(with: UnsafeBufferPointer(start: prefix.utf8Start, count: start)),
      topic[end...].elementsEqual(UnsafeBufferPointer(start: suffix.utf8Start, count: suffix.utf8CodeUnitCount))
    else { return nil }
    let inner = ByteText.slice(topic, start: start, end: end)
    let levels = inner.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard levels.count == 2, let plant = TopicPattern.decodedName(UnsafeRawBufferPointer(rebasing: levels[0])),
      let subject = TopicPattern.decodedName(UnsafeRawBufferPointer(rebasing: levels[1]))
    else { return nil }
    return (plant, subject)
  }

  /// Parses the instruction in a message, or returns the reason for refusing it. Retained messages are refused, because
  /// their age is unknown.
  public static func read(_ message: MessageView, subject: String) -> Result<Instruction, RefusalReason> {
    if message.retained { return .failure(.retained) }
    return members(of: message.payload).map { Instruction(subject: subject, members: $0) }
  }

  /// Parses the members of an instruction, or returns the reason for refusing its payload.
  public static func members(of payload: UnsafeRawBufferPointer) -> Result<[String: String], RefusalReason> {
    guard payload.count <= maximumLength else { return .failure(.tooLarge) }
    let payload = ByteText.trimmed(payload)
    guard !payload.isEmpty else { return .failure(.emptyPayload) }
    guard ByteText.isUTF8(payload) else { return .failure(.notUTF8) }
    var visitor = FlatObjectVisitor(payload: payload)
    var scanner = JSONScanner<FlatObjectVisitor>(payload)
    if let refusal = scanner.scan(from: nil, with: &visitor) { return .failure(refusal) }
    guard visitor.isFlat else { return .failure(.malformedJSON) }
    return .success(visitor.members)
  }
}

extension RefusalReason: Error {}

/// Collects the members of an object whose values are texts, numbers and truth values. The context is the member's
/// name.
private struct FlatObjectVisitor: JSONVisitor {
  let payload: UnsafeRawBufferPointer
  var members: [String: String] = [:]
  var isFlat = true

  init(payload: UnsafeRawBufferPointer) { self.payload = payload }

  mutating func member(_ key: JSONKey, of context: String?, depth: Int) -> String? {
    text(key.bytes, hasEscapes: key.hasEscapes)
  }

  mutating func element(_ index: Int, of context: String?, depth: Int) -> String? { nil }

  mutating func visit(_ value: JSONValue, in context: String?, depth: Int) {
    guard depth > 0 else {
      if value.kind != .container || payload[value.range.lowerBound] != UInt8(ascii: "{") { isFlat = false }
      return
    }
    guard depth == 1, let name = context, value.kind != .container,
      members[name] != nil || members.count < InstructionMessage.maximumMembers
    else { return isFlat = false }
    // If a name occurs twice, the first counts, as in readings.
    guard members[name] == nil else { return }
    switch value.kind {
    case .yes: members[name] = "true"
    case .no: members[name] = "false"
    case .number, .string:
      members[name] = text(
        ByteText.slice(payload, start: value.range.lowerBound, end: value.range.upperBound),
        hasEscapes: value.hasEscapes)
    case .null, .missing, .container: break
    }
  }

  private func text(_ bytes: UnsafeRawBufferPointer, hasEscapes: Bool) -> String {
    guard hasEscapes else { return String(decoding: bytes, as: UTF8.self) }
    var plain: [UInt8] = []
    JSONEscapes.append(bytes, to: &plain)
    return String(decoding: plain, as: UTF8.self)
  }
}
