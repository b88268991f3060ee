import Foundation
import Glibc

/// A file of a secret, a key or a certificate that `wattline.yaml` names.
public struct NamedFile: Hashable, Sendable {
  /// Path as in the configuration; a relative one is below its folder.
  public var path: String
  /// Whether it has a secret or a private key.
  public var isSecret: Bool

  /// Returns why a file cannot be read, with the command that admits this process if its rights are the reason; `nil`
  /// if it can be read.
  public static func obstacle(_ path: String) -> String? { ConfigurationFile.obstacle(path) }
}

/// Paths from the root of the disk.
enum FilePath {
  /// Returns a path from the root. A relative one is below `folder`, and that below the current folder.
  static func absolute(_ path: String, in folder: String = "") -> String {
    if path.hasPrefix("/") { return path }
    if !folder.isEmpty { return absolute(folder) + "/" + path }
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }
}

extension LoadedConfiguration {
  /// Returns the YAML files of a folder and the files that they name.
  ///
  /// - Parameter directory: folder that was loaded.
  /// - Returns: the files; relative paths are below the folder.
  public func files(of directory: String) -> [NamedFile] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let own = names.filter { ConfigurationLoader.isYAML($0) && !$0.hasPrefix(".") }.sorted()
    let data = sources.files.map(\.name).filter { !ConfigurationLoader.isYAML($0) }
    return (own + data).map { NamedFile(path: $0, isSecret: false) } + namedFiles
  }
}
