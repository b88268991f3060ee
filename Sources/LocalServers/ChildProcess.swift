public import Foundation
import Synchronization

/// A child process that does not outlive this process, however it ends.
///
/// If `setpriv` of util-linux is installed, the kernel kills the child as soon as this process is gone, even after
/// SIGKILL. The child has a separate process group, so that an interrupt from the terminal reaches it only through
/// ``terminate(within:)``.
public final class ChildProcess: Sendable {
  /// Process identifier.
  public let identifier: pid_t
  private let status = Mutex<Int32?>(nil)

  /// Starts a program and appends its output to a log file.
  ///
  /// - Parameters:
  ///   - program: Path of the program.
  ///   - arguments: Arguments without the program's name.
  ///   - log: Path of the log file.
  public init(program: String, arguments: [String], log: String) throws(ServerError) {
    var words = [program] + arguments
    if let launcher = Programs.find("setpriv") { words = [launcher, "--pdeathsig", "KILL", "--"] + words }
    identifier = try Spawner.shared.spawn(words, log: log)
  }

  deinit { kill() }

  /// Whether the process is still running.
  public var isRunning: Bool { exitStatus(options: WNOHANG) == nil }

  /// Sends SIGTERM, and SIGKILL after `seconds`.
  public func terminate(within seconds: Double = 10) {
    guard isRunning else { return }
    Glibc.kill(identifier, SIGTERM)
    if !Waiting.until(seconds: seconds, condition: { !isRunning }) { kill() }
  }

  /// Sends a signal to the process if it is running.
  public func signal(_ number: Int32) {
    if isRunning { Glibc.kill(identifier, number) }
  }

  /// Sends SIGKILL and waits for the process to end.
  public func kill() {
    guard isRunning else { return }
    Glibc.kill(identifier, SIGKILL)
    _ = exitStatus(options: 0)
  }

  /// Waits for the process to end.
  ///
  /// - Returns: Its exit code, or 128 + n for signal n.
  @discardableResult
  public func wait() -> Int32 {
    let status = exitStatus(options: 0) ?? 0
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }

  /// Returns the status, which is reaped once and kept, since the identifier may be reused afterwards.
  private func exitStatus(options: Int32) -> Int32? {
    status.withLock { kept in
      if let kept { return kept }
      var found: Int32 = 0
      var result: pid_t = 0
      repeat { result = waitpid(identifier, &found, options) } while result < 0 && errno == EINTR
      // `ECHILD`: the child was reaped elsewhere, so it has ended with an unknown status.
      if result == identifier || (result < 0 && errno == ECHILD) { kept = found }
      return kept
    }
  }
}

/// Starter of processes on one thread that lives as long as this process.
///
/// The kernel ties the parent-death signal to the thread that created the child, not to the process. A child started
/// from a pool thread would be killed when that thread ends.
final class Spawner: Sendable {
  static let shared = Spawner()

  private struct Job: @unchecked Sendable {
    // Sendable: a job is handed over once, through the mutex. Its waiter reads the result only after `done` was
    // signalled.
    let words: [String]
    let log: String
    let done: DispatchSemaphore
    let result: UnsafeMutablePointer<Result<pid_t, ServerError>>
  }

  private let jobs = Mutex<[Job]>([])
  private let arrived = DispatchSemaphore(value: 0)

  private init() {
    let thread = Thread { [self] in
      while true {
        arrived.wait()
        guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
        job.result.pointee = Spawner.start(job.words, log: job.log)
        job.done.signal()
      }
    }
    thread.name = "spawner"
    thread.start()
  }

  func spawn(_ words: [String], log: String) throws(ServerError) -> pid_t {
    let result = UnsafeMutablePointer<Result<pid_t, ServerError>>.allocate(capacity: 1)
    result.initialize(to: .success(0))
    defer {
      result.deinitialize(count: 1)
      result.deallocate()
    }
    let job = Job(words: words, log: log, done: DispatchSemaphore(value: 0), result: result)
    jobs.withLock { $0.append(job) }
    arrived.signal()
    job.done.wait()
    return try result.pointee.get()
  }

  /// Closes descriptors that are not marked close-on-exec, which would leak into a server.
  private static func closeOthers(_ actions: inout posix_spawn_file_actions_t) {
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for descriptor in open.compactMap({ Int32($0) }) where descriptor > 2 {
      let flags = fcntl(descriptor, F_GETFD)
      if flags >= 0, flags & FD_CLOEXEC == 0 { posix_spawn_file_actions_addclose(&actions, descriptor) }
    }
  }

  private static func start(_ words: [String], log: String) -> Result<pid_t, ServerError> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    closeOthers(&actions)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))

    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var identifier: pid_t = 0
    let code = posix_spawn(&identifier, words[0], &actions, &attributes, arguments, environ)
    return code == 0 ? .success(identifier) : .failure(.system("cannot start \(words[0])", code: code))
  }
}
