import PlantModel

/// Places that could not be read and were skipped.
public struct JournalDamage: Equatable, Sendable {
  /// Maximum number of ranges kept; further places are only counted.
  public static let mostRanges = 64

  /// Number of places, each reaching to the next intact record.
  public private(set) var places = 0
  /// Total number of skipped bytes.
  public private(set) var bytes: UInt64 = 0
  /// Offsets of the first places, in order.
  public private(set) var ranges: [Range<UInt64>] = []
  private var end: UInt64?

  /// Creates an empty damage report.
  public init() {}

  /// Adds a place. One that starts at the end of the previous one extends it.
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
  /// Extent and location of the damage, for the log.
  public var description: String {
    guard places > 0 else { return "none" }
    let list = ranges.prefix(3).map { "\($0.lowerBound)..<\($0.upperBound)" }.joined(separator: ", ")
    return "\(bytes.counted("byte")) in \(places.counted("place")): \(list)\(places > 3 ? ", …" : "")"
  }
}
