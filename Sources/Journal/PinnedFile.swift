import Glibc
import SystemCore

/// An open file of which a fixed number of bytes is read, even if it grows, is replaced or is removed meanwhile.
package struct PinnedFile: Sendable {
  /// Name of the file below its folder.
  package var name: String
  /// Number of bytes from the start that belong to it [bytes].
  package let size: Int
  /// Time of its last change [s since 1970].
  package let changed: Int
  private let file: OpenFile

  /// Opens a regular file in a folder; `nil` if there is none of that name.
  ///
  /// - Parameters:
  ///   - directory: folder of the file.
  ///   - name: name below the folder.
  ///   - followsLinks: whether a link at that place stands for its target.
  /// - Throws: `.system` if it cannot be read.
  package init?(in directory: String, name: String, followsLinks: Bool = false) throws(JournalError) {
    do {
      let flags = O_RDONLY | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW)
      let file = try OpenFile("\(directory)/\(name)", flags: flags)
      guard try file.isRegular() else { return nil }
      try self.init(name, file: file, size: try file.size())
    } catch .system(let error) where [ENOENT, ELOOP, ENXIO, ENOTDIR].contains(error.code) {
      return nil
    }
  }

  init(_ name: String, file: OpenFile, size: Int) throws(JournalError) {
    self.name = name
    self.file = file
    self.size = size
    changed = try file.changed()
  }

  /// Reads at `position` until `target` or the file is full. Returns the number of bytes, which is less than both only
  /// if the file was truncated.
  package func read(into target: UnsafeMutableRawBufferPointer, at position: Int) throws(JournalError) -> Int {
    let count = max(0, min(target.count, size - position))
    return try file.read(into: UnsafeMutableRawBufferPointer(rebasing: target[..<count]), at: position)
  }
}
