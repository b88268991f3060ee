import AccessControl
import Foundation
import PlantConfig
import StreamCore
import SystemCore
import WattlineTime

/// Publisher that the broker refuses.
struct RefusedPublisher: Sendable, Equatable {
  /// Client id, and user if the log has it, in words.
  var name: String
  /// Topic of the last refused message.
  var topic: String
  /// Whether messages on other topics were refused too.
  var hasOtherTopics = false
  /// Refused messages.
  var count = 0
  /// Why, and what would admit the message.
  var remedy: String
  /// Time of the last refused message.
  var last: Timestamp

  /// One sentence for people.
  var words: String {
    "\(name) may not publish on '\(topic)'\(hasOtherTopics ? " and other topics" : ""); \(remedy)"
  }
}

/// Watch of the broker's log for publishers that it refuses, on a thread of its own.
///
/// mosquitto acknowledges a message that it refuses, so that neither the device nor a subscriber learns of it.
final class RefusalWatch: Sendable {
  /// Time without a refused message after which a publisher is no longer told.
  static let calm = TimeSpan.minutes(15)
  /// Publishers that are told apart; further ones are only counted.
  static let most = 200
  /// Time between two looks at the log.
  private static let interval: Int64 = 1_000

  private struct State {
    var publishers: [String: RefusedPublisher] = [:]
    var refused: UInt64 = 0
  }

  private let path: String
  private let accounts: @Sendable () -> AccessList?
  private let note: RunningPipeline.Note
  private let state = Locked(State())
  private let isStopping = StopSignal()
  private let thread = Locked<BlockingThread?>(nil)

  /// Creates the watch without starting it.
  ///
  /// - Parameters:
  ///   - path: Log of mosquitto.
  ///   - accounts: Returns the users by the present plant files.
  ///   - note: Receives a line for each publisher.
  init(_ path: String, accounts: @escaping @Sendable () -> AccessList?, note: @escaping RunningPipeline.Note) {
    (self.path, self.accounts, self.note) = (path, accounts, note)
  }

  /// Starts the thread.
  func start() throws(SystemError) {
    let started = try BlockingThread(name: "broker-log") { [self] in run() }
    thread.set(started)
  }

  /// Stops the thread.
  func stop() {
    isStopping.set()
    thread.value?.join()
  }

  /// Number of refused messages since the start.
  var refused: UInt64 { state.with { $0.refused } }

  /// Returns the publishers that were refused within ``calm``, the latest first.
  func publishers(at now: Timestamp) -> [RefusedPublisher] {
    state.with { state in
      for (name, publisher) in state.publishers where now - publisher.last >= Self.calm { state.publishers[name] = nil }
      return state.publishers.values.sorted { ($0.last, $1.name) > ($1.last, $0.name) }
    }
  }

  private func run() {
    let follower = FileFollower(path)
    let trouble = LogDeduplicator()
    var reader = RefusalReader()
    while !isStopping.isSet {
      let failure = follower.read { line, isOld in
        guard RefusalReader.isOfUse(line), let message = reader.take(String(decoding: line, as: UTF8.self)), !isOld
        else { return }
        take(message, at: SystemClock.now())
      }
      if failure == 0 {
        trouble.isOver(with: path)
      } else {
        let words = NamedFile.obstacle(path) ?? String(cString: strerror(failure))
        if trouble.isNew(words, with: path) {
          note(.warning("watch.broker_log: '\(path)' cannot be read: \(words); trying again"))
        }
      }
      isStopping.wait(milliseconds: Self.interval)
    }
  }

  /// Counts a refused message, and tells of its publisher if that is new.
  func take(_ message: RefusedPublish, at now: Timestamp) {
    let name = message.publisher
    let isKnown = state.with { state in
      state.refused += 1
      guard var known = state.publishers[name] else { return state.publishers.count >= Self.most }
      let topic = RefusedPublish.visible(message.topic)
      known.hasOtherTopics = known.hasOtherTopics || known.topic != topic
      (known.topic, known.last, known.count) = (topic, now, max(known.count + 1, message.count))
      state.publishers[name] = known
      return true
    }
    if isKnown { return }
    let remedy = accounts().map(message.remedy) ?? "look at the broker's access rules"
    let new = RefusedPublisher(
      name: name, topic: RefusedPublish.visible(message.topic), count: message.count, remedy: remedy, last: now)
    state.with { $0.publishers[name] = new }
    note(.warning("broker: \(new.words)", fields: [.topic: new.topic]))
  }
}
