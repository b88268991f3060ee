import CChecksum

/// CRC-32C checksum (Castagnoli polynomial 0x1EDC6F41, reflected), as in RFC 3720, appendix B.4.
///
/// It processes eight bytes a step, by the processor's instruction if there is one, else by tables ("slicing-by-8": M.
/// Kounavis and F. Berry, 2005).
///
/// Worked value, which is also a test: the checksum of the ASCII text `123456789` is 0xE3069283.
public struct CRC32C: Sendable {
  private var register: UInt32 = .max

  /// Creates the checksum of no bytes.
  public init() {}

  /// Checksum of all bytes added so far.
  public var value: UInt32 { ~register }

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if CRC32C.isInstruction, let base = bytes.baseAddress {
      register = crc32c_update(register, base, bytes.count)
    } else {
      updateByTable(bytes)
    }
  }

  private static let isInstruction = crc32c_is_instruction()

  mutating func updateByTable(_ bytes: UnsafeRawBufferPointer) {
    let table = CRC32C.table
    var crc = register
    var position = 0
    while bytes.count - position >= 8 {
      let chunk = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) ^ UInt64(crc)
      crc = table[1792 + Int(chunk & 0xFF)] ^ table[1536 + Int(chunk >> 8 & 0xFF)]
      crc ^= table[1280 + Int(chunk >> 16 & 0xFF)] ^ table[1024 + Int(chunk >> 24 & 0xFF)]
      crc ^= table[768 + Int(chunk >> 32 & 0xFF)] ^ table[512 + Int(chunk >> 40 & 0xFF)]
      crc ^= table[256 + Int(chunk >> 48 & 0xFF)] ^ table[Int(chunk >> 56)]
      position += 8
    }
    while position < bytes.count {
      crc = table[Int((crc ^ UInt32(bytes[position])) & 0xFF)] ^ crc >> 8
      position += 1
    }
    register = crc
  }

  /// Adds a number as its little-endian bytes.
  public mutating func update(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { update($0) }
  }

  /// Returns the checksum of `bytes`.
  public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes)
    return crc.value
  }

  // Safe: filled once before the first use, and never written again or freed.
  private nonisolated(unsafe) static let table: UnsafePointer<UInt32> = {
    let table = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
    for index in 0..<256 {
      var crc = UInt32(index)
      for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82F6_3B78 }
      table[index] = crc
    }
    for index in 256..<(8 * 256) {
      let previous = table[index - 256]
      table[index] = table[Int(previous & 0xFF)] ^ previous >> 8
    }
    return UnsafePointer(table)
  }()
}
