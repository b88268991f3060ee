import Glibc
public import WattlineTime

/// Clocks of the system, for receive times, waiting and measurements. Stages read none of them.
public enum SystemClock {
  /// Returns the current time, UTC.
  public static func now() -> Timestamp { Timestamp(nanoseconds: nanoseconds(CLOCK_REALTIME)) }

  /// Returns the monotonic clock, for intervals [ns].
  public static func monotonic() -> Int64 { nanoseconds(CLOCK_MONOTONIC) }

  /// Returns the CPU time that this process has used [ns].
  public static func processTime() -> Int64 { nanoseconds(CLOCK_PROCESS_CPUTIME_ID) }

  /// Returns the CPU time that this thread has used [ns]; other load on the machine hardly affects it.
  public static func threadTime() -> Int64 { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
