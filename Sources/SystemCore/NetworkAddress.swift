import Glibc

/// Addresses of clients, as limits count them.
public enum NetworkAddress {
  /// Returns the network that an address is counted as: an IPv6 address as its network of 64 bits, which one client has
  /// as a whole.
  public static func network(_ address: String) -> String {
    var bytes = in6_addr()
    guard address.contains(":"), inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
    let digits = withUnsafeBytes(of: bytes) { $0.prefix(8).map { String(UInt16($0) + 256, radix: 16).suffix(2) } }
    return digits.joined() + "/64"
  }
}
