import Glibc
import PlantModel
public import WattlineTime

/// A mutex with a condition, for threads that may block. Waits use the monotonic clock, so that setting the wall clock
/// neither shortens nor lengthens them.
public final class Monitor: @unchecked Sendable {
  // Sendable: both pointers are set once in `init`, and their targets are designed for use by many threads.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  /// Creates an unlocked monitor.
  public init() {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` with mutual exclusion.
  @inline(__always)
  public func locked<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Waits inside ``locked(_:)`` until ``broadcast()``, or until `deadline` if one is given. Spurious wake-ups occur,
  /// so callers must check their condition again. Returns `false` once the deadline has passed.
  public func wait(until deadline: Deadline? = nil) -> Bool {
    guard let deadline else { return pthread_cond_wait(condition, mutex) == 0 }
    var timestamp = deadline.timestamp
    return pthread_cond_timedwait(condition, mutex, &timestamp) != ETIMEDOUT
  }

  /// Wakes every waiting thread.
  public func broadcast() { pthread_cond_broadcast(condition) }

  /// A time on the monotonic clock.
  public struct Deadline: Sendable, Comparable {
    /// Time on the monotonic clock [ns].
    private var nanoseconds: Int64

    /// Creates the time `span` from now; a negative span counts as zero, and one above a year as a year.
    public init(in span: TimeSpan) {
      nanoseconds = SystemClock.monotonic() + min(max(span.nanoseconds, 0), TimeSpan.days(365).nanoseconds)
    }

    /// Time left until the deadline; negative once it has passed.
    public var remaining: TimeSpan { TimeSpan(nanoseconds: nanoseconds - SystemClock.monotonic()) }

    /// Whether the deadline has passed.
    public var hasPassed: Bool { SystemClock.monotonic() >= nanoseconds }

    /// Orders by time.
    public static func < (a: Deadline, b: Deadline) -> Bool { a.nanoseconds < b.nanoseconds }

    fileprivate var timestamp: timespec {
      timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
  }
}
