import PayloadDecoding
import StreamCore

/// Says of the first message that gives no reading for each reason what it was: often the first of a topic that the plant's
/// file describes wrongly.
struct RefusedMessages {
  private static let longest = 80
  /// What is beyond a plant's limits is told of the plant.
  private var told: Set<RefusalReason> = [.tooManySensors, .tooManyAssets]

  /// What a person should be told of a message; `nil` where the like was told before.
  mutating func words(of message: MessageView, _ reason: RefusalReason) -> String? {
    guard told.insert(reason).inserted else { return nil }
    return "a message on \(RefusedMessages.text(message.topic)) gives no reading (\(reason.rawValue)): "
      + "\(RefusedMessages.text(message.payload)); it and others like it are dropped and counted"
  }

  /// The start of it, on one line.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    let start = String(decoding: bytes.prefix(longest), as: UTF8.self)
    let visible = start.map { $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } ? $0 : "·" }
    return String(visible) + (bytes.count > longest ? "…" : "")
  }
}
