#if HTTP
  import Foundation

  @testable import Accounts

  /// A private key that openssl made, and what it signs.
  struct OpenSSLKey {
    let algorithm: TokenAlgorithm
    let id: String
    private let path: String
    private let folder: String

    /// Makes a key.
    ///
    /// - Parameters:
    ///   - algorithm: RS256 or ES256.
    ///   - id: Identification.
    ///   - folder: Where its file goes.
    ///   - bits: Size of an RSA key.
    init(_ algorithm: TokenAlgorithm, id: String, in folder: String, bits: Int = 2_048) throws {
      (self.algorithm, self.id, self.folder, path) = (algorithm, id, folder, folder + "/\(id).pem")
      switch algorithm {
      case .rs256: _ = try Self.run("genrsa", "-out", path, "\(bits)")
      default: _ = try Self.run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
      }
    }

    /// The public key as a member of a set (RFC 7517).
    func jwk() throws -> [String: String] {
      if algorithm == .rs256 {
        let text = String(decoding: try Self.run("rsa", "-in", path, "-noout", "-modulus"), as: UTF8.self)
        let digits = Array(text.split(separator: "=")[1].filter(\.isHexDigit))
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
          UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        return ["kty": "RSA", "kid": id, "use": "sig", "n": Cryptography.base64(bytes), "e": "AQAB"]
      }
      // The last 64 bytes of a public key in DER are its coordinates.
      let point = Array(try Self.run("ec", "-in", path, "-pubout", "-outform", "DER").suffix(64))
      return [
        "kty": "EC", "kid": id, "crv": "P-256", "x": Cryptography.base64(Array(point[..<32])),
        "y": Cryptography.base64(Array(point[32...])),
      ]
    }

    /// Returns a token with claims.
    func token(_ claims: [String: Any], header: [String: String] = [:]) throws -> String {
      let head = ["alg": algorithm.rawValue, "kid": id].merging(header) { $1 }
      let parts = [
        try JSONSerialization.data(withJSONObject: head), try JSONSerialization.data(withJSONObject: claims),
      ].map { Cryptography.base64(Array($0)) }
      let text = parts.joined(separator: ".")
      let file = folder + "/\(UUID().uuidString)"
      try text.write(toFile: file, atomically: false, encoding: .utf8)
      let signature = Array(try Self.run("dgst", "-sha256", "-sign", path, file))
      return text + "." + Cryptography.base64(algorithm == .rs256 ? signature : Self.plain(signature))
    }

    /// Returns the two numbers of a signature in DER, 32 bytes each.
    private static func plain(_ der: [UInt8]) -> [UInt8] {
      var (place, result): (Int, [UInt8]) = (2, [])
      for _ in 0..<2 {
        let count = Int(der[place + 1])
        let number = der[place + 2..<place + 2 + count].drop { $0 == 0 }
        result += [UInt8](repeating: 0, count: 32 - number.count) + number
        place += 2 + count
      }
      return result
    }

    private static func run(_ arguments: String...) throws -> Data {
      let process = Process()
      let pipe = Pipe()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["openssl"] + arguments
      (process.standardOutput, process.standardError) = (pipe, FileHandle.nullDevice)
      try process.run()
      let output = pipe.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return output
    }
  }
#endif
