public import Foundation

/// The folder of the package, and the recordings beside it, for tests.
public enum PackageFolder {
  /// Returns the folder of the package.
  ///
  /// - Parameter file: File of a test, directly in a folder of `Tests`.
  public static func root(of file: String = #filePath) -> URL {
    URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  /// Returns the path at which recordings for development lie: beside the package, or where `WATTLINE_DATA` says.
  ///
  /// They are not part of the package, so the folder may be missing.
  ///
  /// - Parameter file: File of a test, directly in a folder of `Tests`.
  public static func recordings(of file: String = #filePath) -> URL {
    ProcessInfo.processInfo.environment["WATTLINE_DATA"].map { URL(fileURLWithPath: $0) }
      ?? root(of: file).deletingLastPathComponent().appendingPathComponent("shared/data")
  }

  /// Returns the folder of the recordings; `nil` if it is missing.
  ///
  /// - Parameter file: File of a test, directly in a folder of `Tests`.
  public static func existingRecordings(of file: String = #filePath) -> URL? {
    let folder = recordings(of: file)
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }
}
