public import WattlineTime

/// Limits full scans over all series: records the earliest time at which the next scan can find anything.
public struct ScanSchedule: Sendable {
  private var last = Timestamp.distantPast
  private var next = Timestamp.distantPast

  /// Creates a schedule whose first scan is due at once.
  public init() {}

  /// Returns whether a scan may find anything. If the clock was set back, the record is void and a scan is due.
  public func isDue(at timestamp: Timestamp) -> Bool { timestamp >= next || timestamp < last }

  /// Records a scan and the earliest time at which the next one may find anything.
  public mutating func looked(at timestamp: Timestamp, next: Timestamp) {
    last = timestamp
    self.next = next
  }
}
