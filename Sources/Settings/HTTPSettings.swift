public import WattlineTime

/// The HTTP interface of the process.
public struct HTTPSettings: Hashable, Sendable {
  /// Files of the server's certificate.
  public struct Certificate: Hashable, Sendable {
    /// Certificate and its intermediates (PEM).
    public var chainFile: String
    /// Private key (PEM).
    public var keyFile: String

    /// Creates the files of a certificate.
    public init(chainFile: String, keyFile: String) { (self.chainFile, self.keyFile) = (chainFile, keyFile) }
  }

  /// Number of requests that an address may send.
  public struct Rate: Hashable, Sendable {
    /// Requests, 1...1,000,000.
    public var requests: Int
    /// Time in which they may come, one second to one day.
    public var per: TimeSpan

    /// Creates a rate.
    public init(requests: Int, per: TimeSpan) { (self.requests, self.per) = (requests, per) }
  }

  /// Address of the interface on which the server listens.
  public var address: String
  /// TCP port; 0 for a free one.
  public var port: Int
  /// The server's certificate; `nil` for no TLS.
  public var certificate: Certificate?
  /// Origins of pages whose scripts may read the interface, such as `https://boards.example.com`.
  public var origins: [String] = []
  /// Limit of requests of an address; `nil` for none.
  public var rate: Rate?

  /// Creates an interface without TLS.
  ///
  /// - Parameters:
  ///   - address: Address of the interface on which the server listens.
  ///   - port: TCP port; 0 for a free one.
  public init(address: String, port: Int) { (self.address, self.port) = (address, port) }
}
