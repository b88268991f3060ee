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

  /// Bounds from which the process raises alerts about its interface, by the last five minutes. `nil` switches one off.
  public struct Bounds: Hashable, Sendable {
    /// Duration of a request that at most one of twenty may exceed, from 1 ms on: the 95th percentile.
    public var latency: TimeSpan? = .milliseconds(500)
    /// Share of requests that may fail for the server's reasons, 0.001...1.
    public var errors: Double? = 0.05
    /// Number of refused logins, from 1 on.
    public var refusedLogins: Int? = 20
    /// Time for which a job may run, from 1 s on.
    public var lateJob: TimeSpan? = .minutes(10)

    /// Creates the usual bounds.
    public init() {}
  }

  /// An identity provider whose bearer tokens are accepted (OpenID Connect).
  public struct Issuer: Hashable, Sendable {
    /// Its name as tokens have it in `iss`, and the start of the address of its discovery document.
    ///
    /// The scheme is `https`; `http` is for this machine.
    public var url: String
    /// The required value of `aud` in tokens.
    public var audience: String
    /// Claim with the groups or roles, such as `roles`; a path has dots, as `realm_access.roles`.
    public var roleClaim = "roles"
    /// Claim with the names of plants; `nil` for all plants.
    public var plantsClaim: String?
    /// Role by group or role at the provider.
    public var roles: [String: Role] = [:]
    /// The only trusted certificate authorities (PEM); `nil` for those of the system.
    public var caFile: String?

    /// Creates an issuer whose tokens have no role yet.
    public init(url: String, audience: String) { (self.url, self.audience) = (url, audience) }
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
  /// Identity providers whose bearer tokens are accepted.
  public var issuers: [Issuer] = []
  /// Bounds from which the process raises alerts about its interface.
  public var alerts = Bounds()
  /// Maximum number of open connections, 16...100,000; `nil` for as many as the limit of files allows.
  public var connections: Int?

  /// Creates an interface without TLS.
  ///
  /// - Parameters:
  ///   - address: Address of the interface on which the server listens.
  ///   - port: TCP port; 0 for a free one.
  public init(address: String, port: Int) { (self.address, self.port) = (address, port) }
}
