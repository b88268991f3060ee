import PlantModel
import Synchronization
import SystemCore
public import WattlineTime

/// The kinds of news in the live feed.
public enum LiveKind: String, Sendable, CaseIterable {
  /// A reading after cleaning.
  case reading
  /// A change of an alert.
  case alert
  /// A command that was issued, or has changed its state.
  case command
  /// A recommendation for an asset.
  case dispatch

  /// Name of the kind in lists: the plural, where there is one.
  public var plural: String {
    switch self {
    case .reading: "readings"
    case .alert: "alerts"
    case .command: "commands"
    case .dispatch: "dispatch"
    }
  }
}

/// A message of the live feed.
public struct LiveEvent: Sendable {
  /// The kind of the message.
  public var kind: LiveKind
  /// Plant that it is about.
  public var plant: String
  /// The message: an object of JSON.
  public var json: [UInt8]
}

/// The news since the last call of ``LiveFeed/next(gathering:)``.
public struct LiveNews: Sendable {
  /// The messages, in the order of their frames.
  public var events: [LiveEvent] = []
  /// Number of messages that were lost by plant, because nobody took them in time.
  public var lost: [String: Int] = [:]
}

/// The readings, alerts, commands and recommendations of all plants as they leave the stages.
///
/// Stages never wait for it: they add to a bounded buffer, and count what does not fit. While nobody watches, they do
/// nothing but read one flag for each frame. Messages are encoded on the thread that calls ``next(gathering:)``.
public final class LiveFeed: Sendable {
  private struct Buffer {
    var batches: [LiveBatch] = []
    var count = 0
    /// Whether something waits that must not be gathered.
    var isUrgent = false
    var lost: [String: Int] = [:]
  }

  /// Maximum number of messages that wait; about 4 MiB.
  static let mostWaiting = 65_536

  private let watchers = Atomic<Int>(0)
  private let monitor = Monitor()
  private let buffer = Locked(Buffer())
  private let isClosed = StopSignal()

  /// Creates a feed that nobody watches.
  public init() {}

  /// Whether somebody watches.
  var isWatched: Bool { watchers.load(ordering: .relaxed) > 0 }

  /// Begins to watch. Each call is followed by one of ``endWatching()``.
  public func beginWatching() { watchers.add(1, ordering: .relaxed) }

  /// Ends to watch.
  public func endWatching() { watchers.subtract(1, ordering: .relaxed) }

  /// Adds what a worker has collected, with one lock.
  func add(_ batches: [LiveBatch]) {
    monitor.locked {
      let isFirst = buffer.with { buffer -> Bool in
        let wakes = buffer.batches.isEmpty || !buffer.isUrgent && batches.contains(where: \.isUrgent)
        for batch in batches {
          guard buffer.count + batch.count <= Self.mostWaiting else {
            buffer.lost[batch.register.plant.name, default: 0] += batch.count
            continue
          }
          buffer.count += batch.count
          buffer.isUrgent = buffer.isUrgent || batch.isUrgent
          buffer.batches.append(batch)
        }
        return wakes
      }
      if isFirst { monitor.broadcast() }
    }
  }

  /// Waits for messages, and returns them encoded. One thread may call it.
  ///
  /// - Parameter span: Time for which readings are gathered once there is one. All other messages end it at once.
  /// - Returns: The messages; none after a second without, or once the feed is closed.
  public func next(gathering span: TimeSpan) -> LiveNews {
    let taken = take(gathering: span)
    var news = LiveNews(events: [], lost: taken.lost)
    news.events.reserveCapacity(taken.batches.reduce(0) { $0 + $1.count })
    for batch in taken.batches { LiveEncoder.append(batch, to: &news.events) }
    return news
  }

  private func take(gathering span: TimeSpan) -> (batches: [LiveBatch], lost: [String: Int]) {
    let deadline = Monitor.Deadline(in: .second)
    return monitor.locked {
      while buffer.with({ $0.batches.isEmpty }), !isClosed.isSet {
        guard monitor.wait(until: deadline) else { break }
      }
      let end = Monitor.Deadline(in: span)
      while buffer.with({ !$0.batches.isEmpty && !$0.isUrgent }), !isClosed.isSet {
        guard monitor.wait(until: end) else { break }
      }
      return buffer.with { buffer in
        defer { buffer = Buffer() }
        return (buffer.batches, buffer.lost)
      }
    }
  }

  /// Ends the waiting of ``next(gathering:)``.
  public func close() {
    isClosed.set()
    monitor.locked { monitor.broadcast() }
  }
}

/// A reading on its way to the live feed.
struct LiveReading: Sendable {
  var series: SeriesIndex
  var time: Timestamp
  var value: Double
  var quality: Quality
}

/// The news of one frame for the live feed.
struct LiveBatch: Sendable {
  var register: PlantRegister
  var readings: [LiveReading] = []
  var alerts: [AlertTransition] = []
  var commands: [Command] = []
  var dispatch: [DispatchDecision] = []

  /// Number of messages.
  var count: Int { readings.count + alerts.count + commands.count + dispatch.count }
  /// Whether it holds more than readings.
  var isUrgent: Bool { count > readings.count }
}
