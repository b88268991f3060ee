import Foundation
import LocalServers

/// A folder that is removed with the last reference to it.
final class ScratchFolder: Sendable {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("wattline-bench-\(UUID().uuidString)").path

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Returns the path of a file in the folder, and creates the folder if missing.
  func file(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path + "/" + name
  }
}
