import PlantModel

/// A bounded queue between threads. If it is full, the sender waits, which is the back-pressure.
///
/// It blocks, so it is meant for dedicated threads, not for tasks of Swift concurrency.
public final class BoundedChannel<Element: Sendable>: @unchecked Sendable {
  // Sendable: every stored variable is accessed inside `monitor.locked` only.
  private let monitor = Monitor()
  private var ring: [Element?]
  private var head = 0
  private var length = 0
  private var closed = false
  /// Maximum number of waiting elements.
  public let capacity: Int

  /// Creates an empty channel for `capacity` elements, at least one.
  public init(capacity: Int) {
    self.capacity = max(1, capacity)
    ring = Array(repeating: nil, count: self.capacity)
  }

  /// Number of waiting elements.
  public var count: Int { monitor.locked { length } }

  /// Whether the channel is closed and every element has been received.
  public var isFinished: Bool { monitor.locked { closed && length == 0 } }

  /// Adds an element and waits for room. Returns `false` without adding it if the channel is closed.
  @discardableResult
  public func send(_ element: Element) -> Bool {
    monitor.locked {
      while length == capacity && !closed { _ = monitor.wait() }
      return !closed && put(element)
    }
  }

  /// Adds an element if there is room now. Returns `false` if the channel is full or closed.
  public func trySend(_ element: Element) -> Bool {
    monitor.locked { length < capacity && !closed && put(element) }
  }

  /// Removes the oldest element. Waits at most `timeout`, or without limit if that is `nil`.
  ///
  /// - Returns: `nil` after the timeout, or if ``isFinished``.
  public func receive(timeout: TimeSpan? = nil) -> Element? {
    let deadline = timeout.map { Monitor.Deadline(in: $0) }
    return monitor.locked {
      while length == 0 && !closed {
        guard monitor.wait(until: deadline) else { break }
      }
      return take()
    }
  }

  /// Appends all waiting elements. Waits for the first at most `timeout`. Returns the number of elements appended.
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

  /// Refuses further elements. Those in the channel can still be received.
  public func close() {
    monitor.locked {
      closed = true
      monitor.broadcast()
    }
  }

  private func put(_ element: Element) -> Bool {
    ring[(head + length) % capacity] = element
    length += 1
    // Senders wait only while it is full, receivers only while it is empty, so both share one condition.
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
