import PlantModel

/// A queue of bounded length between threads: full means that the sender waits, which is what back-pressure is.
///
/// For threads of one's own; it blocks, so it is not for the tasks of Swift's concurrency.
public final class BoundedChannel<Element: Sendable>: @unchecked Sendable {
  // Sendable: every stored variable is touched inside `monitor.locked` only.
  private let monitor = Monitor()
  private var ring: [Element?]
  private var head = 0
  private var length = 0
  private var closed = false
  /// Most elements that wait at a time.
  public let capacity: Int

  /// An empty channel for `capacity` elements, at least one.
  public init(capacity: Int) {
    self.capacity = max(1, capacity)
    ring = Array(repeating: nil, count: self.capacity)
  }

  /// Elements that wait now.
  public var count: Int { monitor.locked { length } }

  /// Whether nothing more will come out: closed, and what was in it received.
  public var isFinished: Bool { monitor.locked { closed && length == 0 } }

  /// Puts an element in, waiting for room. `false`, and the element is not in it, when the channel is closed.
  @discardableResult
  public func send(_ element: Element) -> Bool {
    monitor.locked {
      while length == capacity && !closed { _ = monitor.wait() }
      return !closed && put(element)
    }
  }

  /// Puts an element in if there is room now. `false` when full or closed.
  public func trySend(_ element: Element) -> Bool {
    monitor.locked { length < capacity && !closed && put(element) }
  }

  /// Takes the oldest element, waiting at most `timeout`, or without end where it is `nil`. `nil` after the timeout, or
  /// when ``isFinished``.
  public func receive(timeout: TimeSpan? = nil) -> Element? {
    let deadline = timeout.map { Monitor.Deadline(in: $0) }
    return monitor.locked {
      while length == 0 && !closed {
        guard monitor.wait(until: deadline) else { break }
      }
      return take()
    }
  }

  /// Appends all that waits, as soon as there is something and at most after `timeout`. Returns how many came.
  public func receiveAll(into elements: inout [Element], timeout: TimeSpan? = nil) -> Int {
    guard let first = receive(timeout: timeout) else { return 0 }
    elements.append(first)
    return monitor.locked {
      var received = 1
      while let element = take() {
        elements.append(element)
        received += 1
      }
      return received
    }
  }

  /// Refuses what is sent from now on; what is in the channel can still be received.
  public func close() {
    monitor.locked {
      closed = true
      monitor.broadcast()
    }
  }

  private func put(_ element: Element) -> Bool {
    ring[(head + length) % capacity] = element
    length += 1
    // Senders wait only while it is full and receivers only while it is empty; both kinds share the condition.
    monitor.broadcast()
    return true
  }

  private func take() -> Element? {
    guard length > 0 else { return nil }
    let element = ring[head]
    ring[head] = nil
    head = (head + 1) % capacity
    length -= 1
    monitor.broadcast()
    return element
  }
}
