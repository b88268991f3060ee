import Foundation

/// A certificate authority of its own, with the certificates of a server and of a client that it vouches for.
public struct LocalAuthority: Sendable {
  private let folder: TemporaryFolder

  /// The authority's certificate (PEM).
  public var certificate: String { folder.path + "/ca.pem" }
  /// The server's certificate (PEM).
  public var serverCertificate: String { folder.path + "/server.pem" }
  /// The key of the server's certificate (PEM).
  public var serverKey: String { folder.path + "/server.key" }
  /// The client's certificate (PEM).
  public var clientCertificate: String { folder.path + "/client.pem" }
  /// The key of the client's certificate (PEM).
  public var clientKey: String { folder.path + "/client.key" }
  /// Where there is no certificate.
  public var missing: String { folder.path + "/none.pem" }

  /// Makes them with `openssl`, for a server that is reached as `host` (as in `subjectAltName`), valid for `days`.
  public init(host: String = "IP:127.0.0.1", days: Int = 2) throws {
    folder = try TemporaryFolder(prefix: "wattline-tls")
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    try openssl(
      ["req", "-x509"] + key + ["-days", "2", "-subj", "/CN=Test authority"]
        + ["-keyout", folder.path + "/ca.key", "-out", certificate])
    for (name, days, alternative) in [("server", days, host), ("client", 2, "DNS:client")] {
      let path = "\(folder.path)/\(name)"
      try "subjectAltName=\(alternative)\n".write(toFile: path + ".ext", atomically: true, encoding: .utf8)
      try openssl(["req"] + key + ["-subj", "/CN=\(name)", "-keyout", path + ".key", "-out", path + ".csr"])
      try openssl([
        "x509", "-req", "-in", path + ".csr", "-CA", certificate, "-CAkey", folder.path + "/ca.key",
        "-CAcreateserial", "-days", String(days), "-extfile", path + ".ext", "-out", path + ".pem",
      ])
    }
  }

  /// Deletes them.
  public func remove() { folder.remove() }

  /// Whether `openssl` is installed.
  public static var isAvailable: Bool { Programs.find("openssl") != nil }

  private func openssl(_ arguments: [String]) throws(ServerError) {
    let program = try Programs.require("openssl", package: "openssl")
    let child = try ChildProcess(program: program, arguments: arguments, log: folder.path + "/openssl.log")
    guard child.wait() == 0 else { throw .answer("openssl \(arguments.joined(separator: " ")) failed") }
  }
}
