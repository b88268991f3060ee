import Foundation
import WattlineTime

/// The content of a backup: its last member, `manifest.json`.
public struct BackupManifest: Codable, Sendable, Equatable {
  /// A file of the backup.
  public struct File: Codable, Sendable, Equatable {
    /// Name in the archive, such as `journal/checkpoint`.
    public var path: String
    /// Size [bytes].
    public var bytes: Int
    /// CRC-32C of the content, in eight hexadecimal digits.
    public var crc32c: String
  }

  /// The messages of the journal.
  public struct Messages: Codable, Sendable, Equatable {
    /// Offset at which processing goes on; `nil` without a checkpoint.
    public var checkpoint: UInt64?
    /// Offset of the first byte.
    public var start: UInt64
    /// Offset after the last record.
    public var end: UInt64
    /// Receive time of the last record, ISO 8601; `nil` without records.
    public var upTo: String?
  }

  /// The database's own dump.
  public struct Dump: Codable, Sendable, Equatable {
    /// Name of the database.
    public var name: String
    /// Address from which it was taken.
    public var host: String
  }

  /// Name of the member.
  static let name = "manifest.json"
  /// Layout that this program writes and reads.
  static let format = 1
  /// Largest manifest that is read [bytes].
  static let longest = 64 << 20

  /// Version of the layout.
  public var format = BackupManifest.format
  /// Version and commit of the program that wrote it.
  public var program: String
  /// Time at which the backup was begun, ISO 8601.
  public var created: String
  /// `mqtt.client_id` of the installation.
  public var instance: String
  /// Folder of the journal.
  public var journalPath: String
  /// Folder of the configuration.
  public var configurationPath: String
  /// The messages.
  public var messages: Messages
  /// The database's dump; `nil` if there is none.
  public var database: Dump?
  /// Remarks about what is not in it, one sentence each.
  public var notes: [String] = []
  /// All files, in their order.
  public var files: [File] = []

  /// Sum of the sizes [bytes].
  public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

  /// Returns the files below a folder of the archive.
  public func files(in folder: String) -> [File] { files.filter { $0.path.hasPrefix(folder + "/") } }

  static func crcText(_ checksum: UInt32) -> String {
    let text = String(checksum, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }

  func encoded() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map(Array.init) ?? []
  }

  static func decoded(_ bytes: [UInt8]) throws(BackupError) -> BackupManifest {
    struct Layout: Decodable { var format: Int }
    let data = Data(bytes)
    if let layout = try? JSONDecoder().decode(Layout.self, from: data), layout.format > format {
      throw BackupError(
        "the backup has layout \(layout.format), and this program reads \(format); use the version that wrote it")
    }
    do { return try JSONDecoder().decode(BackupManifest.self, from: data) } catch {
      throw BackupError("the backup's \(name) is damaged")
    }
  }
}
