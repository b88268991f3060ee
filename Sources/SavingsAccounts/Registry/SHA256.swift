/// SHA-256 after FIPS 180-4.
///
/// It is here so that a frozen model is checked by any build, and by `sha256sum` without this program. Worked value:
/// the digest of `abc` begins with `ba7816bf`.
enum SHA256 {
  private static let constants = firstPrimes(64).map { fraction(of: $0, root: cubeRoot) }
  private static let start = firstPrimes(8).map { fraction(of: $0, root: { $0.squareRoot() }) }

  /// Returns the digest of bytes in hexadecimal digits.
  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    var message = Array(bytes)
    let bits = UInt64(message.count) * 8
    message.append(0x80)
    while message.count % 64 != 56 { message.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) { message.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    var state = start
    for block in stride(from: 0, to: message.count, by: 64) { mix(message[block..<block + 64], into: &state) }
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private static func mix(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { place in
      block[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for place in 16..<64 {
      let (near, far) = (words[place - 2], words[place - 15])
      let sigma1 = rotated(near, 17) ^ rotated(near, 19) ^ near >> 10
      let sigma0 = rotated(far, 7) ^ rotated(far, 18) ^ far >> 3
      words.append(words[place - 16] &+ sigma0 &+ words[place - 7] &+ sigma1)
    }
    var v = state
    for place in 0..<64 {
      let sum1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25)
      let choice = v[4] & v[5] ^ ~v[4] & v[6]
      let first = v[7] &+ sum1 &+ choice &+ constants[place] &+ words[place]
      let sum0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22)
      let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
      v = [first &+ sum0 &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
    }
    for place in 0..<8 { state[place] &+= v[place] }
  }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

  private static func firstPrimes(_ count: Int) -> [Int] {
    var primes: [Int] = []
    for number in 2... where primes.allSatisfy({ number % $0 != 0 }) {
      primes.append(number)
      if primes.count == count { break }
    }
    return primes
  }

  /// Returns the first 32 bits of a root's fraction. Roots up to 18 leave 47 exact bits of it in a `Double`.
  private static func fraction(of prime: Int, root: (Double) -> Double) -> UInt32 {
    let value = root(Double(prime))
    return UInt32((value - value.rounded(.down)) * 0x1p32)
  }

  private static func cubeRoot(_ value: Double) -> Double {
    var root = value
    for _ in 0..<60 { root -= (root * root * root - value) / (3 * root * root) }
    return root
  }
}
