#if HTTP
  import Glibc
  import SystemCore

  /// The connections of a server by the address of their clients, so that one address cannot take them all.
  ///
  /// A connection is admitted, and then begins, on the thread of the server's loop.
  struct PeerConnections {
    /// Maximum number of connections.
    let most: Int
    /// Maximum number of one address: three quarters, since many people may be behind one proxy.
    var mostOfAddress: Int { most - most / 4 }

    private var addresses: [OpaquePointer: String] = [:]
    private var counts: [String: Int] = [:]
    private var admitted = ""

    init(most: Int) { self.most = most }

    /// Returns whether a socket that was accepted may stay.
    mutating func admits(socket: Int32) -> Bool {
      admitted = NetworkAddress.network(Self.address(of: socket))
      return addresses.count < most && counts[admitted, default: 0] < mostOfAddress
    }

    /// Counts the connection that was admitted last.
    mutating func began(_ connection: OpaquePointer) {
      addresses[connection] = admitted
      counts[admitted, default: 0] += 1
    }

    /// Forgets a connection.
    mutating func ended(_ connection: OpaquePointer) {
      guard let address = addresses.removeValue(forKey: connection), let count = counts[address] else { return }
      counts[address] = count > 1 ? count - 1 : nil
    }

    /// Returns the address of a socket's client as text; empty if it has none.
    private static func address(of socket: Int32) -> String {
      var peer = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      return withUnsafeMutablePointer(to: &peer) { peer -> String in
        peer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer -> String in
          guard getpeername(socket, peer, &length) == 0 else { return "" }
          return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { text -> String in
            guard let base = text.baseAddress,
              getnameinfo(peer, length, base, socklen_t(NI_MAXHOST), nil, 0, NI_NUMERICHOST) == 0
            else { return "" }
            return String(cString: base)
          }
        }
      }
    }
  }
#endif
