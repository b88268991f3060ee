import PayloadDecoding
import StreamCore
import SystemCore

/// Log of refused messages: describes the first one for each topic and reason. Often it is the first of a topic that
/// the plant's file describes wrongly.
struct RefusedMessages {
  private static let longest = 80
  /// Maximum number of remembered pairs of topic and reason. Beyond it, each reason is reported once.
  private static let capacity = 1_000

  private struct Kind: Hashable {
    var topic: [UInt8]
    var reason: RefusalReason
  }

  private var told: Set<Kind> = []
  // Limits are reported per plant. Records excluded by conditions are excluded on purpose.
  private var toldReasons: Set<RefusalReason> = [.tooManySensors, .tooManyAssets, .leftOut]

  /// Returns a log line about a message; `nil` if one with the same topic and reason was reported.
  mutating func warning(of message: MessageView, reason: RefusalReason) -> LogEntry? {
    guard isNew(message, reason: reason) else { return nil }
    let words =
      "a message on \(RefusedMessages.text(message.topic)) gives no reading (\(reason.rawValue)): "
      + "\(RefusedMessages.text(message.payload)); it and others like it are dropped and counted"
    let topic = String(decoding: message.topic, as: UTF8.self)
    return .warning(words, fields: [.topic: topic, .reason: reason.rawValue])
  }

  private mutating func isNew(_ message: MessageView, reason: RefusalReason) -> Bool {
    if toldReasons.contains(reason) { return false }
    guard told.count < Self.capacity else {
      // Avoids one line a device if a whole fleet is refused.
      return toldReasons.insert(reason).inserted
    }
    return told.insert(Kind(topic: Array(message.topic), reason: reason)).inserted
  }

  /// Returns the first 80 bytes as one line of printable text.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    let start = String(decoding: bytes.prefix(longest), as: UTF8.self)
    let visible = start.map { $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } ? $0 : "·" }
    return String(visible) + (bytes.count > longest ? "…" : "")
  }
}
