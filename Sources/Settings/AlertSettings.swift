public import PlantModel

/// Recipients of alerts besides MQTT and the database.
public struct AlertSettings: Hashable, Sendable {
  /// Least severity that is sent by webhook and e-mail.
  public var minimumSeverity = Severity.warning
  /// Receiver of alerts as JSON; `nil` for none.
  public var webhook: WebhookSettings?
  /// Mail server and recipients; `nil` sends no mail.
  public var email: EmailSettings?

  /// Creates settings without recipients.
  public init() {}
}

/// Webhook to which alerts are posted.
public struct WebhookSettings: Hashable, Sendable {
  /// Address, `http://` or `https://`.
  public var url: String
  /// Token, sent as `Authorization: Bearer …`.
  public var token: Secret?
  /// File of trusted certificate authorities (PEM); `nil` uses those of the system.
  public var caFile: String?

  /// Creates a webhook without a token.
  public init(url: String) { self.url = url }
}

/// Mail server, sender and recipients of alerts.
public struct EmailSettings: Hashable, Sendable {
  /// Address of the mail server: `smtps://host:465`, or `smtp://host:587` with STARTTLS.
  public var url: String
  /// Sender's address.
  public var from: String
  /// Recipients of plants that do not name their own.
  public var to: [String]
  /// User name at the mail server.
  public var username: String?
  /// Password. Sent only over TLS, or to a server on this machine.
  public var password: Secret?
  /// File of trusted certificate authorities (PEM); `nil` uses those of the system.
  public var caFile: String?

  /// Creates settings without credentials.
  ///
  /// - Parameters:
  ///   - url: `smtps://host:465` or `smtp://host:587`.
  ///   - from: Sender's address.
  ///   - to: Recipients' addresses.
  public init(url: String, from: String, to: [String]) {
    self.url = url
    self.from = from
    self.to = to
  }

  /// Returns whether a text is an address that can be put into a mail header unchanged.
  ///
  /// The form is `local@domain`: at most 254 bytes of visible ASCII, without spaces, quotes, brackets and separators of
  /// addresses.
  public static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    let special = Set("()<>[]:;,\\\"".utf8)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !special.contains($0) }
  }
}
