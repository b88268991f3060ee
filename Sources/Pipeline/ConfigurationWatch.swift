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
  /// Files that the configuration names, as paths from the root or below the folder.
  private var namedFiles: [String] = []
  private var known: [String: Entry]

  /// Starts from the current content of the folder.
  init(directory: String) {
    self.directory = directory
    self.known = ConfigurationWatch.list(directory, namedFiles: [])
  }

  /// Returns whether the folder has changed since the last call.
  mutating func hasChanged() -> Bool {
    let now = ConfigurationWatch.list(directory, namedFiles: namedFiles)
    defer { known = now }
    return now != known
  }

  /// Starts anew from the current content of the folder and of these files.
  mutating func follow(_ files: [String]) {
    namedFiles = files
    known = ConfigurationWatch.list(directory, namedFiles: files)
  }

  private static func list(_ directory: String, namedFiles: [String]) -> [String: Entry] {
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
    for path in namedFiles {
      var status = stat()
      guard stat(path.hasPrefix("/") ? path : directory + "/" + path, &status) == 0 else { continue }
      entries[path] = Entry(
        size: Int(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
    return entries
  }
}
