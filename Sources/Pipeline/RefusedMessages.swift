import PayloadDecoding
import StreamCore

/// Tells of the first message that gives no reading for each topic and reason what it was: often the first of a topic that
/// the plant's file describes wrongly.
struct RefusedMessages {
  private static let longest = 80
  /// Topics and reasons that are remembered; beyond them a reason is told once.
  private static let capacity = 1_000

  private struct Kind: Hashable {
    var topic: [UInt8]
    var reason: RefusalReason
  }

  private var told: Set<Kind> = []
  // What is beyond a plant's limits is told of the plant; records that conditions leave out are left out by intent.
  private var toldReasons: Set<RefusalReason> = [.tooManySensors, .tooManyAssets, .leftOut]

  /// What a person should be told of a message; `nil` where the like was told before.
  mutating func words(of message: MessageView, _ reason: RefusalReason) -> String? {
    guard isNew(message, reason) else { return nil }
    return "a message on \(RefusedMessages.text(message.topic)) gives no reading (\(reason.rawValue)): "
      + "\(RefusedMessages.text(message.payload)); it and others like it are dropped and counted"
  }

  private mutating func isNew(_ message: MessageView, _ reason: RefusalReason) -> Bool {
    if toldReasons.contains(reason) { return false }
    guard told.count < Self.capacity else {
      // A fleet that is refused as a whole need not be listed.
      return toldReasons.insert(reason).inserted
    }
    return told.insert(Kind(topic: Array(message.topic), reason: reason)).inserted
  }

  /// The start of it, on one line.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    let start = String(decoding: bytes.prefix(longest), as: UTF8.self)
    let visible = start.map { $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } ? $0 : "·" }
    return String(visible) + (bytes.count > longest ? "…" : "")
  }
}
