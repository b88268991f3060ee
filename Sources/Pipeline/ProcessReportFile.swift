public import Foundation
import SystemCore

/// The file in which a process reports its state: `status.json` below `journal.path`.
public enum ProcessReportFile {
  /// Name of the file.
  public static let name = "status.json"

  /// Reads the report of a folder.
  ///
  /// - Returns: `nil` if there is none.
  /// - Throws: An error if the file cannot be read or is no report.
  public static func read(in folder: String) throws -> ProcessReport? {
    let path = folder + "/" + name
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try decode(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Writes a report in one step, so that a reader sees the previous one or this one.
  static func write(_ report: ProcessReport, in folder: String) throws {
    let (path, draft) = (folder + "/" + name, folder + "/" + name + ".new")
    let text = try encode(report)
    // As everything in the folder, it is readable by its owner only.
    guard FileManager.default.createFile(atPath: draft, contents: text, attributes: [.posixPermissions: 0o600]) else {
      throw SystemError("writing \(draft)")
    }
    guard rename(draft, path) == 0 else { throw SystemError("renaming \(draft)") }
  }

  /// Removes the report of an earlier process.
  static func remove(in folder: String) { unlink(folder + "/" + name) }

  /// Returns the text of a report.
  public static func encode(_ report: ProcessReport) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(report)
  }

  /// Returns the report of a text.
  public static func decode(_ text: Data) throws -> ProcessReport {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(ProcessReport.self, from: text)
  }

  /// Returns the size of everything in a folder, as the disk counts it [bytes].
  static func bytes(below folder: String) -> Int64 {
    var sum: Int64 = 0
    guard let names = FileManager.default.enumerator(atPath: folder) else { return 0 }
    for case let name as String in names {
      var status = stat()
      // A file may be gone by now.
      if lstat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
        sum += Int64(status.st_blocks) * 512
      }
    }
    return sum
  }

  /// Returns the free space of a folder's file system for this user [bytes]; `nil` if it cannot be told.
  static func freeBytes(of folder: String) -> Int64? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    return Int64(
      clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }
}
