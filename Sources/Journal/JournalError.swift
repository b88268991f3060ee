import StreamCore

/// Why a journal or checkpoint cannot be opened, written or read.
public enum JournalError: Error, Equatable, CustomStringConvertible {
  /// No room: the size limit is reached or the disk is full. Nothing was written; trimming makes room.
  case full
  /// Another journal, of this process or another, has the folder open.
  case locked(directory: String)
  /// The record is larger than ``JournalFormat/maximumBodyBytes``, or than the journal may be.
  case tooLarge(bytes: Int)
  /// A file of a later version of this program.
  case unsupportedVersion(file: String, version: UInt16)
  /// Somebody removed the file that is written to; what was written is lost with the process.
  case removed(file: String)
  /// The journal was closed.
  case closed
  /// The operating system refused.
  case system(SystemError)

  /// What is wrong and what to do.
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
