import PlantModel
import StreamCore
import SystemCore

/// The burst of messages read but not yet stored, and its delivery to the sink.
final class BurstDelivery {
  private let sink: any BurstSink
  private let counters: SharedSessionCounters
  private let onEvent: @Sendable (SessionEvent) -> Void
  private var burst = MessageFrameBuilder()
  /// Counts since the last delivery.
  var received = SourceCounters()
  /// Whether the sink has refused the burst, which is kept.
  private(set) var isStalled = false

  /// Creates an empty burst; `counters` get the counts of each delivery.
  init(sink: any BurstSink, counters: SharedSessionCounters, onEvent: @escaping @Sendable (SessionEvent) -> Void) {
    (self.sink, self.counters, self.onEvent) = (sink, counters, onEvent)
  }

  /// Whether the burst has the sink's preferred size.
  var isFull: Bool { burst.bytes.count >= sink.burstBytes }

  /// Appends a message.
  ///
  /// - Parameters:
  ///   - topic: the topic.
  ///   - payload: the payload.
  ///   - packetID: MQTT packet identifier; 0 at QoS 0.
  ///   - retained: whether it is a retained message.
  ///   - connection: number of the connection, 0...127.
  func append(
    topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, packetID: UInt16, retained: Bool, connection: Int
  ) {
    burst.append(topic: topic, payload: payload, packetID: packetID, retained: retained, connection: connection)
  }

  /// Records that a message above the limit [bytes] is dropped.
  func recordOversized(topic: UnsafeRawBufferPointer, limit: Int) {
    if counters.value.oversized + received.oversized == 0 {
      onEvent(.oversized(topic: String(decoding: topic, as: UTF8.self), limit: limit))
    }
    received.oversized += 1
  }

  /// Passes the burst to the sink. Returns `false` if it was refused and is kept for later.
  func deliver() -> Bool {
    counters.add(received)
    received = SourceCounters()
    if burst.count == 0 { return true }
    switch sink.accept(burst, received: SystemClock.now()) {
    case .accepted:
      burst.removeAll()
      return true
    case .full: stall("no room")
    case .failed(let reason): stall(reason)
    }
    return false
  }

  private func stall(_ reason: String) {
    if !isStalled { onEvent(.sinkStalled(reason: reason)) }
    isStalled = true
  }

  /// Offers the refused burst again. Returns whether the sink has accepted it. Nothing may be read before, because the
  /// broker would not send it as new.
  func resume() -> Bool {
    guard sink.hasRoom else { return false }
    isStalled = !deliver()
    return !isStalled
  }
}
