import Accounts
import Foundation
import Journal

/// Every kind of file below the journal's folder, and whether a backup has it.
///
/// This is the only list of them. A test runs a plant and fails if it meets a file that the list does not name. A file
/// that the list does not name is copied too, and a backup notes it.
public enum StoredFiles {
  /// Parts of the folder, in the order in which a backup takes them; see ``BackupJob``.
  public enum Part: String, Sendable, CaseIterable {
    /// Messages, and the state of all plants at one offset; beside them the accounts.
    case journal = ""
    /// The messages that the broker may send again.
    case redelivery
    /// Points that wait for the database.
    case spool
    /// Points that the database refused for good.
    case deadLetters = "dead-letter"
    /// Messages about alerts that wait for delivery.
    case alerts
    /// Filters that the broker may have.
    case sessions
    /// Frozen models and logbooks of savings.
    case savings
    /// Issued statements of communities.
    case statements
  }

  /// Whether a backup has a file.
  public enum Treatment: Equatable, Sendable {
    /// Taken with a part.
    case taken(Part)
    /// Left out, because the process makes it anew.
    case leftOut
    /// Not in the list.
    case unknown
  }

  /// Returns how a backup treats a file.
  ///
  /// - Parameter path: path below the journal's folder, such as `spool/checkpoint`.
  public static func treatment(of path: String) -> Treatment {
    let words = path.split(separator: "/").map(String.init)
    // The log of a community begins anew: what matters of it is in the database.
    if words.first == "communities", words.count == 3 { return .leftOut }
    guard let name = words.last, words.count <= 2 else { return .unknown }
    guard let part = Part(rawValue: words.count == 2 ? words[0] : "") else { return .unknown }
    if isPassing(name) { return .leftOut }
    let isTaken =
      switch part {
      case .journal: name == "checkpoint" || name == AccountStore.fileName || isSegment(name)
      case .spool: name == "checkpoint" || isSegment(name)
      case .redelivery: name == "checkpoint"
      case .deadLetters: name.hasSuffix(".lp.zst")
      case .alerts: name == "outbox"
      case .sessions: name.hasSuffix(".filters")
      case .savings: name.hasSuffix(".model") || name.hasSuffix(".entry")
      case .statements: name.hasSuffix(".json")
      }
    return isTaken ? .taken(part) : .unknown
  }

  /// Whether a file is a lock, the report of a process, the second copy of a checkpoint, the recent changes of
  /// accounts, which a copy of these has, or one that is being written.
  private static func isPassing(_ name: String) -> Bool {
    let names = [
      "lock", "status.json", "checkpoint.previous", "checkpoint.older", AccountStore.fileName + "-wal",
      AccountStore.fileName + "-shm",
    ]
    return names.contains(name) || name.hasSuffix(".new") || name.hasPrefix(".")
  }

  private static func isSegment(_ name: String) -> Bool {
    let digits = name.prefix { $0.isASCII && $0.isNumber }
    return digits.count == 20 && [".journal", ".journal.zst"].contains(String(name.dropFirst(digits.count)))
  }

  /// Returns the paths of all regular files below a folder, in order; folders are entered at most four deep.
  static func paths(below folder: String, depth: Int = 4) -> [String] {
    var paths: [String] = []
    for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() {
      var status = stat()
      guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFREG: paths.append(name)
      case S_IFDIR where depth > 0:
        paths += Self.paths(below: "\(folder)/\(name)", depth: depth - 1).map { "\(name)/\($0)" }
      default: break
      }
    }
    return paths
  }
}
