public import PlantModel
public import SystemCore

/// A source of messages: receives them from outside and stores them in a ``BurstSink``, in bursts.
///
/// A source has threads of its own and is idle until ``start()``. It may tell its sender that a message is safe only
/// after the sink has accepted the burst. While the sink has no room, the source stops reading.
public protocol MessageSource: AnyObject, Sendable {
  /// Counters of everything received since the source was created.
  var counters: SourceCounters { get }

  /// Whether the source receives everything that it is configured to receive.
  var isReady: Bool { get }

  /// Starts to receive, and tries again for as long as the other side is away. A second call has no effect.
  ///
  /// - Throws: `SystemError` if a thread or socket cannot be created.
  func start() throws(SystemError)

  /// Replaces the plants whose messages are wanted, without an interruption for the others.
  func update(plants: [Plant])

  /// Takes up credentials that have changed: each connection is made anew with them.
  func reconnect()

  /// Records a message at the end of the log, oldest first, before ``start()``. A sender that missed the
  /// acknowledgement sends it again, and the source then drops it.
  ///
  /// - Parameters:
  ///   - packetID: MQTT packet identifier, 0 where there is none.
  ///   - hash: hash of topic and payload.
  ///   - connection: number of the connection, 0...127.
  func recordAppended(packetID: UInt16, hash: UInt64, connection: Int)

  /// Stops to receive and waits for the threads to end. A stopped source cannot be started again.
  func stop()
}

extension MessageSource {
  /// Default: the source receives the messages of all plants.
  public func update(plants: [Plant]) {}

  /// Default: the source needs no credentials.
  public func reconnect() {}

  /// Default: senders do not repeat messages.
  public func recordAppended(packetID: UInt16, hash: UInt64, connection: Int) {}
}

/// Counters of a source since its creation.
///
/// `messages` = passed to the sink + `duplicates` + `oversized` + those of a burst that the sink has not accepted yet.
public struct SourceCounters: Sendable, Equatable {
  /// Messages received, including re-delivered ones.
  public var messages: Int
  /// Bytes of their topics and payloads; of oversized payloads only the bytes examined.
  public var bytes: Int
  /// Messages re-delivered although already appended; they were not passed to the sink again.
  public var duplicates: Int
  /// Messages with a payload above the limit; they were acknowledged and dropped.
  public var oversized: Int
  /// Connections made, except the first.
  public var reconnects: Int

  /// Creates counters.
  ///
  /// - Parameters:
  ///   - messages: messages received.
  ///   - bytes: bytes of their topics and payloads.
  ///   - duplicates: messages dropped because they were already appended.
  ///   - oversized: messages dropped because of their size.
  ///   - reconnects: connections made, except the first.
  public init(messages: Int = 0, bytes: Int = 0, duplicates: Int = 0, oversized: Int = 0, reconnects: Int = 0) {
    self.messages = messages
    self.bytes = bytes
    self.duplicates = duplicates
    self.oversized = oversized
    self.reconnects = reconnects
  }

  /// Adds the counters of two sources.
  public static func + (a: SourceCounters, b: SourceCounters) -> SourceCounters {
    SourceCounters(
      messages: a.messages + b.messages, bytes: a.bytes + b.bytes, duplicates: a.duplicates + b.duplicates,
      oversized: a.oversized + b.oversized, reconnects: a.reconnects + b.reconnects)
  }
}
