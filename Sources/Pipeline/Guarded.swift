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
