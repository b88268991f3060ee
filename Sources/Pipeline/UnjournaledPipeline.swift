import Foundation
import InfluxSink
import Journal
import MQTTSource
import PlantConfig
import PlantModel
import Settings
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// A pipeline that queues in memory instead of in a journal, for measuring the cost of the journal.
///
/// Sessions, stages and sink are those of ``RunningPipeline``. None of its guarantees about data hold.
package final class UnjournaledPipeline: Sendable {
  private let session: BrokerSessions
  private let sink: any Sink
  private let bursts = BurstQueue()
  private let sources: PlantSources

  /// Loads the folder without starting anything.
  ///
  /// - Parameters:
  ///   - directory: Folder of the configuration.
  ///   - environment: Environment variables for the configuration.
  ///   - note: Receives one log line a call, on threads of the pipeline.
  /// - Throws: ``InvalidConfiguration`` with every mistake, or an error of the sink.
  package init(directory: String, environment: [String: String], note: @escaping RunningPipeline.Note) throws {
    let configuration = ConfigurationLoader.load(directory: directory, environment: environment)
    guard configuration.isValid else { throw InvalidConfiguration(diagnostics: configuration.diagnostics) }
    let settings = configuration.settings
    sources = configuration.sources
    sink = try Assembly.makeSink(for: settings, note: note)
    session = BrokerSessions(settings: settings.mqtt, plants: configuration.plants, memory: nil, sink: bursts) {
      if $1 == .subscribed { note("broker: every subscription is confirmed") }
    }
  }

  /// Runs until the process ends.
  package func run() -> Never {
    session.start()
    var processor = RecordProcessor(sources: sources)
    var (lastTick, lastFlush) = (SystemClock.monotonic(), SystemClock.monotonic())
    while true {
      let taken = bursts.drain()
      for burst in taken {
        burst.bytes.withUnsafeBytes {
          _ = processor.process(kind: .messages, received: burst.received, body: $0)
        }
        if processor.encoder.isFull { sink.submit(processor.encoder.drain(upTo: 0)) }
      }
      let now = SystemClock.monotonic()
      if now - lastTick >= 1_000_000_000 {
        lastTick = now
        _ = processor.process(
          kind: .tick, received: SystemClock.now(), body: UnsafeRawBufferPointer(start: nil, count: 0))
      }
      if taken.isEmpty, now - lastFlush >= 200_000_000, processor.encoder.lineCount > 0 {
        lastFlush = now
        sink.submit(processor.encoder.drain(upTo: 0))
      }
    }
  }
}

/// In-memory queue of bursts in place of the journal, at most 64 MiB.
private final class BurstQueue: BurstSink, @unchecked Sendable {
  // Sendable: `waiting` and `size` are accessed only inside `monitor.locked`.
  struct Burst {
    var received: Timestamp
    var bytes: [UInt8]
  }

  private static let mostBytes = 64 << 20
  private let monitor = Monitor()
  private var waiting: [Burst] = []
  private var size = 0

  var hasRoom: Bool { monitor.locked { size < BurstQueue.mostBytes } }

  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
    let copy = burst.bytes
    return monitor.locked {
      guard size < BurstQueue.mostBytes else { return .full }
      size += copy.count
      waiting.append(Burst(received: received, bytes: copy))
      monitor.broadcast()
      return .accepted
    }
  }

  /// Removes and returns all queued bursts; waits up to 50 ms for the first.
  func drain() -> [Burst] {
    let deadline = Monitor.Deadline(in: .milliseconds(50))
    return monitor.locked {
      while waiting.isEmpty, monitor.wait(until: deadline) {}
      defer { (waiting, size) = ([], 0) }
      return waiting
    }
  }
}
