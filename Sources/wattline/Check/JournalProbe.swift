import Foundation
import Glibc
import PlantModel
import Settings

/// Trial of the journal's folder: rights, and room on its disk. It takes no lock and leaves no file.
struct JournalProbe {
  private let settings: JournalSettings

  init(_ settings: JournalSettings) { self.settings = settings }

  func run() -> [ProbeStep] {
    let path = settings.path
    var status = stat()
    guard stat(path, &status) == 0 else { return absent(path, reason: errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return [step("folder", .failed, "journal.path '\(path)' is no folder; name one")]
    }
    if let wrong = denial(path) { return [wrong] }
    return [step("folder", .ok, "\(user) may write to '\(path)'"), room(path, used: size(of: path))]
  }

  private func step(_ name: String, _ outcome: ProbeStep.Outcome, _ words: String) -> ProbeStep {
    ProbeStep(part: "journal", step: name, outcome: outcome, words: words)
  }

  private var user: String {
    let entry = getpwuid(geteuid())
    return entry.map { "user '\(String(cString: $0.pointee.pw_name))'" } ?? "user \(geteuid())"
  }

  /// The folder is created at the first start, if the nearest one above it may be written to.
  private func absent(_ path: String, reason: Int32) -> [ProbeStep] {
    guard reason == ENOENT else {
      return [
        step(
          "folder", .failed,
          "journal.path '\(path)' cannot be reached: \(String(cString: strerror(reason))); let "
            + "\(user) enter the folders above it")
      ]
    }
    var parent = URL(fileURLWithPath: path).deletingLastPathComponent()
    while !FileManager.default.fileExists(atPath: parent.path), parent.path != "/" { parent.deleteLastPathComponent() }
    if access(parent.path, W_OK | X_OK) != 0 {
      let reason = String(cString: strerror(errno))
      return [
        step(
          "folder", .failed,
          "journal.path '\(path)' does not exist, and \(user) may not create it in '\(parent.path)' (\(reason)): "
            + "install -d -m 0700 -o USER \(path)")
      ]
    }
    return [step("folder", .ok, "'\(path)' is created at the first start"), room(parent.path, used: 0)]
  }

  /// Returns why nothing can be written to a folder. A file without a name proves it and leaves nothing behind.
  private func denial(_ path: String) -> ProbeStep? {
    // `O_TMPFILE`, whose macro Swift does not import.
    let unnamed: Int32 = 0o20_000_000 | O_DIRECTORY
    let descriptor = open(path, unnamed | O_RDWR | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      close(descriptor)
      return nil
    }
    let code = errno
    // Some file systems have no files without a name; there the rights alone are looked at.
    if code == EOPNOTSUPP || code == EISDIR || code == EINVAL, access(path, W_OK | X_OK) == 0 { return nil }
    return step(
      "folder", .failed,
      "\(user) cannot write to journal.path '\(path)': \(String(cString: strerror(code))); chown it to the user of "
        + "wattline run")
  }

  private func room(_ path: String, used: Int64) -> ProbeStep {
    var disk = statvfs()
    guard statvfs(path, &disk) == 0 else {
      return step(
        "space", .warning, "the room on the disk of '\(path)' is not known: \(String(cString: strerror(errno)))")
    }
    let free = Int64(clamping: UInt64(disk.f_bavail) * UInt64(disk.f_frsize))
    let whole = settings.maximumBytes + settings.deadLetterBytes
    let wanted = max(0, whole - used)
    let words =
      "journal and spool may take \(Self.text(settings.maximumBytes)) together (journal.max_bytes) and dead letters "
      + "\(Self.text(settings.deadLetterBytes)), in all \(Self.text(whole)); \(Self.text(used)) of it are taken, and "
      + "\(Self.text(free)) are free on the disk"
    if free < min(wanted, 256 << 20) {
      return step("space", .failed, words + "; make room, or lower journal.max_bytes")
    }
    if free < wanted { return step("space", .warning, words + "; make room, or lower journal.max_bytes") }
    return step("space", .ok, words)
  }

  private func size(of folder: String) -> Int64 {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return names.reduce(0) { sum, name in
      var status = stat()
      guard stat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return sum }
      return sum + Int64(status.st_blocks) * 512
    }
  }

  /// Returns a size in words: `1.5 GiB`.
  static func text(_ bytes: Int64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] as [(String, Int64)]
    guard let (name, size) = units.first(where: { bytes >= $0.1 }) else { return "\(bytes) bytes" }
    return "\((Double(bytes) / Double(size) * 10).rounded() / 10) \(name)"
  }
}
