import Foundation

/// Character encoding of a file.
public enum TextEncoding: String, Sendable {
  case utf8 = "UTF-8"
  case utf8Marked = "UTF-8 with a byte-order mark"
  case utf16LittleEndian = "UTF-16, as Excel writes Unicode text"
  case utf16BigEndian = "UTF-16, most significant byte first"
  case windows1252 = "Windows-1252"
}

/// Text of a file, converted to UTF-8.
struct RecordingText: Sendable {
  let encoding: TextEncoding
  let bytes: [UInt8]

  /// Decodes a file's bytes. UTF-8 is assumed if valid, Windows-1252 otherwise, unless the file is marked or looks like
  /// UTF-16.
  init(_ file: [UInt8]) {
    if file.starts(with: [0xEF, 0xBB, 0xBF]) {
      (encoding, bytes) = (.utf8Marked, Array(file.dropFirst(3)))
    } else if let isBigEndian = RecordingText.isBigEndian(file) {
      encoding = isBigEndian ? .utf16BigEndian : .utf16LittleEndian
      bytes = RecordingText.transcoded(file, isBigEndian: isBigEndian)
    } else if file.contains(where: { $0 >= 0x80 }), String(validating: file, as: UTF8.self) == nil {
      (encoding, bytes) = (.windows1252, RecordingText.fromWindows(file))
    } else {
      (encoding, bytes) = (.utf8, file)
    }
  }

  /// Returns the byte order of UTF-16, by the byte-order mark or by the zero bytes of Latin letters.
  ///
  /// - Returns: `nil` if the file is not UTF-16.
  private static func isBigEndian(_ file: [UInt8]) -> Bool? {
    if file.starts(with: [0xFF, 0xFE]) { return false }
    if file.starts(with: [0xFE, 0xFF]) { return true }
    let start = file.prefix(256)
    guard start.count >= 4 else { return nil }
    let zeros = start.indices.filter { start[$0] == 0 }
    guard zeros.count * 5 >= start.count * 2 else { return nil }
    let even = zeros.count { $0 % 2 == 0 }
    return even == zeros.count ? true : even == 0 ? false : nil
  }

  private static func transcoded(_ file: [UInt8], isBigEndian: Bool) -> [UInt8] {
    let start = file.starts(with: isBigEndian ? [0xFE, 0xFF] : [0xFF, 0xFE]) ? 2 : 0
    let (high, low) = isBigEndian ? (0, 1) : (1, 0)
    let units = stride(from: start, to: file.count - 1, by: 2).map { place -> UInt16 in
      UInt16(file[place + high]) << 8 | UInt16(file[place + low])
    }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }

  private static func fromWindows(_ file: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(file.count + file.count / 8)
    for byte in file {
      if byte < 0x80 {
        bytes.append(byte)
      } else {
        // Of the characters outside Latin-1, only the euro sign and dashes occur in energy data.
        let scalar: UInt32 =
          switch byte {
          case 0x80: 0x20AC
          case 0x96: 0x2013
          case 0x97: 0x2014
          default: UInt32(byte)
          }
        bytes.append(contentsOf: UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
      }
    }
    return bytes
  }

  /// Returns the bytes of a file or pipe.
  ///
  /// - Throws: ``RecordingError`` with the system's message, also for a folder.
  static func contents(of path: String) throws(RecordingError) -> [UInt8] {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw RecordingError(path, message: "cannot be read: Is a directory")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw RecordingError(path, message: "cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { try? handle.close() }
    do {
      return [UInt8](try handle.readToEnd() ?? Data())
    } catch {
      throw RecordingError(path, message: "cannot be read: \(error.localizedDescription)")
    }
  }
}
