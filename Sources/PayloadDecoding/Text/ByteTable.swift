import Glibc
import PlantModel

/// A map from byte strings to small numbers: open addressing, linear probing, one arena for all keys.
///
/// A look-up costs one hash of the bytes and nearly always one comparison. Single keys cannot be removed.
struct ByteTable {
  /// Compact, because each topic has one. A decoder's arena stays far below the limit of 4 GiB.
  private struct Entry {
    var hash: UInt32
    var start: UInt32
    var length: UInt32
    var value: Int32
  }

  private var entries: [Entry] = []
  private var arena: [UInt8] = []
  /// Position in `entries` plus one; 0 is free. The count is a power of two.
  private var places: [Int32] = Array(repeating: 0, count: 64)
  /// Random for each table, so that a sender cannot choose colliding keys.
  private let seed = UInt64.random(in: .min ... .max)

  var count: Int { entries.count }
  /// Size of all keys [bytes].
  var keyBytes: Int { arena.count }

  mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    arena.removeAll(keepingCapacity: true)
    for i in places.indices { places[i] = 0 }
  }

  func value(of key: UnsafeRawBufferPointer) -> Int32? {
    let hash = hash(of: key)
    var i = Int(hash) & (places.count - 1)
    while places[i] != 0 {
      let position = Int(places[i]) - 1
      if entries[position].hash == hash, isKey(key, at: position) { return entries[position].value }
      i = (i + 1) & (places.count - 1)
    }
    return nil
  }

  /// Adds a key that is not in the table.
  mutating func insert(_ key: UnsafeRawBufferPointer, value: Int32) {
    if (entries.count + 1) * 2 > places.count { grow() }
    entries.appendSparingly(
      Entry(
        hash: hash(of: key), start: UInt32(truncatingIfNeeded: arena.count),
        length: UInt32(truncatingIfNeeded: key.count), value: value))
    arena.reserveSparingly(for: key.count)
    arena.append(contentsOf: key)
    place(entries.count - 1)
  }

  private func isKey(_ key: UnsafeRawBufferPointer, at position: Int) -> Bool {
    let entry = entries[position]
    guard Int(entry.length) == key.count else { return false }
    guard let bytes = key.baseAddress else { return true }
    return arena.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return false }
      return memcmp(base + Int(entry.start), bytes, key.count) == 0
    }
  }

  private mutating func place(_ position: Int) {
    var i = Int(entries[position].hash) & (places.count - 1)
    while places[i] != 0 { i = (i + 1) & (places.count - 1) }
    places[i] = Int32(truncatingIfNeeded: position + 1)
  }

  private mutating func grow() {
    places = Array(repeating: 0, count: places.count * 2)
    for position in entries.indices { place(position) }
  }

  /// Hashes eight bytes at a time, each combined by a full 64 × 64 bit product (after wyhash).
  private func hash(of key: UnsafeRawBufferPointer) -> UInt32 {
    var state = seed ^ UInt64(truncatingIfNeeded: key.count)
    var i = 0
    while i + 8 <= key.count {
      state = mix(state ^ key.loadUnaligned(fromByteOffset: i, as: UInt64.self))
      i += 8
    }
    var tail: UInt64 = 0
    while i < key.count {
      tail = tail << 8 | UInt64(key[i])
      i += 1
    }
    return UInt32(truncatingIfNeeded: mix(state ^ tail ^ 0x9E37_79B9_7F4A_7C15))
  }

  private func mix(_ x: UInt64) -> UInt64 {
    let product = x.multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    return product.high ^ product.low
  }
}
