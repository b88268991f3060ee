import Journal
public import PayloadDecoding
import PlantModel
import StreamCore
import SystemCore
public import WattlineTime

/// A message that came over HTTP or WebSocket instead of MQTT.
public struct PostedMessage: Sendable, Equatable {
  /// Topic, as over MQTT: 1 to 65,535 bytes.
  public var topic: String
  /// Payload.
  public var payload: [UInt8]

  /// Creates a message.
  ///
  /// - Parameters:
  ///   - topic: Topic, as over MQTT.
  ///   - payload: Payload.
  public init(topic: String, payload: [UInt8]) { (self.topic, self.payload) = (topic, payload) }
}

/// The outcome of posted messages.
public enum AppendOutcome: Sendable, Equatable {
  /// They are in the journal, as safe as acknowledged messages of MQTT.
  ///
  /// `appended` is the number of messages or readings that are new, `repeated` of those that were there already.
  case accepted(appended: Int, repeated: Int)
  /// The journal has no room; the sender tries again later.
  case full
  /// The journal cannot be written, for the given reason.
  case failed(String)
}

/// Appends posted messages to the journal, from any thread.
///
/// Threads that come while an append is under way wait for it, and their messages are appended together by one of them:
/// with `sync: always`, they share a sync of the disk.
final class Intake: Sendable {
  private struct State {
    /// Messages of the next append.
    var frame = MessageFrameBuilder()
    /// Number of the next append.
    var number = 0
    var isAppending = false
    /// Outcome of each append, with the number of threads that wait for it.
    var outcomes: [Int: (outcome: BurstOutcome, waiting: Int)] = [:]
    /// Number of threads whose messages are in ``frame``.
    var waiting = 0
  }

  /// Length of the messages that may wait for an append [bytes].
  private static let mostBytes = 4 << 20

  private let ingest: Ingest
  private let journal: any RecordLog
  private let monitor = Monitor()
  private let state = Locked(State())
  private let memory = Locked<PostedMemory?>(nil)

  init(ingest: Ingest, journal: any RecordLog) { (self.ingest, self.journal) = (ingest, journal) }

  /// Appends messages, all or none.
  func append(_ messages: [PostedMessage]) -> AppendOutcome {
    if messages.isEmpty { return .accepted(appended: 0, repeated: 0) }
    let size = messages.reduce(0) { $0 + $1.topic.utf8.count + $1.payload.count }
    if let long = messages.first(where: { !(1...65_535).contains($0.topic.utf8.count) }) {
      return .failed("a topic has 1 to 65,535 bytes, not \(long.topic.utf8.count)")
    }
    guard size <= Self.mostBytes / 2 else { return .failed("messages of \(size) bytes are too long for one append") }
    let number: Int? = monitor.locked {
      state.with { state in
        guard state.frame.bytes.count + size <= Self.mostBytes else { return nil }
        for message in messages { state.frame.append(message) }
        state.waiting += 1
        return state.number
      }
    }
    guard let number else { return .full }
    switch outcome(of: number) {
    case .accepted: return .accepted(appended: messages.count, repeated: 0)
    case .full: return .full
    case .failed(let words): return .failed(words)
    }
  }

  /// Waits for an append, or carries it out.
  private func outcome(of number: Int) -> BurstOutcome {
    let mine: (burst: MessageFrameBuilder, waiting: Int)? = monitor.locked {
      while state.with({ $0.isAppending && $0.outcomes[number] == nil }) { _ = monitor.wait() }
      return state.with { state in
        if state.outcomes[number] != nil { return nil }
        defer {
          (state.frame, state.waiting, state.isAppending) = (MessageFrameBuilder(), 0, true)
          state.number += 1
        }
        return (state.frame, state.waiting)
      }
    }
    let outcome = mine.map { ingest.acceptPosted($0.burst, received: SystemClock.now()) }
    return monitor.locked {
      if outcome != nil { monitor.broadcast() }
      return state.with { state in
        if let outcome, let mine {
          state.isAppending = false
          state.outcomes[number] = (outcome, mine.waiting)
        }
        guard let (found, waiting) = state.outcomes[number] else { return .failed("an append has no outcome") }
        state.outcomes[number] = waiting > 1 ? (found, waiting - 1) : nil
        return found
      }
    }
  }

  /// Appends those readings of a plant that have not been posted before.
  ///
  /// - Parameters:
  ///   - readings: The readings.
  ///   - plant: Name of the plant.
  ///   - now: Time of readings without one.
  func append(_ readings: [PostedReading], plant: String, at now: Timestamp) -> AppendOutcome {
    memory.with { memory in
      var known = memory ?? PostedMemory(of: journal)
      defer { memory = known }
      let topic = PostedTopic.topic(plant: plant)
      var seen: Set<Int> = []
      let lines = readings.map { (line: PostedTopic.line(of: $0, at: now), isTimed: $0.time != nil) }
      let hashes = lines.map { PostedMemory.hash(topic: topic, line: $0.line) }
      // A reading without a time is new each time.
      let new = lines.indices.filter {
        !lines[$0].isTimed || !known.has(hashes[$0]) && seen.insert(hashes[$0]).inserted
      }
      let outcome = append(
        stride(from: 0, to: new.count, by: Self.linesOfMessage).map { start in
          let rows = new[start..<min(start + Self.linesOfMessage, new.count)]
          return PostedMessage(topic: topic, payload: PostedTopic.payload(of: rows.map { lines[$0].line }))
        })
      guard case .accepted = outcome else { return outcome }
      for position in new { known.insert(hashes[position]) }
      ingest.postedReadings.add(new.count)
      return .accepted(appended: new.count, repeated: readings.count - new.count)
    }
  }

  /// Maximum number of readings in one message of the journal.
  private static let linesOfMessage = 500
}

extension MessageFrameBuilder {
  /// Appends a posted message, which has no packet identifier.
  fileprivate mutating func append(_ message: PostedMessage) {
    var topic = message.topic
    topic.withUTF8 { topic in
      message.payload.withUnsafeBytes { payload in
        append(topic: UnsafeRawBufferPointer(topic), payload: payload, packetID: 0, retained: false)
      }
    }
  }
}

/// The readings that were posted last, by which repeated ones are recognised: at most 131,072, about 3 MB.
///
/// After a restart it is filled from the end of the journal.
struct PostedMemory: Sendable {
  private static let most = 65_536
  /// Bytes of the journal that are searched after a restart.
  private static let window: UInt64 = 32 << 20

  private var recent: Set<Int> = []
  private var older: Set<Int> = []

  /// Fills a memory from the end of a journal.
  init(of journal: any RecordLog) {
    let end = journal.endOffset
    let reader = journal.reader(from: max(end - min(end, Self.window), journal.startOffset))
    while let record = try? reader.next(), record.endOffset <= end {
      guard record.kind == .messages else { continue }
      record.withBody { body in
        var cursor = MessageFrameCursor(body)
        while let message = cursor.next() {
          guard PostedTopic.isPosted(message.topic), !PostedTopic.isFetched(message.topic) else { continue }
          PostedTopic.forEachLine(of: message.payload) { insert(Self.hash(topic: message.topic, line: $0)) }
        }
      }
    }
  }

  /// Returns the hash of a reading, of this process only.
  static func hash(topic: String, line: String) -> Int {
    var (topic, line) = (topic, line)
    return topic.withUTF8 { topic in
      line.withUTF8 { hash(topic: UnsafeRawBufferPointer(topic), line: UnsafeRawBufferPointer($0)) }
    }
  }

  private static func hash(topic: UnsafeRawBufferPointer, line: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(topic.count)
    hasher.combine(bytes: topic)
    hasher.combine(bytes: line)
    return hasher.finalize()
  }

  /// Returns whether a reading was posted.
  func has(_ hash: Int) -> Bool { recent.contains(hash) || older.contains(hash) }

  /// Records a posted reading.
  mutating func insert(_ hash: Int) {
    if recent.count >= Self.most { (older, recent) = (recent, []) }
    recent.insert(hash)
  }
}

extension RunningPipeline {
  /// Appends messages to the journal as if they had come over MQTT, all or none. Any thread may call it, and waits for
  /// the journal.
  ///
  /// A topic decides the plant by its rules; nothing checks who may publish on it.
  public func append(_ messages: [PostedMessage]) -> AppendOutcome { intake.append(messages) }

  /// Appends readings of a plant to the journal, whatever its topics are. Any thread may call it, and waits for the
  /// journal.
  ///
  /// A reading with a time that was posted before with the same value is not appended again. The last 65,536 are known
  /// at least, also after a restart as far as the last 32 MiB of the journal hold them. Of two values for one time of a
  /// sensor, cleaning takes the second as a duplicate.
  ///
  /// - Parameters:
  ///   - readings: The readings.
  ///   - plant: Name of the plant.
  ///   - now: Time of readings without one.
  public func append(readings: [PostedReading], plant: String, at now: Timestamp) -> AppendOutcome {
    intake.append(readings, plant: plant, at: now)
  }

  /// Returns the latest value of each sensor of a plant that has reported since the process started; at most a second
  /// old. Without `http` in the configuration there is none.
  public func latest(plant: String) -> [LatestValue] { workers.latest(plant: plant)?.values ?? [] }

  /// Returns what decides to which plant a posted topic belongs, by the current configuration.
  public var topicOwner: TopicOwner { TopicOwner(plants: plants) }
}
