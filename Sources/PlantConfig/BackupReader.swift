import Foundation
import Settings
import WattlineTime

/// Reader of the section `backup` of `wattline.yaml`.
struct BackupReader {
  private let reading: ConfigurationContext

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// Returns the settings; `nil` if they have a mistake.
  ///
  /// - Parameters:
  ///   - section: the section.
  ///   - journal: folder of the journal, in which no backup may be.
  func settings(_ section: Section, journal: String) -> BackupSettings? {
    let path = section.requiredText("path", example: "path: /mnt/backup/wattline")
    var settings = BackupSettings(path: path ?? "")
    if let path { check(path, at: section.place(of: "path"), journal: journal) }
    if let text = section.text("every") {
      if let span = TimeSpan(text), (.minute ... .days(365)).contains(span) {
        settings.every = span
      } else {
        reading.mistake(section.place(of: "every"), "'every' must be a time from 1m to 365d, such as 1d, not '\(text)'")
      }
    }
    if let keep = section.number("keep", in: 1...10_000, meaning: "a whole number from 1 to 10000") {
      if let whole = Int(exactly: keep) {
        settings.keep = whole
      } else {
        reading.mistake(section.place(of: "keep"), "'keep' must be a whole number from 1 to 10000")
      }
    }
    settings.keyFile = section.file("key_file", isSecret: true)
    settings.database = database(section)
    settings.includesHistory = section.boolean("history") ?? true
    section.finish()
    return path == nil ? nil : settings
  }

  private func database(_ section: Section) -> BackupSettings.Database {
    guard let text = section.text("database"), text != "auto" else { return .automatic }
    if text == "none" { return .none }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count > 1, let port = parts.last.flatMap({ Int($0) }), (1...65_535).contains(port) { return .at(text) }
    reading.mistake(
      section.place(of: "database"),
      "'database' must be auto, none, or the address of InfluxDB's backup port, such as 127.0.0.1:8088")
    return .automatic
  }

  private func check(_ path: String, at mark: Mark, journal: String) {
    func whole(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path + "/" }
    if !path.hasPrefix("/") {
      reading.mistake(mark, "'path' must start with /, such as /mnt/backup/wattline")
    } else if whole(path).hasPrefix(whole(journal)) {
      reading.mistake(mark, "'path' is in the folder of the journal; name one outside, best on another disk")
    }
  }
}
