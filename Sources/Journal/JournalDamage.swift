import PlantModel

/// What could not be read, and was stepped over.
public struct JournalDamage: Equatable, Sendable {
  /// Most ranges that are kept; further places are counted only.
  public static let mostRanges = 64

  /// Places, each as long as it took to find the next whole record.
  public private(set) var places = 0
  /// Bytes stepped over, of all places.
  public private(set) var bytes: UInt64 = 0
  /// Where the first places are: offsets, in order.
  public private(set) var ranges: [Range<UInt64>] = []
  private var end: UInt64?

  /// None.
  public init() {}

  /// Adds a place; one that begins where the last one ends belongs to it.
  mutating func add(_ range: Range<UInt64>) {
    guard !range.isEmpty else { return }
    bytes += UInt64(range.count)
    if range.lowerBound == end {
      if places == ranges.count, let last = ranges.popLast() { ranges.append(last.lowerBound..<range.upperBound) }
    } else {
      places += 1
      if ranges.count < JournalDamage.mostRanges { ranges.append(range) }
    }
    end = range.upperBound
  }
}

extension JournalDamage: CustomStringConvertible {
  /// How much it is and where, for the log.
  public var description: String {
    guard places > 0 else { return "none" }
    let list = ranges.prefix(3).map { "\($0.lowerBound)..<\($0.upperBound)" }.joined(separator: ", ")
    return "\(bytes.counted("byte")) in \(places.counted("place")): \(list)\(places > 3 ? ", …" : "")"
  }
}
