/// The layout of tar archives (POSIX.1-2001, pax), for regular files only.
///
/// A member is a header of 512 bytes and its content, padded to 512 bytes. Two blocks of zeros end the archive. Names
/// above 100 bytes and sizes above 8 GiB are in a header of type `x` before the member's own.
enum TarFormat {
  static let blockSize = 512
  /// Longest name of a member [bytes].
  static let longestName = 1_024
  private static let longestPlainName = 100
  private static let largestPlainSize = 0o777_7777_7777
  /// Longest content of a header of type `x` [bytes].
  static let longestExtension = 8_192

  /// Type of a header.
  enum Kind: UInt8 {
    case file = 0x30
    case extended = 0x78
  }

  /// Content of a header.
  struct Header: Equatable {
    var kind = Kind.file
    var name: String
    var size: Int
  }

  /// Returns the number of zeros after a content of `size` bytes.
  static func padding(after size: Int) -> Int { (blockSize - size % blockSize) % blockSize }

  /// Returns all header blocks of a member.
  ///
  /// - Parameters:
  ///   - name: name of the member.
  ///   - size: size of its content [bytes].
  ///   - modified: time of the last change [s since 1970].
  static func headers(_ name: String, size: Int, modified: Int) -> [UInt8] {
    var records = ""
    if name.utf8.count > longestPlainName { records += record("path", value: name) }
    if size > largestPlainSize { records += record("size", value: "\(size)") }
    var bytes: [UInt8] = []
    if !records.isEmpty {
      bytes += block(.extended, name: "extended", size: records.utf8.count, modified: modified)
      bytes += Array(records.utf8) + [UInt8](repeating: 0, count: padding(after: records.utf8.count))
    }
    let short = name.utf8.count > longestPlainName ? "extended-file" : name
    return bytes + block(.file, name: short, size: min(size, largestPlainSize), modified: modified)
  }

  /// Returns the header in a block, or `nil` if all of it is zero.
  ///
  /// - Throws: ``BackupError`` if the block is damaged, or is of a member that is no regular file.
  static func header(_ block: [UInt8]) throws(BackupError) -> Header? {
    if block.allSatisfy({ $0 == 0 }) { return nil }
    var copy = block
    for position in 148..<156 { copy[position] = 0x20 }
    guard block.count == blockSize, block[257..<262].elementsEqual("ustar".utf8),
      number(block[148..<156]) == copy.reduce(0, { $0 + Int($1) }), let size = number(block[124..<136])
    else { throw BackupError("a header of the archive is damaged") }
    guard let kind = Kind(rawValue: block[156] == 0 ? Kind.file.rawValue : block[156]) else {
      throw BackupError("the archive has a member that is no regular file, which no backup has")
    }
    let name = text(block[0..<100])
    let prefix = text(block[345..<500])
    return Header(kind: kind, name: prefix.isEmpty ? name : "\(prefix)/\(name)", size: size)
  }

  /// Returns name and size from the content of a header of type `x`.
  static func values(ofExtension content: [UInt8]) throws(BackupError) -> (name: String?, size: Int?) {
    var rest = content[...]
    var values: (name: String?, size: Int?) = (nil, nil)
    while let space = rest.firstIndex(of: 0x20) {
      guard let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > space - rest.startIndex + 1,
        length <= rest.count
      else { throw BackupError("a header of the archive is damaged") }
      let record = String(decoding: rest[(space + 1)..<(rest.startIndex + length - 1)], as: UTF8.self)
      rest = rest.dropFirst(length)
      let parts = record.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if parts[0] == "path" { values.name = parts.last }
      if parts[0] == "size" { values.size = parts.last.flatMap { Int($0) } }
    }
    return values
  }

  private static func record(_ key: String, value: String) -> String {
    let rest = " \(key)=\(value)\n"
    var length = rest.utf8.count
    while "\(length)\(rest)".utf8.count != length { length = "\(length)\(rest)".utf8.count }
    return "\(length)\(rest)"
  }

  private static func block(_ kind: Kind, name: String, size: Int, modified: Int) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: blockSize)
    func put(_ text: String, at position: Int) {
      for (index, byte) in text.utf8.enumerated() { block[position + index] = byte }
    }
    put(name, at: 0)
    put("0000600", at: 100)
    put("0000000", at: 108)
    put("0000000", at: 116)
    put(octal(size, digits: 11), at: 124)
    put(octal(max(0, min(modified, largestPlainSize)), digits: 11), at: 136)
    put("        ", at: 148)
    block[156] = kind.rawValue
    put("ustar", at: 257)
    put("00", at: 263)
    put(octal(block.reduce(0) { $0 + Int($1) }, digits: 6), at: 148)
    block[154] = 0
    return block
  }

  private static func octal(_ number: Int, digits: Int) -> String {
    let text = String(number, radix: 8)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.prefix { $0 != 0 }.filter { $0 != 0x20 }
    return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 >= 0 ? $0 : nil }
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// Names of members that may be put back below a folder.
enum MemberName {
  /// Returns whether a name stays below its folder: words between slashes, none of which leads elsewhere.
  static func isSafe(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return name.utf8.count <= TarFormat.longestName && parts.count <= 8
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
      && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }
}
