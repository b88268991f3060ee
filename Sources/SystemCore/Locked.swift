import Synchronization
import WattlineTime

/// A mutex-protected value shared by several threads, as a reference that closures can capture. Meant for a few
/// accesses a second, not for the path of readings.
public final class Locked<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>

  /// Creates a reference to a first value.
  public init(_ value: Value) { mutex = Mutex(value) }

  /// Runs `body` with exclusive access to the value.
  public func with<Result: Sendable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try mutex.withLock { (value) throws(Failure) in try body(&value) }
  }

  /// A copy of the value.
  public var value: Value { with { $0 } }

  /// Replaces the value.
  public func set(_ value: Value) { with { $0 = value } }
}

/// A one-way flag that threads can test or wait for.
public final class StopSignal: Sendable {
  /// Creates a flag that is not set.
  public init() {}

  private let monitor = Monitor()
  private let state = Atomic<Bool>(false)

  /// Whether the flag is set.
  public var isSet: Bool { state.load(ordering: .acquiring) }

  /// Sets the flag and wakes all waiting threads.
  public func set() {
    monitor.locked {
      state.store(true, ordering: .releasing)
      monitor.broadcast()
    }
  }

  /// Waits until the flag is set, at most the given time.
  ///
  /// - Returns: Whether the flag is set.
  @discardableResult
  public func wait(milliseconds: Int64) -> Bool {
    let deadline = Monitor.Deadline(in: .milliseconds(milliseconds))
    return monitor.locked {
      while !isSet, monitor.wait(until: deadline) {}
      return isSet
    }
  }
}
