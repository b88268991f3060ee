/// Algorithms of tokens (RFC 7518).
enum TokenAlgorithm: String, Sendable, CaseIterable {
  /// HMAC by SHA-256, for tokens of our own.
  case hs256 = "HS256"
  /// RSA by SHA-256.
  case rs256 = "RS256"
  /// ECDSA on the curve P-256.
  case es256 = "ES256"
}

#if HTTP
  import CJOSE
  import SystemCore

  /// A key for one algorithm that signs or verifies tokens, by libcjose.
  final class TokenKey: @unchecked Sendable {
    // Sendable: the pointer is set once, and used under the monitor.
    let algorithm: TokenAlgorithm
    private let key: OpaquePointer
    private let monitor = Monitor()

    /// Creates the key of our own tokens; `nil` if libcjose refuses it.
    init?(secret: [UInt8]) {
      guard secret.count == 32, let key = cjose_jwk_create_oct_spec(secret, secret.count, nil) else { return nil }
      self.key = key
      algorithm = .hs256
    }

    /// Creates a key from a JSON Web Key; `nil` if libcjose refuses it.
    init?(json: String, algorithm: TokenAlgorithm) {
      guard let key = cjose_jwk_import(json, json.utf8.count, nil) else { return nil }
      let kind = cjose_jwk_get_kty(key, nil)
      guard kind == (algorithm == .rs256 ? CJOSE_JWK_KTY_RSA : CJOSE_JWK_KTY_EC), algorithm != .hs256 else {
        cjose_jwk_release(key)
        return nil
      }
      self.key = key
      self.algorithm = algorithm
    }

    deinit { cjose_jwk_release(key) }

    /// Returns a token with a payload; `nil` if libcjose fails.
    func token(_ payload: [UInt8]) -> String? {
      monitor.locked {
        guard let header = cjose_header_new(nil) else { return nil }
        defer { cjose_header_release(header) }
        guard cjose_header_set(header, "alg", algorithm.rawValue, nil), cjose_header_set(header, "typ", "JWT", nil),
          let signature = cjose_jws_sign(key, header, payload, payload.count, nil)
        else { return nil }
        defer { cjose_jws_release(signature) }
        var text: UnsafePointer<CChar>?
        guard cjose_jws_export(signature, &text, nil), let text else { return nil }
        return String(cString: text)
      }
    }

    /// Returns the payload of a token that this key signed with its algorithm; `nil` for any other.
    func payload(of token: String) -> [UInt8]? {
      monitor.locked {
        guard let signature = cjose_jws_import(token, token.utf8.count, nil) else { return nil }
        defer { cjose_jws_release(signature) }
        // The library's own reading of the header counts, not only ours.
        guard let header = cjose_jws_get_protected(signature), let name = cjose_header_get(header, "alg", nil),
          String(cString: name) == algorithm.rawValue, cjose_jws_verify(signature, key, nil)
        else { return nil }
        var (bytes, count): (UnsafeMutablePointer<UInt8>?, Int) = (nil, 0)
        guard cjose_jws_get_plaintext(signature, &bytes, &count, nil), let bytes else { return nil }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
      }
    }
  }
#else
  /// Substitute for a build without the trait `HTTP`.
  final class TokenKey: Sendable {
    let algorithm = TokenAlgorithm.hs256

    init?(secret: [UInt8]) { return nil }
    init?(json: String, algorithm: TokenAlgorithm) { return nil }

    func token(_ payload: [UInt8]) -> String? { nil }
    func payload(of token: String) -> [UInt8]? { nil }
  }
#endif
