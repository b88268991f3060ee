import CSpawn
import Foundation
import Glibc
import SystemCore
import WattlineTime

/// A program with all that it starts: its lines, its last words, its memory and its end.
final class ProgramSession {
  /// Event that a look at the program found.
  enum Event {
    /// Bytes of its standard output.
    case output([UInt8])
    /// Nothing within the time of the look.
    case silence
    /// Its standard output has ended.
    case end
  }

  private let identifier: pid_t
  private let output: Int32
  private let errors: Int32
  private var isErrorsOpen = true
  private var status: Int32?
  /// Last bytes of its standard error.
  private var said: [UInt8] = []

  /// Bytes that are read at once.
  private static let chunk = 64 << 10
  /// Bytes of the standard error that are kept.
  private static let mostSaid = 4_096
  /// Time that a program has between SIGTERM and SIGKILL.
  private static let grace = TimeSpan.seconds(3)

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - words: Name or path of the program and its arguments.
  ///   - environment: Its environment variables, such as `LANG=C`.
  ///   - folder: Its folder.
  /// - Throws: ``FetchError`` if it cannot be started.
  init(_ words: [String], environment: [String], folder: String) throws(FetchError) {
    var pipes: [Int32] = [-1, -1, -1, -1]
    let isOpen = pipes.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      return spawn_pipe(base) == 0 && spawn_pipe(base + 2) == 0
    }
    defer { for end in [1, 3] where pipes[end] >= 0 { close(pipes[end]) } }
    guard isOpen else {
      let reason = String(cString: strerror(errno))
      for end in [0, 2] where pipes[end] >= 0 { close(pipes[end]) }
      throw .passing("no pipe for \(words[0]): \(reason)")
    }
    (output, errors) = (pipes[0], pipes[2])
    for end in [output, errors] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
    posix_spawn_file_actions_adddup2(&actions, pipes[3], 2)
    spawn_change_folder(&actions, folder)
    spawn_close_from(&actions, 3)
    var identifier: pid_t = 0
    let code = ProgramLaunch.start(
      words, actions: &actions, environment: environment, isLeader: true, identifier: &identifier)
    self.identifier = identifier
    guard code != 0 else { return }
    status = 0
    switch code {
    case ENOENT: throw .passing("the program '\(words[0])' is not there; install it, or write its path")
    case EACCES: throw .passing("the program '\(words[0])' is not executable; chmod +x makes it so")
    default: throw .passing("the program '\(words[0])' cannot be started: \(String(cString: strerror(code)))")
    }
  }

  deinit {
    stop()
    close(output)
    close(errors)
  }

  /// Waits for output.
  ///
  /// - Parameter milliseconds: Longest wait.
  func look(milliseconds: Int32) -> Event {
    var polled = [pollfd(fd: output, events: Int16(POLLIN), revents: 0)]
    if isErrorsOpen { polled.append(pollfd(fd: errors, events: Int16(POLLIN), revents: 0)) }
    guard poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return .silence }
    if polled.count > 1, polled[1].revents != 0 { listen() }
    guard polled[0].revents != 0 else { return .silence }
    guard let bytes = Self.read(output) else { return .silence }
    return bytes.isEmpty ? .end : .output(bytes)
  }

  private func listen() {
    guard let bytes = Self.read(errors) else { return }
    if bytes.isEmpty { isErrorsOpen = false }
    said = Array((said + bytes).suffix(Self.mostSaid))
  }

  /// Returns what can be read; empty at the end, `nil` if there is nothing now.
  private static func read(_ descriptor: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: chunk)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    if count < 0 { return errno == EAGAIN || errno == EINTR ? nil : [] }
    return Array(bytes.prefix(count))
  }

  /// Last lines of what it said on its standard error.
  var words: String {
    let lines = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(3)
    return String(lines.joined(separator: "; ").prefix(600))
  }

  /// Waits for the end of the program, at most for some seconds, and ends all that it has left running.
  ///
  /// - Returns: The exit code, or 128 + n for signal n; `nil` if it had to be ended.
  func exitCode() -> Int32? {
    let deadline = Monitor.Deadline(in: Self.grace)
    while status == nil, !deadline.hasPassed {
      reap(flags: WNOHANG)
      if status == nil { usleep(5_000) }
    }
    let own = status
    stop()
    if isErrorsOpen { listen() }
    return own.map { $0 & 0x7F == 0 ? ($0 >> 8) & 0xFF : 128 + ($0 & 0x7F) }
  }

  /// Ends the program and all that it has started.
  func stop() {
    guard identifier > 0 else { return }
    if status == nil {
      for member in members() { kill(member.identifier, SIGTERM) }
      let deadline = Monitor.Deadline(in: Self.grace)
      while status == nil, !deadline.hasPassed {
        reap(flags: WNOHANG)
        if status == nil { usleep(10_000) }
      }
    }
    for member in members() { kill(member.identifier, SIGKILL) }
    while status == nil { reap(flags: 0) }
  }

  private func reap(flags: Int32) {
    var found: Int32 = 0
    let result = waitpid(identifier, &found, flags)
    if result == identifier || (result < 0 && errno == ECHILD) { status = found }
  }

  // MARK: All that it starts

  /// Memory of the program and all that it has started [bytes].
  var memory: Int { members().reduce(0) { $0 + $1.memory } }

  /// Returns the processes of the program's session with their resident memory.
  private func members() -> [(identifier: pid_t, memory: Int)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let page = sysconf(Int32(_SC_PAGESIZE))
    return names.compactMap { name in
      guard let process = pid_t(name), let data = FileManager.default.contents(atPath: "/proc/\(name)/stat"),
        let end = data.lastIndex(of: UInt8(ascii: ")"))
      else { return nil }
      // After the name in brackets: state, parent, group, session; the resident pages are the 22nd.
      let fields = String(decoding: data[(end + 1)...], as: UTF8.self).split(separator: " ")
      guard fields.count > 21, pid_t(fields[3]) == identifier, fields[0] != "Z" else { return nil }
      return (process, (Int(fields[21]) ?? 0) * page)
    }
  }
}
