/// Test for addresses of this machine, to which no proxy leads and on which a password may travel without TLS.
package enum LocalAddress {
  /// Returns whether a URL refers to this machine: `localhost`, `127.…` or `[::1]`.
  ///
  /// Example: `http://127.0.0.1:80/x` does, `smtp://127.example.org` does not.
  package static func matches(_ url: String) -> Bool {
    let rest = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).dropFirst(2).first ?? ""
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if host.hasPrefix("[::1]") { return true }
    let name = host.prefix { $0 != ":" }
    return name == "localhost" || (name.hasPrefix("127.") && name.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39) ~= $0 })
  }
}
