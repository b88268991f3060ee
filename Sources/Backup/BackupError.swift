import Glibc

/// Reason why a backup cannot be written, read or put back, with the remedy.
public struct BackupError: Error, Equatable, CustomStringConvertible {
  /// The reason in one sentence.
  public let description: String

  init(_ description: String) { self.description = description }

  /// Creates the error of a failed system call, from `errno`.
  static func system(_ operation: String, code: Int32 = errno) -> BackupError {
    if [ENOSPC, EDQUOT].contains(code) {
      return BackupError("\(operation): the disk is full; free space, or name a place on another disk")
    }
    return BackupError("\(operation): \(String(cString: strerror(code)))")
  }
}
