import Foundation

/// A new folder under the system's temporary folder.
public struct TemporaryFolder: Sendable {
  /// Absolute path.
  public let path: String

  /// Creates a folder whose name starts with `prefix`.
  public init(prefix: String) throws(ServerError) {
    var template = Array((NSTemporaryDirectory() + "/" + prefix + "-XXXXXX").utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) } != nil
    }
    guard made else { throw .system("mkdtemp", code: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Deletes the folder and its content. A second call does nothing.
  public func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// Removes folders `wattline-NAME-PID…` of some names whose process is gone; a killed process leaves them behind.
  public static func sweep(names: [String]) {
    let parent = NSTemporaryDirectory()
    for entry in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
      let parts = entry.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 3, parts[0] == "wattline", names.contains(parts[1]), let owner = pid_t(parts[2]), owner > 0,
        kill(owner, 0) != 0, errno == ESRCH
      else { continue }
      try? FileManager.default.removeItem(atPath: parent + "/" + entry)
    }
  }
}

/// Lookup of installed programs.
package enum Programs {
  /// Returns the path of a program; `nil` if it is not installed.
  ///
  /// Besides `PATH`, the folders of system programs are searched, which the `PATH` of ordinary users often lacks. An
  /// absolute path is returned unchanged if it is executable.
  package static func find(_ name: String) -> String? {
    if name.hasPrefix("/") { return access(name, X_OK) == 0 ? name : nil }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/sbin"]
    return folders.lazy.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
  }

  /// Returns the path of a program.
  ///
  /// - Throws: ``ServerError/programMissing(_:package:)`` with the package that provides it.
  package static func require(_ name: String, package: String) throws(ServerError) -> String {
    guard let path = find(name) else { throw .programMissing(name, package: package) }
    return path
  }
}
