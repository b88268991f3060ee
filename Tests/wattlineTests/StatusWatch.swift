import MQTTSource
import PlantModel
import Settings
import StreamCore
import Synchronization
import WattlineTime

/// Hears what the program says of itself on `wattline/status`, what is retained included.
final class StatusWatch: Sendable {
  private final class Heard: BurstSink {
    let words = Mutex<[String]>([])
    let onWord: @Sendable (String) -> Void
    var hasRoom: Bool { true }

    init(_ onWord: @escaping @Sendable (String) -> Void) { self.onWord = onWord }

    func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
      burst.bytes.withUnsafeBytes { bytes in
        var cursor = MessageFrameCursor(bytes)
        while let message = cursor.next() {
          let word = String(decoding: message.payload, as: UTF8.self)
          words.withLock { $0.append(word) }
          onWord(word)
        }
      }
      return .accepted
    }
  }

  private let heard: Heard
  private let session: BrokerSession

  /// `onWord` is called at once for each word, on the thread that hears it.
  init(_ settings: BrokerSettings, onWord: @escaping @Sendable (String) -> Void = { _ in }) {
    var own = settings
    own.clientID = "status-watch-\(UInt64.random(in: 0 ... .max))"
    heard = Heard(onWord)
    session = BrokerSession(settings: own, subscriptions: ["wattline/status"], sink: heard)
    session.start()
  }

  /// Whether the next word will be heard.
  var isListening: Bool { session.isSubscribed }
  /// All words in their order.
  var words: [String] { heard.words.withLock { $0 } }
}
