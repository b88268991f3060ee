import PlantModel

/// Spares a stage to look at every series with every tick: after one look it is known before which moment another would
/// find nothing.
public struct ScanSchedule: Sendable {
  private var last = Timestamp.distantPast
  private var next = Timestamp.distantPast

  /// Nothing was looked at yet.
  public init() {}

  /// Whether there may be something to find. A clock that was set back says nothing of what is known.
  public func isDue(at moment: Timestamp) -> Bool { moment >= next || moment < last }

  /// Notes a look, and the earliest moment of which it does not tell.
  public mutating func looked(at moment: Timestamp, next: Timestamp) {
    last = moment
    self.next = next
  }
}
