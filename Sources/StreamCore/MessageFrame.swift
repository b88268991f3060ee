/// A message inside a journal frame. The pointers are valid as long as the frame's bytes.
public struct MessageView {
  /// The topic as sent by the broker; not validated as UTF-8.
  public var topic: UnsafeRawBufferPointer
  /// The payload.
  public var payload: UnsafeRawBufferPointer
  /// MQTT packet identifier; 0 at QoS 0.
  public var packetID: UInt16
  /// Whether the broker sent it as a retained message on subscribing.
  public var retained: Bool
  /// Number of the receiving connection, 0...127. Packet identifiers are unique per connection only.
  public var connection = 0

  /// Creates a view of a message that is in memory.
  ///
  /// - Parameters:
  ///   - topic: The topic.
  ///   - payload: The payload.
  ///   - packetID: MQTT packet identifier; 0 at QoS 0.
  ///   - retained: Whether it is a retained message.
  ///   - connection: Number of the receiving connection, 0...127.
  public init(
    topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, packetID: UInt16 = 0, retained: Bool = false,
    connection: Int = 0
  ) {
    (self.topic, self.payload, self.packetID, self.retained) = (topic, payload, packetID, retained)
    self.connection = connection
  }
}

/// Collects the messages of one burst into the body of one journal record. A burst thus needs one checksum, one write
/// and one receive time.
///
/// Layout of a message, little-endian: packet identifier `UInt16`, flags `UInt8` (bit 0 retained, above it the
/// connection), topic length `UInt16`, payload length `UInt32`, topic, payload.
public struct MessageFrameBuilder: Sendable {
  /// Size of a message's header before the topic [bytes].
  static let headerSize = 9

  /// The body so far.
  public private(set) var bytes: [UInt8] = []
  /// Number of messages.
  public private(set) var count = 0

  /// Creates an empty frame.
  public init() {}

  /// Copies a message into the frame.
  ///
  /// - Parameters:
  ///   - topic: at most 65,535 bytes, as in MQTT.
  ///   - payload: the payload.
  ///   - packetID: MQTT packet identifier; 0 at QoS 0.
  ///   - retained: whether the broker sent it as a retained message.
  ///   - connection: number of the connection, 0...127.
  public mutating func append(
    topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, packetID: UInt16, retained: Bool,
    connection: Int = 0
  ) {
    let topicLength = UInt16(truncatingIfNeeded: topic.count)
    let payloadLength = UInt32(truncatingIfNeeded: payload.count)
    withUnsafeBytes(of: packetID.littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(truncatingIfNeeded: connection) << 1 | (retained ? 1 : 0))
    withUnsafeBytes(of: topicLength.littleEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: payloadLength.littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: topic)
    bytes.append(contentsOf: payload)
    count += 1
  }

  /// Empties the frame and keeps its memory.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    count = 0
  }
}

/// Iterates over the messages of a frame. Iteration ends at malformed data, which is reported.
public struct MessageFrameCursor {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0
  /// Whether the body ended in the middle of a message.
  public private(set) var isMalformed = false

  /// Creates a cursor over the body of a record.
  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Returns the next message, or `nil` at the end.
  public mutating func next() -> MessageView? {
    guard offset < bytes.count else { return nil }
    guard bytes.count - offset >= MessageFrameBuilder.headerSize else {
      isMalformed = true
      return nil
    }
    let packetID = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    let flags = bytes[offset + 2]
    let topicLength = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 3, as: UInt16.self)))
    let payloadLength = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 5, as: UInt32.self)))
    let topicStart = offset + MessageFrameBuilder.headerSize
    guard bytes.count - topicStart >= topicLength + payloadLength else {
      isMalformed = true
      offset = bytes.count
      return nil
    }
    let payloadStart = topicStart + topicLength
    offset = payloadStart + payloadLength
    return MessageView(
      topic: UnsafeRawBufferPointer(rebasing: bytes[topicStart..<payloadStart]),
      payload: UnsafeRawBufferPointer(rebasing: bytes[payloadStart..<offset]), packetID: packetID,
      retained: flags & 1 != 0, connection: Int(flags >> 1))
  }
}
