import Foundation
import Glibc
import PlantModel
public import Settings
public import SystemCore
public import WattlineTime

/// Backups that a running process makes by itself, on a thread of its own with a low priority.
///
/// The time of the last backup is in the names of the files, so a restart neither skips nor repeats one. A failure is
/// noted and tried again within a quarter of an hour.
public final class BackupKeeper: Sendable {
  /// State of the backups.
  public struct Status: Sendable, Equatable {
    /// Time of the last backup; `nil` if there is none.
    public var last: Timestamp?
    /// Size of the last backup [bytes].
    public var bytes = 0
    /// Whether the last attempt succeeded.
    public var isOK = true
  }

  private static let longestRetry = TimeSpan.minutes(15)
  private let settings: BackupSettings
  private let names: BackupNames
  private let job: @Sendable () -> BackupJob
  private let note: @Sendable (LogEntry) -> Void
  private let state: Locked<Status>
  private let isStopping = StopSignal()
  private let thread = Locked<BlockingThread?>(nil)

  /// Creates the keeper without starting it.
  ///
  /// - Parameters:
  ///   - settings: interval, number and place of the backups.
  ///   - instance: `mqtt.client_id`; the names of the files begin with it.
  ///   - job: returns the job of the installation as it is now.
  ///   - note: receives log lines.
  public init(
    settings: BackupSettings, instance: String, job: @escaping @Sendable () -> BackupJob,
    note: @escaping @Sendable (LogEntry) -> Void
  ) {
    (self.settings, self.job, self.note) = (settings, job, note)
    names = BackupNames(instance: instance, isEncrypted: settings.keyFile != nil)
    state = Locked(Status())
    if let last = names.list(in: settings.path).last {
      state.with { ($0.last, $0.bytes) = (last.time, last.bytes) }
    }
  }

  /// State of the backups, for the series about the process.
  public var status: Status { state.value }

  /// Starts the thread.
  public func start() throws(SystemError) {
    let started = try BlockingThread(name: "backup") { [self] in
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
      var next = (status.last.map { $0 + settings.every } ?? .distantPast)
      while !isStopping.wait(milliseconds: 500) {
        let now = SystemClock.now()
        // A clock that was set back must not end the backups.
        guard now >= next || next - now > settings.every else { continue }
        next = now + (take(at: now) ? settings.every : min(settings.every, Self.longestRetry))
      }
    }
    thread.set(started)
  }

  /// Gives up a backup that is being written, and ends the thread.
  public func stop() {
    isStopping.set()
    thread.value?.join()
  }

  /// Makes one backup and removes those beyond the number to keep; `false` after a failure.
  func take(at time: Timestamp) -> Bool {
    let path = "\(settings.path)/\(names.name(at: time))"
    var job = job()
    (job.keyFile, job.includesHistory) = (settings.keyFile, settings.includesHistory)
    switch settings.database {
    case .automatic: job.database = .automatic
    case .none: job.database = .none
    case .at(let host): job.database = .at(host)
    }
    let isStopping = isStopping
    do throws(BackupError) {
      if mkdir(settings.path, 0o700) != 0, errno != EEXIST { throw .system("making \(settings.path)") }
      names.removePartial(in: settings.path)
      let (manifest, bytes) = try job.write(to: path) { isStopping.isSet }
      state.set(Status(last: time, bytes: bytes, isOK: true))
      let upTo = manifest.messages.upTo.map { ", messages up to \($0)" } ?? ""
      note("backup: \(path), \(bytes >> 10) KiB\(upTo)")
      removeOldest()
      return true
    } catch {
      if isStopping.isSet { return true }
      state.with { $0.isOK = false }
      note(.error("backup: failed: \(error)"))
      return false
    }
  }

  private func removeOldest() {
    for backup in names.list(in: settings.path).dropLast(settings.keep) {
      let path = "\(settings.path)/\(backup.name)"
      if unlink(path) != 0 {
        note(.warning("backup: \(path) cannot be removed: \(String(cString: strerror(errno)))"))
      }
    }
  }
}

/// Names of the backups of one installation: `wattline-20260601T120000Z.tar.zst`, with `.age` if encrypted.
struct BackupNames {
  private let prefix: String
  private let suffix: String
  private static let suffixes = [".tar.zst", ".tar.zst.age"]

  /// Creates the names of an instance.
  init(instance: String, isEncrypted: Bool) {
    prefix = String(instance.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "-" }) + "-"
    suffix = Self.suffixes[isEncrypted ? 1 : 0]
  }

  /// Returns the name of a backup begun at a time.
  func name(at time: Timestamp) -> String {
    let text = Timestamp(seconds: time.seconds).description.filter { $0 != "-" && $0 != ":" }
    return prefix + text + suffix
  }

  /// Returns the backups in a folder, oldest first.
  func list(in folder: String) -> [(name: String, time: Timestamp, bytes: Int)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      var status = stat()
      guard let time = time(of: name), stat("\(folder)/\(name)", &status) == 0 else { return nil }
      return (name, time, Int(status.st_size))
    }.sorted { $0.time < $1.time }
  }

  /// Removes what a killed process had begun.
  func removePartial(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name.hasPrefix(prefix) && name.hasSuffix(".partial") {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }

  /// Returns the time in a name; `nil` for other files.
  func time(of name: String) -> Timestamp? {
    guard name.hasPrefix(prefix), let end = Self.suffixes.first(where: name.hasSuffix) else { return nil }
    let text = Array(name.dropFirst(prefix.count).dropLast(end.count))
    guard text.count == 16, text[8] == "T", text[15] == "Z" else { return nil }
    let date = String(text[0..<4]) + "-" + String(text[4..<6]) + "-" + String(text[6..<8])
    let clock = String(text[9..<11]) + ":" + String(text[11..<13]) + ":" + String(text[13..<15])
    return ISO8601.timestamp("\(date)T\(clock)Z")
  }
}
