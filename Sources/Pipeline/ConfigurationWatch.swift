import Foundation

/// Notices that a folder of configuration has changed: a file was added, removed or written.
///
/// It compares names, sizes and modification times once a second; that also works on network and overlay file systems,
/// where change notices do not.
struct ConfigurationWatch {
  private struct Entry: Equatable {
    var size: Int
    var modified: Date
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
    let files = FileManager.default
    var entries: [String: Entry] = [:]
    for name in (try? files.contentsOfDirectory(atPath: directory)) ?? [] {
      guard [".yaml", ".yml", ".csv"].contains(where: name.lowercased().hasSuffix),
        let attributes = try? files.attributesOfItem(atPath: directory + "/" + name)
      else { continue }
      entries[name] = Entry(
        size: attributes[.size] as? Int ?? -1, modified: attributes[.modificationDate] as? Date ?? .distantPast)
    }
    return entries
  }
}
