import CommandChannel
import PayloadDecoding
import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// Relay of commands to the broker: each is published at most once, and never during the replay of older records.
///
/// Records that were in the journal at the start of the process are older: whether their commands were published is
/// unknown. A repeated command does more harm than a missed one, which is reported as not followed. For the same
/// reason, nothing is kept for a broker that is away.
struct CommandRelay {
  private let publisher: Publisher
  private let liveFrom: UInt64
  private let note: @Sendable (LogEntry) -> Void
  private var messages: [PublishedMessage] = []
  private var words: [LogEntry] = []

  /// Creates a relay.
  ///
  /// - Parameters:
  ///   - publisher: Connection to the broker.
  ///   - liveFrom: End of the journal at the start of the process.
  ///   - note: Receives log lines.
  init(publisher: Publisher, liveFrom: UInt64, note: @escaping @Sendable (LogEntry) -> Void) {
    self.publisher = publisher
    self.liveFrom = liveFrom
    self.note = note
  }

  /// Collects the commands of a frame; nearly all frames have none.
  mutating func observe(_ frame: borrowing Frame, in register: PlantRegister) {
    if frame.commands.isEmpty { return }
    let plant = register.plant
    for command in frame.commands {
      let asset = register.assets[command.asset.position].name
      if command.state == .notFollowed {
        words.append(
          .warning(
            "plant \(plant.name): \(asset) did not follow \(command.action.rawValue) \(command.id): \(command.reason)",
            fields: [.plant: plant.name, .asset: asset, .reason: command.reason]))
      }
      guard command.expires > frame.received,
        let message = CommandMessage.message(
          of: command, plant: plant.name, asset: asset, mode: plant.commands.mode)
      else { continue }
      messages.append(message)
    }
  }

  /// Collects rebirth requests to edge nodes; nearly always none.
  mutating func ask(_ rebirths: [SparkplugRebirth]) {
    for request in rebirths {
      messages.append(PublishedMessage(topic: request.topic, payload: request.payload, qos: 0))
      words.append("broker: \(request.group)/\(request.edge) is asked to announce its metrics again (\(request.topic))")
    }
  }

  /// Publishes the collected messages of the record that ends at `offset`.
  mutating func handOver(upTo offset: UInt64) {
    if messages.isEmpty && words.isEmpty { return }
    defer {
      messages.removeAll(keepingCapacity: true)
      words.removeAll(keepingCapacity: true)
    }
    guard offset > liveFrom else { return }
    for line in words { note(line) }
    for message in messages {
      guard publisher.isConnected else {
        note(.warning("broker: away; a command on \(message.topic) is not published", fields: [.topic: message.topic]))
        continue
      }
      do throws(PublishError) { try publisher.publish(message, timeout: .zero) } catch {
        note(.error("a command on \(message.topic) is not published: \(error)", fields: [.topic: message.topic]))
      }
    }
  }
}
