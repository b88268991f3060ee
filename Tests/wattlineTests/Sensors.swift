import CommandChannel
import Glibc
import InfluxSink
import PlantModel
import StreamCore
import Synchronization
import SystemCore
import WattlineTime

/// Publishes numbered messages at QoS 1 on a thread of its own and waits for every acknowledgement, through outages of
/// the broker.
final class Sensors: Sendable {
  private static let window = 200

  private final class Record: Sendable {
    let handed = Atomic(0)
    /// How many messages had been handed over at each loss of the connection.
    let losses = Mutex<[Int]>([])
    let isDone = Atomic(false)
    let wasConfirmed = Atomic(false)
  }

  private let record = Record()
  private let thread: BlockingThread

  /// Starts to publish, `rate` messages a second at most.
  init(_ messages: NumberedMessages, on site: Site, rate: Double) throws {
    let record = record
    let publisher = site.publisher(window: Sensors.window) { event in
      guard case .disconnected = event else { return }
      let handed = record.handed.load(ordering: .sequentiallyConsistent)
      record.losses.withLock { $0.append(handed) }
    }
    thread = try BlockingThread(name: "sensors") {
      let clock = ContinuousClock()
      let began = clock.now
      for number in 0..<messages.count {
        record.handed.store(number + 1, ordering: .sequentiallyConsistent)
        try? publisher.publish(topic: messages.topic(of: number), payload: messages.payload(of: number))
        let ahead = .seconds(Double(number) / rate) - (clock.now - began)
        if ahead > .milliseconds(5) { usleep(UInt32(ahead / .microseconds(1))) }
      }
      record.wasConfirmed.store(publisher.flush(timeout: .seconds(30)), ordering: .sequentiallyConsistent)
      publisher.stop()
      record.isDone.store(true, ordering: .sequentiallyConsistent)
    }
  }

  var isDone: Bool { record.isDone.load(ordering: .sequentiallyConsistent) }

  /// Waits for the last acknowledgement; whether all came.
  func finish() -> Bool {
    thread.join()
    return record.wasConfirmed.load(ordering: .sequentiallyConsistent)
  }

  /// Messages that may have been published twice: on their way when the connection was lost, so that the publisher does
  /// not know whether the broker has them. The broker sees the second as another message.
  var maybeTwice: Set<Int> {
    record.losses.withLock { losses in
      losses.reduce(into: []) { $0.formUnion(max(0, $1 - Sensors.window - 1)..<$1) }
    }
  }
}
