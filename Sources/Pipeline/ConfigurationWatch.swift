import Foundation
import Glibc

/// Notices that a folder of configuration has changed: a file was added, removed or written.
///
/// It compares names, sizes and modification times once a second; that also works on network and overlay file systems,
/// where change notices do not.
struct ConfigurationWatch {
  private struct Entry: Equatable {
    var size: Int
    var seconds: Int
    var nanoseconds: Int
  }

  private let directory: String
  private var known: [String: Entry]

  /// Starts from the folder as it is.
  init(directory: String) {
    self.directory = directory
    self.known = ConfigurationWatch.list(directory)
  }

  /// Whether the folder differs from the last time that this was asked.
  mutating func hasChanged() -> Bool {
    let now = ConfigurationWatch.list(directory)
    defer { known = now }
    return now != known
  }

  private static func list(_ directory: String) -> [String: Entry] {
    var entries: [String: Entry] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
      // Asked of the system directly: what Foundation says of a file takes it four calls, and there may be thousands.
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
