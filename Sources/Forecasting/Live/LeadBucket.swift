import PlantModel
import StreamCore

/// Classes of lead for quarter-hour slots, named by their upper edge as in the `lead` tag.
///
/// A slot's lead is the time from the issue to the slot's end. Worked values: the first slot (15 minutes) and the
/// fourth (1 h) are in `1h`; the fifth (1 h 15 min) is in `3h`; the 96th (24 h) is in `24h`.
public enum LeadBucket: Int, Sendable, CaseIterable {
  /// Up to one hour.
  case upToOneHour
  /// More than one and up to three hours.
  case upToThreeHours
  /// More than three and up to six hours.
  case upToSixHours
  /// More than six and up to twelve hours.
  case upToTwelveHours
  /// More than twelve and up to twenty-four hours.
  case upToOneDay

  /// Number of buckets.
  public static let count = allCases.count
  /// Number of slots in the horizon.
  public static let horizon = QuarterHour.perDay

  /// Value of the `lead` tag.
  public var name: String {
    switch self {
    case .upToOneHour: "1h"
    case .upToThreeHours: "3h"
    case .upToSixHours: "6h"
    case .upToTwelveHours: "12h"
    case .upToOneDay: "24h"
    }
  }

  /// Positions within the horizon that belong to the bucket, from 0.
  ///
  /// Only the forecast at the first position is final. All others are overwritten by a later issue, since the latest in
  /// a bucket wins.
  public var offsets: Range<Int> {
    switch self {
    case .upToOneHour: 0..<4
    case .upToThreeHours: 4..<12
    case .upToSixHours: 12..<24
    case .upToTwelveHours: 24..<48
    case .upToOneDay: 48..<96
    }
  }

  /// Returns the bucket of a position within the horizon; positions beyond it belong to the last.
  public init(offset: Int) {
    self = LeadBucket.allCases.first { offset < $0.offsets.upperBound } ?? .upToOneDay
  }
}
