import StreamCore
public import SystemCore

/// Reason why a journal or checkpoint cannot be opened, written or read.
public enum JournalError: Error, Equatable, CustomStringConvertible {
  /// No room: the size limit is reached or the disk is full. Nothing was written. Trimming makes room.
  case full
  /// Another journal, in this process or another, has the folder open.
  case locked(directory: String)
  /// The record exceeds ``JournalFormat/maximumBodyBytes`` or the journal's size limit.
  case tooLarge(bytes: Int)
  /// The file was written by a later version of this program.
  case unsupportedVersion(file: String, version: UInt16)
  /// The open file was removed externally. Its content is lost when the process ends.
  case removed(file: String)
  /// The journal is closed.
  case closed
  /// A system call failed.
  case system(SystemError)

  /// Description of the problem and its remedy.
  public var description: String {
    switch self {
    case .full: "the journal is full; raise journal.max_bytes or free disk space"
    case .locked(let directory): "\(directory) is in use by another wattline; give each its own journal.path"
    case .tooLarge(let bytes): "a record of \(bytes) bytes does not fit; raise journal.max_bytes"
    case .unsupportedVersion(let file, let version):
      "\(file) has format version \(version); this program reads version \(JournalFormat.version)"
    case .removed(let file): "\(file) was removed while in use; put its folder back and start again"
    case .closed: "the journal is closed"
    case .system(let error): "journal: \(error)"
    }
  }

  static func system(_ operation: String) -> JournalError { .system(SystemError(operation)) }
}
