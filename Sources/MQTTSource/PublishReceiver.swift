import PlantModel
import Settings
import StreamCore

/// Receives PUBLISH packets: queues their acknowledgements, recognises re-delivered messages, and appends the others to
/// the burst. The acknowledgements are sent after the burst is stored.
final class PublishReceiver {
  private let packets: PacketStream
  private let delivery: BurstDelivery
  /// Number of the connection, 0...127.
  private let connection: Int
  /// Maximum length of a payload [bytes].
  private let maximumPayload: Int
  private var duplicates: SessionDuplicates

  /// Creates a receiver.
  ///
  /// - Parameters:
  ///   - preparation: limits and the messages known from the journal.
  ///   - packets: destination of the acknowledgements.
  ///   - delivery: destination of the messages.
  init(_ preparation: SessionPreparation, packets: PacketStream, delivery: BurstDelivery) {
    connection = preparation.role.connection
    maximumPayload = preparation.settings.maximumPayload
    duplicates = preparation.duplicates
    (self.packets, self.delivery) = (packets, delivery)
  }

  /// Starts a new session at the broker, whose identifiers restart.
  func beginNewSession() { duplicates.removeAll() }

  /// Processes a PUBLISH.
  ///
  /// - Parameters:
  ///   - packet: the packet.
  ///   - version: protocol version.
  ///   - isCatchingUp: whether the broker may mark queued messages as retained.
  func receive(
    _ packet: InboundBuffer.Packet, version: OutboundPackets.Version, isCatchingUp: Bool
  ) throws(MalformedPacket) {
    let qos = packet.header >> 1 & 3
    var reader = PacketReader(packet.body)
    let topic = try reader.field()
    // An empty topic means a topic alias, which the session never offers; QoS 2 is never requested.
    guard qos < 2, !topic.isEmpty else { throw MalformedPacket() }
    let identifier = qos == 0 ? 0 : try reader.short()
    if qos == 1 {
      if identifier == 0 { throw MalformedPacket() }
      packets.outbound.acknowledge(identifier)
    }
    delivery.received.messages += 1
    if !packet.isCut {
      if version == .v5 { _ = try reader.properties() }
      delivery.received.bytes += topic.count + reader.rest.count
    }
    guard !packet.isCut, reader.rest.count <= maximumPayload else {
      return delivery.recordOversized(topic: topic, limit: maximumPayload)
    }
    if qos == 1 {
      let hash = MessageHash.of(topic: topic, payload: reader.rest)
      if packet.header & 8 != 0, duplicates.contains(packetID: identifier, hash: hash) {
        delivery.received.duplicates += 1
        return
      }
      duplicates.record(packetID: identifier, hash: hash)
    }
    delivery.append(
      topic: topic, payload: reader.rest, packetID: identifier,
      retained: packet.header & 1 != 0 && !(isCatchingUp && qos == 1), connection: connection)
  }
}
