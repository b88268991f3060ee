import PlantModel
import StreamCore
import Synchronization

/// A value that several threads share, a reference so that closures can hold it. For what is read or written a few times
/// a second, never on the path of a reading.
final class Guarded<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>

  init(_ value: Value) { mutex = Mutex(value) }

  /// Runs `body` while no other thread is inside.
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

/// A word that is said once and heard by every thread that asks or waits for it.
final class Flag: Sendable {
  private let monitor = Monitor()
  private let state = Atomic<Bool>(false)

  /// Whether it was said.
  var isSet: Bool { state.load(ordering: .acquiring) }

  /// Says it, and wakes those who wait.
  func set() {
    monitor.locked {
      state.store(true, ordering: .releasing)
      monitor.broadcast()
    }
  }

  /// Waits for it at most so long. Whether it was said.
  @discardableResult
  func wait(milliseconds: Int64) -> Bool {
    let deadline = Monitor.Deadline(in: .milliseconds(milliseconds))
    return monitor.locked {
      while !isSet, monitor.wait(until: deadline) {}
      return isSet
    }
  }
}
