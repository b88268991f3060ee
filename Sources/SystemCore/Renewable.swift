import Synchronization

/// A value that is renewed while threads use it, such as credentials. Each user looks for a newer one when it suits.
public final class Renewable<Value: Sendable>: Sendable {
  private let state: Mutex<(value: Value, count: Int)>

  /// Creates the first value.
  public init(_ value: Value) { state = Mutex((value, 0)) }

  /// The newest value.
  public var value: Value { state.withLock { $0.value } }

  /// Replaces the value.
  public func renew(_ value: Value) { state.withLock { $0 = (value, $0.count + 1) } }

  /// Returns the value if it was renewed since `count`, which is then brought up to date.
  public func newer(than count: inout Int) -> Value? {
    let (value, newest) = state.withLock { $0 }
    defer { count = newest }
    return newest == count ? nil : value
  }
}
