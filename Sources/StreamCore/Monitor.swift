import Glibc
import PlantModel

/// A mutex with a condition, for threads that may block. Waiting is measured on the monotonic clock, so that a step of
/// the wall clock neither shortens nor lengthens it.
public final class Monitor: @unchecked Sendable {
  // Sendable: both pointers are set once in `init` and what they point to is made for use by many threads.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  /// An unlocked monitor.
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

  /// Runs `body` while no other thread is inside.
  @inline(__always)
  public func locked<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Waits inside ``locked(_:)`` until ``broadcast()``, or until `deadline` where one is given. Wakes without a cause
  /// too, so that callers ask for their condition again. `false` once the deadline has passed.
  public func wait(until deadline: Deadline? = nil) -> Bool {
    guard let deadline else { return pthread_cond_wait(condition, mutex) == 0 }
    var moment = deadline.moment
    return pthread_cond_timedwait(condition, mutex, &moment) != ETIMEDOUT
  }

  /// Wakes every waiting thread.
  public func broadcast() { pthread_cond_broadcast(condition) }

  /// A moment of the monotonic clock.
  public struct Deadline: Sendable {
    fileprivate var moment = timespec()

    /// The moment `span` from now; now where it is negative. Spans above a year count as one.
    public init(in span: TimeSpan) {
      let length = min(max(span.nanoseconds, 0), TimeSpan.days(365).nanoseconds)
      clock_gettime(CLOCK_MONOTONIC, &moment)
      let nanoseconds = Int64(moment.tv_nsec) + length % 1_000_000_000
      moment.tv_sec += Int(length / 1_000_000_000 + nanoseconds / 1_000_000_000)
      moment.tv_nsec = Int(nanoseconds % 1_000_000_000)
    }
  }
}
