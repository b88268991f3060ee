/// The cause of a failed connection, from the words of libcurl and of the TLS library.
package enum ConnectionFault: Sendable, Equatable {
  /// The name has no address.
  case name
  /// Nothing listens at the port, or the network does not reach it.
  case port
  /// There was no answer in time.
  case timeout
  /// The certificate's validity is over, or has not begun.
  case expired
  /// The certificate is for another name.
  case host
  /// The certificate's authority is not trusted.
  case authority
  /// The server does not speak TLS at this port.
  case plain
  /// The server wants a certificate of the client, or refuses the one given.
  case client
  /// A file of certificates or keys cannot be read.
  case file
  /// Another cause of TLS.
  case tls
  /// Another cause.
  case other

  /// Finds the cause in the words of a failure.
  package init(_ reason: String) {
    let words = reason.lowercased()
    func has(_ parts: String...) -> Bool { parts.contains { words.contains($0) } }
    self =
      if has("resolve host", "resolving timed out", "could not resolve") {
        .name
      } else if has("expired", "not yet valid") {
        .expired
      } else if has(
        "wrong version number", "http request", "unknown protocol", "packet length too long", "record layer")
      {
        .plain
      } else if has("alternative certificate subject name", "does not match", "hostname mismatch") {
        .host
      } else if has("self-signed", "self signed", "unable to get local issuer", "unable to verify", "unknown ca") {
        .authority
      } else if has("certificate required", "handshake failure", "bad certificate", "sslv3 alert") {
        .client
      } else if has(
        "ca file", "cafile", "set certificate verify", "private key", "client certificate", "cert file",
        "trust anchors", "certificate file",
        "verify locations"
      ) {
        .file
      } else if has("timed out", "timeout", "abort") {
        .timeout
      } else if has(
        "connect to", "connection refused", "no route", "unreachable", "failed to connect", "couldn't connect")
      {
        .port
      } else if has("ssl", "tls", "certificate") { .tls } else { .other }
  }

  /// Whether the network connection was made and TLS failed.
  package var isOfTLS: Bool {
    switch self {
    case .expired, .host, .authority, .plain, .client, .file, .tls: true
    case .name, .port, .timeout, .other: false
    }
  }
}
