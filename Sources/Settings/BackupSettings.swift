public import WattlineTime

/// Backups that the process makes by itself.
public struct BackupSettings: Hashable, Sendable {
  /// Whether the database's own dump is a part of each backup.
  public enum Database: Hashable, Sendable {
    /// For version 1.x, from the default port of the database's host.
    case automatic
    /// From this address of the backup port.
    case at(String)
    /// Left out.
    case none
  }

  /// Folder of the backups, outside of the folder of the journal.
  public var path: String
  /// Time from one backup to the next, at least a minute.
  public var every = TimeSpan.days(1)
  /// Number of backups kept, at least 1.
  public var keep = 14
  /// File with the keys of those who may read the backups; `nil` does not encrypt.
  public var keyFile: String?
  /// Whether the database's own dump is a part.
  public var database = Database.automatic
  /// Whether messages that were processed long ago are a part.
  public var includesHistory = true

  /// Creates settings of daily backups in a folder.
  public init(path: String) { self.path = path }
}
