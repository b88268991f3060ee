import StreamCore

/// A model's recent errors by lead: the basis of empirical intervals.
///
/// An error is `actual − p50` of the latest forecast of the slot in a lead bucket, the one stored in `forecast`. The
/// latest 384 errors of each bucket are kept: four days, so every time of day has the same weight.
public struct ForecastErrors: Sendable, Equatable {
  /// Number of errors kept in each bucket.
  public static let capacity = 384
  /// Number of errors from which their quantiles are used.
  public static let enough = 24

  private var windows = Array(repeating: QuantileWindow(capacity: capacity), count: LeadBucket.count)

  /// Creates a record without errors.
  public init() {}

  /// Adds an error [unit of the series].
  public mutating func insert(_ error: Double, bucket: LeadBucket) { windows[bucket.rawValue].insert(error) }

  /// Returns the number of errors in a bucket.
  public func count(_ bucket: LeadBucket) -> Int { windows[bucket.rawValue].count }

  /// Returns the 10 % and 90 % quantiles of the errors of a bucket; `nil` until there are ``enough``.
  ///
  /// If a model is biased, both quantiles can lie on the same side of the median. Each end of the interval is therefore
  /// at least a quarter as far from the median as the other. Worked value: with errors of only 8 the interval reaches
  /// from −2 to 8.
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
