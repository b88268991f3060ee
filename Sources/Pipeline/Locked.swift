import PlantModel
import StreamCore
import Synchronization

/// A mutex-protected value shared by several threads, as a reference that closures can capture. Meant for a few
/// accesses a second, not for the path of readings.
final class Locked<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>

  init(_ value: Value) { mutex = Mutex(value) }

  /// Runs `body` with exclusive access to the value.
  func with<Result: Sendable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try mutex.withLock { (value) throws(Failure) in try body(&value) }
  }

  /// A copy of the value.
  var value: Value { with { $0 } }

  /// Replaces the value.
  func set(_ value: Value) { with { $0 = value } }
}

/// A one-way flag that threads can test or wait for.
final class StopSignal: Sendable {
  private let monitor = Monitor()
  private let state = Atomic<Bool>(false)

  /// Whether the flag is set.
  var isSet: Bool { state.load(ordering: .acquiring) }

  /// Sets the flag and wakes all waiting threads.
  func set() {
    monitor.locked {
      state.store(true, ordering: .releasing)
      monitor.broadcast()
    }
  }

  /// Waits until the flag is set, at most the given time.
  ///
  /// - Returns: Whether the flag is set.
  @discardableResult
  func wait(milliseconds: Int64) -> Bool {
    let deadline = Monitor.Deadline(in: .milliseconds(milliseconds))
    return monitor.locked {
      while !isSet, monitor.wait(until: deadline) {}
      return isSet
    }
  }
}
