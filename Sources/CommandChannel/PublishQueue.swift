import Foundation

/// Messages passed to the publisher's thread, with the number of those that the broker has not confirmed.
final class PublishQueue: @unchecked Sendable {
  // Every stored property below `condition` is accessed only while `condition` is locked.
  private let condition = NSCondition()
  private var waiting = Batch()
  /// Messages published after every new connection. ``places`` has their indexes by topic.
  private var announced: [PublishedMessage] = []
  private var places: [String: Int] = [:]
  /// Indexes of announcements that are to be published now.
  private var due: Set<Int> = []
  private var unconfirmed = 0
  private var isStopped = false
  private let limit: Int

  /// Messages in one buffer: topic with its terminating zero, then payload.
  struct Batch {
    struct Entry {
      var start: Int
      var topicSize: Int
      var payloadSize: Int
      var qos: Int32
      var retain: Bool
    }
    var entries: [Entry] = []
    var bytes: [UInt8] = []

    mutating func append(topic: String, payload: UnsafeRawBufferPointer, qos: Int, retain: Bool) {
      let start = bytes.count
      bytes.append(contentsOf: topic.utf8)
      bytes.append(0)
      let topicSize = bytes.count - start
      bytes.append(contentsOf: payload)
      entries.append(
        Entry(
          start: start, topicSize: topicSize, payloadSize: payload.count, qos: Int32(min(max(qos, 0), 1)),
          retain: retain))
    }

    mutating func removeAll() {
      entries.removeAll(keepingCapacity: true)
      bytes.removeAll(keepingCapacity: true)
    }
  }

  init(limit: Int) { self.limit = limit }

  /// Adds a message; waits for room until `deadline`.
  ///
  /// - Parameters:
  ///   - topic: Topic of the message.
  ///   - payload: Payload of the message; copied.
  ///   - qos: Quality of service: 0 or 1.
  ///   - retain: Whether the broker keeps the message for later subscribers.
  ///   - deadline: Latest time to wait for; unlimited if `nil`.
  /// - Returns: Whether the publisher's thread must be woken.
  /// - Throws: ``PublishError/timedOut`` or ``PublishError/stopped``.
  func add(
    topic: String, payload: UnsafeRawBufferPointer, qos: Int, retain: Bool, until deadline: Date?
  ) throws(PublishError) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while unconfirmed >= limit && !isStopped {
      if let deadline {
        if !condition.wait(until: deadline) && unconfirmed >= limit { throw .timedOut }
      } else {
        condition.wait()
      }
    }
    if isStopped { throw .stopped }
    unconfirmed += 1
    waiting.append(topic: topic, payload: payload, qos: qos, retain: retain)
    return waiting.entries.count == 1
  }

  /// Sets a message that is published now and after every new connection; one a topic.
  func announce(_ message: PublishedMessage) {
    condition.lock()
    defer { condition.unlock() }
    let place = places[message.topic] ?? announced.count
    if place < announced.count { announced[place] = message } else { announced.append(message) }
    places[message.topic] = place
    due.insert(place)
  }

  /// Waits until everything is confirmed.
  ///
  /// - Returns: `false` after `deadline`, or if the publisher was stopped with unconfirmed messages.
  func waitUntilConfirmed(until deadline: Date) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while unconfirmed > 0 || !due.isEmpty {
      if isStopped || !condition.wait(until: deadline) { return unconfirmed == 0 && due.isEmpty }
    }
    return true
  }

  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }

  var stopped: Bool {
    condition.lock()
    defer { condition.unlock() }
    return isStopped
  }

  /// Exchanges the waiting messages for an emptied batch, and adds the announcements that are due.
  func drain(into batch: inout Batch, afterConnect: Bool) {
    condition.lock()
    defer { condition.unlock() }
    batch.removeAll()
    swap(&batch, &waiting)
    for place in afterConnect ? Array(announced.indices) : due.sorted() {
      let message = announced[place]
      unconfirmed += 1
      message.payload.withUnsafeBytes {
        batch.append(topic: message.topic, payload: $0, qos: message.qos, retain: message.retain)
      }
    }
    due.removeAll()
  }

  func confirm(_ count: Int) {
    if count == 0 { return }
    condition.lock()
    unconfirmed -= count
    condition.broadcast()
    condition.unlock()
  }
}
