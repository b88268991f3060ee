import Foundation

/// A test certificate authority, with certificates that it issued to a server and a client.
public struct LocalAuthority: Sendable {
  private let folder: TemporaryFolder

  /// Path of the authority's certificate (PEM).
  public var certificate: String { folder.path + "/ca.pem" }
  /// Path of the server's certificate (PEM).
  public var serverCertificate: String { folder.path + "/server.pem" }
  /// Path of the key of the server's certificate (PEM).
  public var serverKey: String { folder.path + "/server.key" }
  /// Path of the client's certificate (PEM).
  public var clientCertificate: String { folder.path + "/client.pem" }
  /// Path of the key of the client's certificate (PEM).
  public var clientKey: String { folder.path + "/client.key" }
  /// Path at which there is no certificate.
  public var missing: String { folder.path + "/none.pem" }

  /// Creates the certificates with `openssl`.
  ///
  /// - Parameters:
  ///   - host: Address of the server, as in `subjectAltName`.
  ///   - days: Validity of the server's certificate; the others are valid for 2 days.
  /// - Throws: ``ServerError`` if `openssl` is missing or fails.
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

  /// Deletes the certificates.
  public func remove() { folder.remove() }

  /// Whether `openssl` is installed.
  public static var isAvailable: Bool { Programs.find("openssl") != nil }

  private func openssl(_ arguments: [String]) throws(ServerError) {
    let program = try Programs.require("openssl", package: "openssl")
    let child = try ChildProcess(program: program, arguments: arguments, log: folder.path + "/openssl.log")
    guard child.wait() == 0 else { throw .answer("openssl \(arguments.joined(separator: " ")) failed") }
  }
}
