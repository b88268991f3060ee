import CCounters

/// Counts blocks of memory that a thread takes from the heap.
public enum AllocationCount {
  /// Runs `body` and returns how many blocks this thread took meanwhile, whether or not it gave them back.
  public static func during(_ body: () throws -> Void) rethrows -> Int {
    let before = allocation_count()
    try body()
    return Int(allocation_count() - before)
  }

  /// Runs `body` and returns how many bytes this thread took meanwhile and has not given back.
  public static func liveBytes(_ body: () throws -> Void) rethrows -> Int {
    let before = allocation_live_bytes()
    try body()
    return Int(allocation_live_bytes() - before)
  }
}
