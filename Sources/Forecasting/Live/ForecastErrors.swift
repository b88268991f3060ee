import StreamCore

/// What a model's errors were of late, by lead: the basis of empirical intervals.
///
/// An error is `actual − p50` of the latest forecast issued in a bucket for the slot, the one that stands in
/// `forecast`. Of each bucket the latest 384 are kept: four days, so that every time of day weighs the same.
public struct ForecastErrors: Sendable, Equatable {
  /// Errors kept of each bucket.
  public static let capacity = 384
  /// Errors needed before their quantiles are trusted.
  public static let enough = 24

  private var windows = Array(repeating: QuantileWindow(capacity: capacity), count: LeadBucket.count)

  /// No errors yet.
  public init() {}

  /// Takes in an error [unit of the series].
  public mutating func insert(_ error: Double, _ bucket: LeadBucket) { windows[bucket.rawValue].insert(error) }

  /// How many errors of a bucket there are.
  public func count(_ bucket: LeadBucket) -> Int { windows[bucket.rawValue].count }

  /// The 10 % and 90 % quantiles of the errors of a bucket; `nil` until there are ``enough``.
  ///
  /// A model that has been off to one side of late has both on that side, and an interval that ends at the median would
  /// deny what else may come: an end is at least a quarter as far from the median as the other.
  /// Worked value: with errors of 8 alone the interval reaches from −2 to 8.
  public func interval(_ bucket: LeadBucket) -> (lower: Double, upper: Double)? {
    let window = windows[bucket.rawValue]
    guard window.count >= ForecastErrors.enough else { return nil }
    let (lower, upper) = (window.quantile(0.1), window.quantile(0.9))
    return (min(lower, -ForecastErrors.leastShare * upper), max(upper, -ForecastErrors.leastShare * lower))
  }

  private static let leastShare = 0.25

  func snapshot(into writer: inout SnapshotWriter) {
    for window in windows { window.snapshot(into: &writer) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    for index in windows.indices { try windows[index].restore(from: &reader) }
  }
}
