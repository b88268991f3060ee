import Foundation
import Glibc
import SystemCore

/// Folder to which files are added, and in which none is changed or removed.
///
/// A file is complete or absent: it is written under another name, synced, and linked to its own. Of two processes that
/// add a file of one name, the first wins.
struct SealedFolder: Sendable {
  /// Longest file that is read [bytes].
  private static let longestFile = 16 << 20

  /// Path of the folder.
  let path: String

  /// Returns the names of files with an ending, in order.
  func names(endingWith suffix: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted()
  }

  /// Returns the bytes of a file; `nil` if it cannot be read or is longer than 16 MiB.
  func bytes(of name: String) -> [UInt8]? {
    let file = "\(path)/\(name)"
    guard let size = (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int,
      size <= Self.longestFile, let data = FileManager.default.contents(atPath: file)
    else { return nil }
    return Array(data)
  }

  /// Adds a file.
  ///
  /// - Parameters:
  ///   - bytes: Its content.
  ///   - name: Its name.
  /// - Returns: Whether it was added; `false` if there was one of this name before.
  /// - Throws: `SystemError` if the folder cannot be written.
  func keep(_ bytes: [UInt8], name: String) throws(SystemError) -> Bool {
    if mkdir(path, 0o777) == 0 {
      try Self.sync(folder: (path as NSString).deletingLastPathComponent)
    } else if errno != EEXIST {
      throw SystemError("mkdir \(path)")
    }
    let (draft, own) = ("\(path)/.\(name).\(getpid()).new", "\(path)/\(name)")
    unlink(draft)
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
    guard descriptor >= 0 else { throw SystemError("open \(draft)") }
    defer {
      close(descriptor)
      unlink(draft)
    }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SystemError("write \(draft)") }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw SystemError("fsync \(draft)") }
    let isAdded = link(draft, own) == 0
    guard isAdded || errno == EEXIST else { throw SystemError("link \(own)") }
    try Self.sync(folder: path)
    return isAdded
  }

  private static func sync(folder: String) throws(SystemError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open \(folder)") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw SystemError("fsync \(folder)") }
  }
}
