import PlantModel
import Settings

/// Brings appended records to the disk according to the journal's settings.
struct AppendSync: Sendable {
  private let time: JournalSettings.Sync
  private let background: DiskSync?
  /// Syncs a file's descriptor.
  let synchronize: OpenFile.Synchronize

  /// Starts the thread that syncs at intervals, if the settings ask for it.
  ///
  /// - Throws: `.system` if the thread cannot be started.
  init(_ time: JournalSettings.Sync, synchronize: @escaping OpenFile.Synchronize) throws(JournalError) {
    self.time = time
    self.synchronize = synchronize
    if case .interval(let span) = time { background = try DiskSync(every: span) } else { background = nil }
  }

  /// Syncs a record that was appended to a file, or leaves it to the thread.
  ///
  /// - Throws: the error of this sync, or of the thread's last one.
  func appended(to file: OpenFile) throws(JournalError) {
    switch time {
    case .always: try file.sync()
    case .interval: try background?.markDirty(file)
    case .never: break
    }
  }

  /// Syncs a file that gets no more records.
  func completed(_ file: OpenFile) throws(JournalError) {
    if time != .never { try file.sync() }
  }

  /// Syncs the remaining bytes and ends the thread.
  func stop() { background?.stop() }
}
