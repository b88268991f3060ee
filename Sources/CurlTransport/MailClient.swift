import CCurl
package import Settings

/// A client that hands e-mails to an SMTP server, one connection an e-mail.
package struct MailClient {
  /// Outcome of a delivery.
  package enum Answer {
    /// The server took the e-mail for at least one recipient.
    case accepted
    /// Last status of the server, or 0 without one, and libcurl's error message.
    case failed(status: Int, reason: String)
  }

  /// URL of the server, with scheme `smtp` or `smtps`.
  package var url: String
  /// File with the only trusted authorities; `nil` trusts those of the system.
  package var caFile: String?
  /// Name of the account; `nil` sends without one.
  package var username: String?
  /// Password of the account. It requires TLS, except to this machine.
  package var password: Secret?

  /// Creates a client of one server.
  ///
  /// - Parameters:
  ///   - url: URL of the server, with scheme `smtp` or `smtps`.
  ///   - caFile: File with the only trusted authorities; `nil` trusts those of the system.
  ///   - username: Name of the account; `nil` sends without one.
  ///   - password: Password of the account.
  package init(url: String, caFile: String?, username: String?, password: Secret?) {
    self.url = url
    self.caFile = caFile
    self.username = username
    self.password = password
  }

  /// Sends an e-mail and waits for the answer. A refused recipient does not prevent delivery to the others.
  ///
  /// - Parameters:
  ///   - text: Headers and body.
  ///   - from: Address of the sender.
  ///   - to: Addresses of the recipients.
  ///   - shouldAbort: Checked about once a second; `true` aborts.
  /// - Returns: The outcome; `nil` if libcurl cannot be started.
  package func send(
    _ text: String, from: String, to: [String], shouldAbort: @escaping () -> Bool
  ) -> Answer? {
    guard let handle = CurlHandle(longestBody: 1_000) else { return nil }
    handle.exchange.shouldAbort = shouldAbort
    handle.set(CURLOPT_URL, to: url)
    handle.set(CURLOPT_CONNECTTIMEOUT_MS, to: 10_000)
    handle.set(CURLOPT_TIMEOUT_MS, to: 30_000)
    handle.set(CURLOPT_PROTOCOLS_STR, to: "smtp,smtps")
    handle.trust(caFile: caFile)
    let isLocal = LocalAddress.matches(url)
    if isLocal { handle.set(CURLOPT_NOPROXY, to: "*") }
    let list = to.reduce(nil) { curl_slist_append($0, "<\($1)>") }
    defer { curl_slist_free_all(list) }
    handle.set(CURLOPT_MAIL_FROM, to: "<\(from)>")
    wattline_curl_set_list(handle.pointer, CURLOPT_MAIL_RCPT, list)
    wattline_curl_allow_refused_recipients(handle.pointer)
    if let username { handle.set(CURLOPT_USERNAME, to: username) }
    if let password { handle.set(CURLOPT_PASSWORD, to: password.text) }
    // A password must not be sent without encryption. Without a password TLS is used if the server offers it.
    let security = password != nil && !isLocal ? CURLUSESSL_ALL : CURLUSESSL_TRY
    handle.set(CURLOPT_USE_SSL, to: Int(security.rawValue))
    handle.exchange.upload = Array(text.utf8)
    handle.set(CURLOPT_UPLOAD, to: 1)
    let code = handle.perform()
    guard code == CURLE_OK else {
      return .failed(status: handle.status, reason: String(cString: curl_easy_strerror(code)))
    }
    return .accepted
  }
}
