import CommandChannel
import Foundation
import MQTTSource
import PlantModel
import StreamCore
import Synchronization

/// The agreement by which a running demo leaves a plant to `wattline simulate`, so that no sensor speaks with two voices:
/// while `simulate` runs, the names of its plants stand, retained, on ``topic``.
enum SimulationTakeover {
  static let topic = "wattline/simulate"
  /// The broker's last word for a `simulate` that is gone, and its own when it ends.
  static let nobody = PublishedMessage(topic: topic, payload: "", retain: true)

  static func message(_ plants: [Plant]) -> PublishedMessage {
    let names = (try? JSONEncoder().encode(plants.map(\.name))) ?? Data("[]".utf8)
    return PublishedMessage(topic: topic, payload: Array(names), retain: true)
  }

  static func names(_ payload: UnsafeRawBufferPointer) -> Set<String> {
    Set((try? JSONDecoder().decode([String].self, from: Data(payload))) ?? [])
  }
}

/// Which plants somebody else plays.
final class SimulationWatch: BurstSink {
  private let names = Mutex<Set<String>>([])
  private let session = Mutex<BrokerSession?>(nil)

  let hasRoom = true
  var plants: Set<String> { names.withLock { $0 } }

  init(_ settings: BrokerSettings) {
    var own = settings
    own.clientID = "demo-watch"
    let session = BrokerSession(settings: own, subscriptions: [SimulationTakeover.topic], sink: self)
    session.start()
    self.session.withLock { $0 = session }
  }

  func stop() { session.withLock { $0.take() }?.stop() }

  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
    burst.bytes.withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      while let message = cursor.next() {
        let found = SimulationTakeover.names(message.payload)
        names.withLock { $0 = found }
      }
    }
    return .accepted
  }
}
