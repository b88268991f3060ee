import CurlTransport
import PlantModel
import WattlineTime

/// The packets of a connection in both directions, and its keep-alive.
final class PacketStream {
  let inbound: InboundBuffer
  var outbound = OutboundPackets()
  var keepAlive = KeepAlive(at: .zero)

  /// Creates a stream for packets whose body has up to `longestBody` bytes.
  init(longestBody: Int) { inbound = InboundBuffer(longestBody: longestBody) }

  /// Discards everything before a new connection.
  func removeAll() {
    inbound.removeAll()
    outbound.removeAll()
  }

  /// Reads once. Packets returned before become invalid.
  ///
  /// - Parameters:
  ///   - connection: the connection.
  ///   - now: monotonic time of the read.
  /// - Returns: the result, and whether the read has drained the connection.
  func read(
    from connection: ByteStream, at now: TimeSpan
  ) -> (result: ByteStream.Transfer, isDrained: Bool) {
    let room = inbound.room()
    let result = connection.read(into: room)
    guard case .bytes(let count) = result else { return (result, true) }
    inbound.filled(count)
    keepAlive.recordHeard(at: now)
    // On a plain connection, a read that does not fill the room has drained it.
    return (result, !connection.isEncrypted && count < min(room.count, ByteStream.chunk))
  }

  /// Sends queued packets without blocking. Returns the reason if the connection ended.
  func send(over connection: ByteStream) -> String? {
    if outbound.isEmpty { return nil }
    keepAlive.recordSent(at: SessionClock.monotonic())
    return outbound.send(over: connection)
  }
}
