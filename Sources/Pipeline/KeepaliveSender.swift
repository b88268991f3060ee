import CommandChannel
import PlantModel
import SystemCore
import WattlineTime

/// Publisher of the messages without which devices fall silent. It uses the connection of commands, and waits for
/// nothing.
final class KeepaliveSender: Sendable {
  /// A request with the time of its next message.
  private struct Entry {
    var request: KeepaliveRequest
    /// Monotonic time of the next message [ns].
    var due: Int64 = 0
    /// Connection with which the first message was sent; −1 for none.
    var connection = -1
  }

  private let publisher: Publisher
  private let note: RunningPipeline.Note
  private let entries = Locked<[Entry]>([])
  private let trouble = LogDeduplicator()

  /// Creates a sender without messages.
  ///
  /// - Parameters:
  ///   - publisher: Connection of commands.
  ///   - note: Receives log lines.
  init(_ publisher: Publisher, note: @escaping RunningPipeline.Note) { (self.publisher, self.note) = (publisher, note) }

  /// Replaces the messages by those of the plants. One that stays keeps its time.
  func update(plants: [Plant]) {
    let requests = Set(plants.flatMap(\.keepalives))
    entries.with { entries in
      entries.removeAll { !requests.contains($0.request) }
      let known = Set(entries.map(\.request))
      entries += requests.filter { !known.contains($0) }.map { Entry(request: $0) }
    }
  }

  /// Publishes what is due; called about once a second. Nothing waits for a broker that is away, because a late message
  /// is of no use.
  ///
  /// - Parameter now: Monotonic time [ns].
  func look(at now: Int64) {
    guard publisher.isConnected else { return }
    let connection = publisher.counters.connections
    entries.with { entries in
      for index in entries.indices {
        let isFirst = entries[index].connection != connection
        if isFirst || now >= entries[index].due {
          send(entries[index].request, isFirst: isFirst)
          entries[index].connection = connection
          entries[index].due = now + entries[index].request.every.nanoseconds
        }
      }
    }
  }

  private func send(_ request: KeepaliveRequest, isFirst: Bool) {
    let payload = isFirst ? request.first ?? request.payload : request.payload
    do throws(PublishError) {
      try publisher.publish(PublishedMessage(topic: request.topic, payload: payload, qos: 1), timeout: .zero)
      trouble.isOver(with: request.topic)
    } catch {
      if trouble.isNew("\(error)", with: request.topic) {
        note(.warning("keepalive: not published on \(request.topic): \(error)", fields: [.topic: request.topic]))
      }
    }
  }
}
