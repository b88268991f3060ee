import Foundation

/// Configuration files of servers.
package enum TextFile {
  package static func write(_ lines: [String], to path: String) throws(ServerError) {
    let text = lines.joined(separator: "\n") + "\n"
    guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
      throw .system("cannot write \(path)", code: errno)
    }
  }

  /// Returns the text without surrounding white space.
  package static func read(_ path: String) throws(ServerError) -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .system("cannot read \(path)", code: errno)
    }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
