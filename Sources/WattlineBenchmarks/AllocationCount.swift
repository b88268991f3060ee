import CCounters

/// Counters of a thread's heap allocations.
public enum AllocationCount {
  /// Runs `body` and returns the number of blocks that this thread allocated meanwhile, freed or not.
  public static func during(_ body: () throws -> Void) rethrows -> Int {
    let before = allocation_count()
    try body()
    return Int(allocation_count() - before)
  }

  /// Runs `body` and returns the net number of bytes that this thread allocated meanwhile.
  public static func liveBytes(_ body: () throws -> Void) rethrows -> Int {
    let before = allocation_live_bytes()
    try body()
    return Int(allocation_live_bytes() - before)
  }
}
