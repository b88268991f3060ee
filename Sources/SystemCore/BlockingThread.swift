import Glibc
import Synchronization

/// A dedicated thread for blocking calls: C libraries, files, waiting. All signals are blocked on it, so that the
/// thread that handles them receives them.
public final class BlockingThread: Sendable {
  private let handle: pthread_t
  private let isJoined = Atomic<Bool>(false)
  /// Name of the thread; the kernel shows its first 15 bytes.
  public let name: String

  /// Starts a thread that runs `body` to its end.
  ///
  /// - Throws: `SystemError` if the thread cannot be created.
  public init(name: String, body: @escaping @Sendable () -> Void) throws(SystemError) {
    self.name = name
    let start = Unmanaged.passRetained(Start(name: name, body: body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, start.toOpaque())
    if code != 0 {
      start.release()
      throw SystemError("starting the thread \(name)", code: code)
    }
    handle = thread
  }

  deinit {
    if !isJoined.load(ordering: .relaxed) { pthread_detach(handle) }
  }

  /// Waits until the thread has ended; returns at once if it was joined before. Must not be called on the thread
  /// itself.
  public func join() {
    if !isJoined.exchange(true, ordering: .acquiringAndReleasing) { pthread_join(handle, nil) }
  }

  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }

    func run() {
      var signals = sigset_t()
      sigfillset(&signals)
      pthread_sigmask(SIG_BLOCK, &signals, nil)
      BlockingThread.showName(name)
      body()
    }
  }

  /// Sets the calling thread's name for profilers through its file in `/proc`. `pthread_setname_np` is a GNU extension
  /// that Swift does not import.
  public static func showName(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let short = Array(name.utf8.prefix(15))
    _ = write(file, short, short.count)
    close(file)
  }
}
