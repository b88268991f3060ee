import StreamCore
import WattlineTime

/// The readings that a source has delivered, by which those that it repeats are told from new and corrected ones.
///
/// Memory is bounded: beyond ``most`` readings, the oldest are forgotten. A forgotten one that comes again is taken
/// again, which changes nothing in the database.
struct KnownReadings: Equatable {
  /// A reading's series and time.
  struct Key: Hashable {
    /// ``hash(asset:sensor:)`` of the series.
    var series: UInt64
    var time: Timestamp
  }

  private struct Entry: Equatable {
    /// Bits of the value.
    var value: UInt64
    /// Number of the fetch that has brought it last.
    var fetch: UInt32
  }

  /// Most readings that are remembered.
  static let most = 500_000

  private var entries: [Key: Entry] = [:]
  private var fetch: UInt32 = 0

  var count: Int { entries.count }

  /// Returns the FNV-1a hash of a series' names, the same in every process.
  static func hash(asset: String, sensor: String) -> UInt64 {
    var hash = StableHash()
    hash.add(asset)
    hash.add("\0")
    hash.add(sensor)
    return hash.value
  }

  /// Begins a fetch.
  mutating func beginFetch() { fetch &+= 1 }

  /// Returns whether a reading is known with its value, and marks it as brought by this fetch.
  mutating func has(_ key: Key, value: Double) -> Bool {
    guard let entry = entries[key], entry.value == value.bitPattern else { return false }
    if entry.fetch != fetch { entries[key]?.fetch = fetch }
    return true
  }

  /// Records a reading.
  mutating func insert(_ key: Key, value: Double) {
    entries[key] = Entry(value: value.bitPattern, fetch: fetch)
    // Rarely, so that the cost of sorting is spread.
    if entries.count > Self.most + Self.most / 4 { forgetOldest() }
  }

  /// Forgets what neither the last fetch has brought nor the next will ask for.
  mutating func endFetch(keepingFrom start: Timestamp) {
    entries = entries.filter { $0.key.time >= start || $0.value.fetch == fetch }
    if entries.count > Self.most { forgetOldest() }
  }

  private mutating func forgetOldest() {
    let times = entries.keys.map(\.time).sorted()
    let start = times[times.count - Self.most]
    entries = entries.filter { $0.key.time >= start }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(UInt32(entries.count))
    for (key, entry) in entries {
      writer.write(key.series)
      writer.write(key.time)
      writer.write(entry.value)
    }
  }

  init() {}

  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    let count = Int(try reader.read(UInt32.self))
    guard count <= Self.most * 2 else { throw .invalid("\(count) readings of a source") }
    entries.reserveCapacity(count)
    for _ in 0..<count {
      let key = Key(series: try reader.read(UInt64.self), time: try reader.readTimestamp())
      entries[key] = Entry(value: try reader.read(UInt64.self), fetch: 0)
    }
  }
}

/// FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), the same in every process.
struct StableHash {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  mutating func add(_ text: String) { add(text.utf8) }
}
