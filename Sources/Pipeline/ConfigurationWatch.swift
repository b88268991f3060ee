import Foundation
import Glibc

/// Detector of files that were added, removed or written in a configuration folder.
///
/// It compares names, sizes and modification times once a second. Unlike change notifications, this also works on
/// network and overlay file systems.
struct ConfigurationWatch {
  private struct Entry: Equatable {
    var size: Int
    var seconds: Int
    var nanoseconds: Int
  }

  private let directory: String
  private var known: [String: Entry]

  /// Starts from the current content of the folder.
  init(directory: String) {
    self.directory = directory
    self.known = ConfigurationWatch.list(directory)
  }

  /// Returns whether the folder has changed since the last call.
  mutating func hasChanged() -> Bool {
    let now = ConfigurationWatch.list(directory)
    defer { known = now }
    return now != known
  }

  private static func list(_ directory: String) -> [String: Entry] {
    var entries: [String: Entry] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
      // `stat` is called directly: Foundation needs four system calls a file, and there may be thousands.
      var status = stat()
      guard [".yaml", ".yml", ".csv"].contains(where: name.lowercased().hasSuffix),
        stat(directory + "/" + name, &status) == 0
      else { continue }
      entries[name] = Entry(
        size: Int(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
    return entries
  }
}
