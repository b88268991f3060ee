/// Whom alerts are told to, besides MQTT and the database.
public struct AlertSettings: Hashable, Sendable {
  /// Alerts of less than this are not told by webhook and e-mail.
  public var minimumSeverity = Severity.warning
  /// Where alerts are posted to as JSON.
  public var webhook: WebhookSettings?
  /// How they are mailed.
  public var email: EmailSettings?

  /// Nobody.
  public init() {}
}

/// Where alerts are posted to.
public struct WebhookSettings: Hashable, Sendable {
  /// `http://` or `https://`.
  public var url: String
  /// Sent as `Authorization: Bearer …`.
  public var token: Secret?
  /// File of trusted certificate authorities (PEM); the system's where absent.
  public var caFile: String?

  /// An address without a token.
  public init(url: String) { self.url = url }
}

/// How alerts are mailed.
public struct EmailSettings: Hashable, Sendable {
  /// The mail server: `smtps://host:465`, or `smtp://host:587`, where TLS is begun by STARTTLS.
  public var url: String
  /// The sender's address.
  public var from: String
  /// The recipients' addresses, where a plant does not name its own.
  public var to: [String]
  /// User name at the mail server.
  public var username: String?
  /// Password; never sent without TLS, unless the server is on this machine.
  public var password: Secret?
  /// File of trusted certificate authorities (PEM); the system's where absent.
  public var caFile: String?

  /// A mail server that asks for no credentials.
  public init(url: String, from: String, to: [String]) {
    self.url = url
    self.from = from
    self.to = to
  }

  /// Whether a text is an address that can stand in a mail's header as it is: `local@domain` in visible ASCII, without
  /// spaces, quotes and what separates addresses.
  public static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    let special = Set("()<>[]:;,\\\"".utf8)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !special.contains($0) }
  }
}
