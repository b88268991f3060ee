import Foundation

/// A folder that is removed when the last owner lets go.
final class TemporaryFolder: Sendable {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("wattline-bench-\(UUID().uuidString)").path

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file in the folder, which is made if missing.
  func file(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path + "/" + name
  }
}
