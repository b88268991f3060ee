#if HTTP
  import CSodium

  /// Hashes, random bytes and comparisons in constant time, by libsodium.
  enum Cryptography {
    /// The cost of a hash of a password.
    enum Cost: Sendable {
      /// 64 MiB of memory, about 0.1 s.
      case usual
      /// The least, for tests.
      case least

      fileprivate var operations: UInt64 { self == .usual ? UInt64(crypto_pwhash_opslimit_interactive()) : 1 }
      fileprivate var memory: Int { self == .usual ? crypto_pwhash_memlimit_interactive() : 8_192 }
    }

    private static let isReady = sodium_init() >= 0

    /// Returns random bytes.
    static func random(_ count: Int) -> [UInt8] {
      precondition(isReady, "libsodium cannot start")
      var bytes = [UInt8](repeating: 0, count: count)
      randombytes_buf(&bytes, count)
      return bytes
    }

    /// Returns the BLAKE2b digest of random secrets, 32 bytes.
    static func digest(_ text: String) -> [UInt8] {
      var digest = [UInt8](repeating: 0, count: 32)
      let bytes = Array(text.utf8)
      crypto_generichash(&digest, digest.count, bytes, UInt64(bytes.count), nil, 0)
      return digest
    }

    /// Returns whether two byte strings are the same, in a time that does not tell where they differ.
    static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
      one.count == other.count && sodium_memcmp(one, other, one.count) == 0
    }

    /// Returns base64 of URLs without padding.
    static func base64(_ bytes: [UInt8]) -> String {
      var text = [CChar](
        repeating: 0, count: sodium_base64_encoded_len(bytes.count, sodium_base64_VARIANT_URLSAFE_NO_PADDING))
      sodium_bin2base64(&text, text.count, bytes, bytes.count, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
      return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Returns the bytes of base64 of URLs without padding; `nil` for any other text.
    static func bytes(base64 text: some StringProtocol) -> [UInt8]? {
      let text = Array(text.utf8)
      var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3 + 3)
      var count = 0
      let code = text.withUnsafeBytes {
        sodium_base642bin(
          &bytes, bytes.count, $0.bindMemory(to: CChar.self).baseAddress, text.count, nil, &count, nil,
          sodium_base64_VARIANT_URLSAFE_NO_PADDING)
      }
      return code == 0 ? Array(bytes[..<count]) : nil
    }

    /// Returns the hash of a password (argon2id) with salt and cost; `nil` if there is too little memory.
    static func hash(_ password: String, cost: Cost) -> String? {
      precondition(isReady, "libsodium cannot start")
      var hash = [CChar](repeating: 0, count: crypto_pwhash_strbytes())
      let code = crypto_pwhash_str(
        &hash, password, UInt64(password.utf8.count), cost.operations, cost.memory)
      return code == 0 ? String(decoding: hash.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Returns whether a password is that of a hash.
    static func verifies(_ password: String, hash: String) -> Bool {
      var bytes = hash.utf8.map { CChar(bitPattern: $0) }
      guard isReady, bytes.count < crypto_pwhash_strbytes() else { return false }
      bytes += [CChar](repeating: 0, count: crypto_pwhash_strbytes() - bytes.count)
      return crypto_pwhash_str_verify(bytes, password, UInt64(password.utf8.count)) == 0
    }
  }
#else
  /// Substitute for a build without the trait `HTTP`, in which there are no accounts.
  enum Cryptography {
    enum Cost: Sendable { case usual, least }

    static func random(_ count: Int) -> [UInt8] { [] }
    static func digest(_ text: String) -> [UInt8] { [] }
    static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool { false }
    static func base64(_ bytes: [UInt8]) -> String { "" }
    static func bytes(base64 text: some StringProtocol) -> [UInt8]? { nil }
    static func hash(_ password: String, cost: Cost) -> String? { nil }
    static func verifies(_ password: String, hash: String) -> Bool { false }
  }
#endif
