import CommandChannel
import MQTTSource
import PlantModel
import StreamCore
import Synchronization

/// Hears what the program says of itself on `wattline/status`.
final class StatusWatch: Sendable {
  private final class Heard: BurstSink {
    let words = Mutex<[String]>([])
    var hasRoom: Bool { true }

    func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
      burst.bytes.withUnsafeBytes { bytes in
        var cursor = MessageFrameCursor(bytes)
        while let message = cursor.next() {
          let word = String(decoding: message.payload, as: UTF8.self)
          words.withLock { $0.append(word) }
        }
      }
      return .accepted
    }
  }

  private let heard = Heard()
  private let session: BrokerSession

  init(_ settings: BrokerSettings) {
    var own = settings
    own.clientID = "status-watch-\(UInt64.random(in: 0 ... .max))"
    session = BrokerSession(settings: own, subscriptions: ["wattline/status"], sink: heard)
    session.start()
  }

  /// The latest word; `nil` before the first.
  var last: String? { heard.words.withLock { $0.last } }
}
