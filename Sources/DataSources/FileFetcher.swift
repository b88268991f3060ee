import Compression
import Foundation
import Glibc
import PayloadDecoding
import PlantModel
import SystemCore
import WattlineTime

/// Files of a folder that grow, are rotated, or are put there whole. Each row is taken once; the files stay.
///
/// A file is known by its number on the disk and its first bytes. A renamed one goes on, and a new one of the same name
/// begins anew. An unfinished last line waits until it is ended, or the file has been rotated away.
final class FileFetcher: Fetcher {
  private let pattern: String
  /// Sizes of compressed files at the last look: one that still grows waits.
  private var sizes: [UInt64: Int] = [:]

  /// Bytes that are read at once.
  private static let chunk = 4 << 20
  /// Most unpacked bytes of a compressed file.
  private static let mostUnpacked = 512 << 20
  /// Most files that are known.
  private static let mostFiles = 20_000
  private static let headLength = 256

  /// Creates a fetcher; a relative path is below `directory`.
  init(_ access: FileAccess, directory: String) {
    pattern = access.path.hasPrefix("/") ? access.path : "\(directory)/\(access.path)"
  }

  func fetch(
    _ span: ClosedRange<Timestamp>, into intake: SourceIntake, isOver: @escaping @Sendable () -> Bool
  ) throws(FetchError) -> FetchResult {
    var result = FetchResult()
    let folder = (pattern as NSString).deletingLastPathComponent
    if !folder.contains(where: { "*?[".contains($0) }), !FileManager.default.fileExists(atPath: folder) {
      throw .passing("there is no folder '\(folder)'")
    }
    let paths = Self.matches(of: pattern)
    if paths.isEmpty { result.hint = "no file matches '\(pattern)'" }
    var present: [(path: String, status: stat, isRotated: Bool)] = []
    for path in paths { if let status = Self.status(path) { present.append((path, status, false)) } }
    present += rotated(in: folder, besides: present.map { UInt64($0.status.st_ino) }, marks: intake.state.files)
    // The oldest first, as they were written.
    present.sort { Self.order($0) < Self.order($1) }
    for file in present {
      if isOver() { throw FetchError(kind: .stopped, words: "stopped") }
      try read(file.path, status: file.status, isRotated: file.isRotated, into: intake, result: &result, isOver: isOver)
    }
    let numbers = Set(present.map { UInt64($0.status.st_ino) })
    intake.state.files.removeAll { !numbers.contains($0.inode) }
    if intake.state.files.count > Self.mostFiles {
      intake.state.files.removeFirst(intake.state.files.count - Self.mostFiles)
    }
    return result
  }

  private static func order(_ file: (path: String, status: stat, isRotated: Bool)) -> (Int, Int, String) {
    (file.status.st_mtim.tv_sec, file.status.st_mtim.tv_nsec, file.path)
  }

  private static func matches(of pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return status
  }

  /// Returns the files of a folder that were followed under another name.
  private func rotated(
    in folder: String, besides known: [UInt64], marks: [SourceState.FileMark]
  ) -> [(path: String, status: stat, isRotated: Bool)] {
    let wanted = Set(marks.map(\.inode)).subtracting(known)
    if wanted.isEmpty { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      guard let status = Self.status("\(folder)/\(name)"), wanted.contains(UInt64(status.st_ino)) else { return nil }
      return ("\(folder)/\(name)", status, true)
    }
  }

  // MARK: One file

  private func read(
    _ path: String, status: stat, isRotated: Bool, into intake: SourceIntake, result: inout FetchResult,
    isOver: @escaping @Sendable () -> Bool
  ) throws(FetchError) {
    let (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
    let place = intake.state.files.firstIndex { $0.device == device && $0.inode == inode }
    if let place, intake.state.files[place].offset == Int(status.st_size) { return }
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw .passing("'\(path)' cannot be read: \(String(cString: strerror(errno)))") }
    defer { close(file) }
    let size = Int(status.st_size)
    var mark = place.map { intake.state.files[$0] }
    // A file that was emptied and written anew, or another with an old number.
    if let known = mark, known.offset > size || known.head != Self.head(of: file, length: known.headLength) {
      mark = nil
    }
    let length = min(size, Self.headLength)
    var next =
      mark
      ?? SourceState.FileMark(
        device: device, inode: inode, head: Self.head(of: file, length: length), headLength: length, offset: 0, lines: 0
      )
    if next.headLength < length { (next.head, next.headLength) = (Self.head(of: file, length: length), length) }
    if let begin = Self.bytes(of: file, at: 0, count: 4), Self.isCompressed(begin) {
      if isRotated, mark == nil { return }
      try readCompressed(file, size: size, path: path, mark: &next, into: intake, result: &result)
    } else {
      try readPlain(
        file, size: size, path: path, isRotated: isRotated, mark: &next, into: intake, result: &result, isOver: isOver)
    }
    Self.keep(next, in: &intake.state)
  }

  private static func keep(_ mark: SourceState.FileMark, in state: inout SourceState) {
    if let place = state.files.firstIndex(where: { $0.device == mark.device && $0.inode == mark.inode }) {
      state.files[place] = mark
    } else {
      state.files.append(mark)
    }
  }

  private func readPlain(
    _ file: Int32, size: Int, path: String, isRotated: Bool, mark: inout SourceState.FileMark,
    into intake: SourceIntake, result: inout FetchResult, isOver: @escaping @Sendable () -> Bool
  ) throws(FetchError) {
    var headings: ColumnHeadings?
    if intake.source.hasHeadings {
      guard let head = Self.bytes(of: file, at: 0, count: min(size, 64 << 10)),
        let found = Self.headings(of: head, isWhole: isRotated, separator: intake.source.rule.separator)
      else { return }
      headings = found.headings
      if mark.offset == 0 { (mark.offset, mark.lines) = (found.end, found.lines) }
    }
    while mark.offset < size {
      if isOver() { throw FetchError(kind: .stopped, words: "stopped") }
      let count = min(size - mark.offset, Self.chunk)
      guard let bytes = Self.bytes(of: file, at: mark.offset, count: count), !bytes.isEmpty else {
        throw .passing("'\(path)' cannot be read: \(String(cString: strerror(errno)))")
      }
      let isEnd = mark.offset + bytes.count >= size
      let (lines, taken) = TextRows.whole(bytes, isLast: isEnd && isRotated)
      if taken == 0 {
        if !isEnd { throw .passing("'\(path)' has a line of more than \(Self.chunk >> 20) MB") }
        return
      }
      try take(bytes, lines: lines, path: path, headings: headings, first: mark.lines, into: intake, result: &result)
      mark.offset += taken
      mark.lines += lines.count
      Self.keep(mark, in: &intake.state)
    }
  }

  private func readCompressed(
    _ file: Int32, size: Int, path: String, mark: inout SourceState.FileMark, into intake: SourceIntake,
    result: inout FetchResult
  ) throws(FetchError) {
    // One that is being copied into the folder is taken at the next look, if it has not grown.
    guard sizes.updateValue(size, forKey: mark.inode) == size else { return }
    guard let packed = Self.bytes(of: file, at: 0, count: size), packed.count == size,
      let text = Self.unpacked(packed)
    else { throw .passing("'\(path)' is not a whole gzip or zstd file of at most \(Self.mostUnpacked >> 20) MB") }
    var headings: ColumnHeadings?
    var (lines, _) = TextRows.whole(text, isLast: true)
    var first = 0
    if intake.source.hasHeadings {
      guard let found = lines.firstIndex(where: { !$0.isEmpty }) else { return }
      headings = ColumnHeadings(
        String(decoding: text[lines[found]], as: UTF8.self), separator: intake.source.rule.separator)
      first = found + 1
      lines.removeFirst(first)
    }
    try take(text, lines: lines, path: path, headings: headings, first: first, into: intake, result: &result)
    (mark.offset, mark.lines) = (size, lines.count)
    sizes[mark.inode] = nil
  }

  private func take(
    _ bytes: [UInt8], lines: [Range<Int>], path: String, headings: ColumnHeadings?, first: Int,
    into intake: SourceIntake, result: inout FetchResult
  ) throws(FetchError) {
    var news = SourceIntake.News()
    var part = FetchResult()
    do throws(FetchError) {
      for (number, line) in lines.enumerated() where !line.isEmpty {
        try TableReader.row(
          bytes[line], number: first + number + 1, headings: headings, into: intake, news: &news, result: &part)
      }
    } catch {
      throw error.kind == .passing ? .passing("'\(path)': \(error.words)") : error
    }
    try intake.append(news)
    part.add(news)
    result.rows += part.rows
    result.unreadable += part.unreadable
    if result.hint == nil, let hint = part.hint { result.hint = "'\(path)': \(hint)" }
  }

  // MARK: Bytes

  /// Returns the headings in the first bytes of a file, with the end of their line; `nil` while that is unfinished.
  private static func headings(
    of head: [UInt8], isWhole: Bool, separator: String?
  ) -> (headings: ColumnHeadings, end: Int, lines: Int)? {
    let (lines, _) = TextRows.whole(head, isLast: isWhole)
    guard let first = lines.firstIndex(where: { !$0.isEmpty }) else { return nil }
    let end = head[lines[first].upperBound...].firstIndex(of: 0x0A).map { $0 + 1 } ?? head.count
    let line = String(decoding: head[lines[first]], as: UTF8.self)
    return (ColumnHeadings(line, separator: separator), end, first + 1)
  }

  private static func head(of file: Int32, length: Int) -> UInt64 {
    var hash = StableHash()
    hash.add(bytes(of: file, at: 0, count: length) ?? [])
    return hash.value
  }

  private static func bytes(of file: Int32, at offset: Int, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: max(count, 0))
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        pread(file, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
      }
      if got < 0, errno == EINTR { continue }
      if got < 0 { return nil }
      if got == 0 { break }
      done += got
    }
    return Array(bytes.prefix(done))
  }

  private static func isCompressed(_ begin: [UInt8]) -> Bool {
    begin.starts(with: [0x1F, 0x8B]) || begin.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
  }

  /// Returns the content of a gzip or zstd file; `nil` if it is damaged, unfinished or too long.
  static func unpacked(_ packed: [UInt8]) -> [UInt8]? {
    packed.withUnsafeBytes { source in
      if packed.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
        return Zstandard.decompressed(source, mostBytes: mostUnpacked)
      }
      var room = min(max(packed.count * 8, 1 << 16), mostUnpacked)
      while true {
        var target = [UInt8](repeating: 0, count: room)
        let result = target.withUnsafeMutableBytes { Deflate.unpack(source, into: $0) }
        switch result {
        case .bytes(let count): return Array(target.prefix(count))
        case .needsRoom where room < mostUnpacked: room = min(room * 4, mostUnpacked)
        default: return nil
        }
      }
    }
  }
}
