import Glibc
import SystemCore
import WattlineTime

/// A program that runs beside this process, such as `age` or `influxd`, with its errors kept for a message.
final class ChildProgram {
  private let name: String
  private let identifier: pid_t
  private let errors: Int32
  private var status: Int32?

  /// Starts a program that is found by `PATH`.
  ///
  /// - Parameters:
  ///   - words: name of the program and its arguments.
  ///   - package: package that has the program, for the message if it is missing.
  ///   - input: descriptor for its standard input; `nil` for none.
  ///   - output: descriptor for its standard output; `nil` puts it to the errors.
  /// - Throws: ``BackupError`` if it cannot be started.
  init(_ words: [String], package: String, input: Int32? = nil, output: Int32? = nil) throws(BackupError) {
    name = words[0]
    errors = try Self.temporaryFile()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, output ?? errors, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var identifier: pid_t = 0
    let code = ProgramLaunch.start(words, actions: &actions, identifier: &identifier)
    self.identifier = identifier
    if code == 0 { return }
    close(errors)
    status = 0
    throw code == ENOENT
      ? BackupError("the program \(words[0]) is not installed; it is in the package \(package)")
      : .system("starting \(words[0])", code: code)
  }

  deinit {
    stop()
    close(errors)
  }

  /// Ends the program and waits for it.
  func stop() {
    if status == nil { kill(identifier, SIGKILL) }
    while status == nil { look(flags: 0) }
  }

  /// Waits until the program has ended.
  ///
  /// - Parameter shouldStop: asked ten times a second; `true` ends the program.
  /// - Throws: ``BackupError`` with the program's own words if it failed or was stopped.
  func wait(shouldStop: () throws(BackupError) -> Bool = { false }) throws(BackupError) {
    while status == nil {
      look(flags: WNOHANG)
      if status != nil { break }
      if try shouldStop() {
        stop()
        throw BackupError("stopped")
      }
      usleep(20_000)
    }
    guard status == 0 else { throw BackupError("\(name) failed: \(words)") }
  }

  /// Last lines of what the program said on its standard error.
  var words: String {
    let size = lseek(errors, 0, SEEK_END)
    var bytes = [UInt8](repeating: 0, count: Int(min(max(size, 0), 4_096)))
    let count = pread(errors, &bytes, bytes.count, max(0, size - off_t(bytes.count)))
    let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").suffix(3)
    return lines.isEmpty ? "it did not say why" : lines.joined(separator: "; ")
  }

  /// Returns a file without a name; on a read-only system without `/tmp`, one that keeps nothing.
  private static func temporaryFile() throws(BackupError) -> Int32 {
    for folder in ["/tmp", "/dev/shm"] {
      var template = Array("\(folder)/wattline-XXXXXX".utf8CString)
      let file = mkstemp(&template)
      guard file >= 0 else { continue }
      unlink(template)
      _ = fcntl(file, F_SETFD, FD_CLOEXEC)
      return file
    }
    let file = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard file >= 0 else { throw .system("opening /dev/null") }
    return file
  }

  private func look(flags: Int32) {
    var found: Int32 = 0
    let result = waitpid(identifier, &found, flags)
    if result == identifier || (result < 0 && errno == ECHILD) { status = found }
  }
}
