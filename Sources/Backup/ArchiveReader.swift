import Compression
import Glibc

/// Reads an archive from its start to its end, in bounded memory.
final class ArchiveReader {
  private static let chunk = 128 << 10
  private let path: String
  private let file: Int32
  private var source: Int32
  private let cipher: ChildProgram?
  private let decoder: ZstandardDecoder
  private let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: ArchiveReader.chunk, alignment: 16)
  private var packedRange = 0..<0
  private var isAtFrameEnd = false
  private var isSourceAtEnd = false
  /// Bytes of the present member that were not read yet, and the zeros behind it.
  private var left = (content: 0, padding: 0)

  /// Opens an archive.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - keyFile: identity file with the private key, needed if the archive is encrypted.
  /// - Throws: ``BackupError`` if it cannot be read, or is no archive of this program.
  init(_ path: String, keyFile: String?) throws(BackupError) {
    guard let decoder = ZstandardDecoder() else { throw BackupError("there is no memory for decompression") }
    self.path = path
    self.decoder = decoder
    file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      packed.deallocate()
      throw .system("opening \(path)")
    }
    do throws(BackupError) {
      (source, cipher) = try Self.source(file, path: path, keyFile: keyFile)
    } catch {
      packed.deallocate()
      close(file)
      throw error
    }
  }

  deinit {
    if source != file { close(source) }
    close(file)
    packed.deallocate()
  }

  private static func source(
    _ file: Int32, path: String, keyFile: String?
  ) throws(BackupError) -> (Int32, ChildProgram?) {
    var start = [UInt8](repeating: 0, count: 64)
    let count = pread(file, &start, start.count, 0)
    guard count >= 0 else { throw .system("reading \(path)") }
    if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return (file, nil) }
    guard Cipher.isEncrypted(start) else { throw BackupError("\(path) is no backup of wattline") }
    guard let keyFile else { throw BackupError("\(path) is encrypted; give the private key with --key-file FILE") }
    let (program, output) = try Cipher.decrypting(file, keyFile: keyFile)
    return (output, program)
  }

  /// Moves to the next member; `nil` at the end of the archive, once all of the file was read and is intact.
  func next() throws(BackupError) -> TarFormat.Header? {
    try skip(left.content + left.padding)
    var extended: (name: String?, size: Int?) = (nil, nil)
    while true {
      guard var header = try TarFormat.header(try bytes(TarFormat.blockSize)) else {
        try finish()
        return nil
      }
      if header.kind == .extended {
        guard header.size <= TarFormat.longestExtension else { throw damaged("a header is too long") }
        extended = try TarFormat.values(ofExtension: try bytes(header.size))
        try skip(TarFormat.padding(after: header.size))
        continue
      }
      header.name = extended.name ?? header.name
      header.size = extended.size ?? header.size
      guard header.size >= 0 else { throw damaged("a size is negative") }
      left = (header.size, TarFormat.padding(after: header.size))
      return header
    }
  }

  /// Reads the content of the present member. Returns the number of bytes, 0 at its end.
  func read(into target: UnsafeMutableRawBufferPointer) throws(BackupError) -> Int {
    let count = min(target.count, left.content)
    if count == 0 { return 0 }
    try fill(UnsafeMutableRawBufferPointer(rebasing: target[..<count]))
    left.content -= count
    return count
  }

  /// Reads the whole content of the present member, which is at most `most` bytes.
  func content(most: Int) throws(BackupError) -> [UInt8] {
    guard left.content <= most else { throw damaged("a member is too large") }
    let content = try bytes(left.content)
    left.content = 0
    return content
  }

  private func finish() throws(BackupError) {
    left = (0, 0)
    // The bytes behind the end must be read too, or the checksums of frame and encryption would stay unread.
    let rest = UnsafeMutableRawBufferPointer.allocate(byteCount: TarFormat.blockSize, alignment: 16)
    defer { rest.deallocate() }
    while try decode(into: rest) > 0 {}
    try cipher?.wait()
    guard isAtFrameEnd else { throw damaged("its end is missing") }
  }

  private func skip(_ count: Int) throws(BackupError) {
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { room.deallocate() }
    var rest = count
    while rest > 0 {
      let part = min(rest, room.count)
      try fill(UnsafeMutableRawBufferPointer(rebasing: room[..<part]))
      rest -= part
    }
    left = (0, 0)
  }

  private func bytes(_ count: Int) throws(BackupError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBytes { target in
      Result { () throws(BackupError) in try fill(target) }
    }
    try result.get()
    return bytes
  }

  private func fill(_ target: UnsafeMutableRawBufferPointer) throws(BackupError) {
    var done = 0
    while done < target.count {
      let count = try decode(into: UnsafeMutableRawBufferPointer(rebasing: target[done...]))
      if count == 0 {
        // The program's own reason is better than the missing end.
        try cipher?.wait()
        throw damaged("its end is missing")
      }
      done += count
    }
  }

  /// Decompresses some bytes. Returns their number, 0 at the end of the file.
  private func decode(into target: UnsafeMutableRawBufferPointer) throws(BackupError) -> Int {
    while true {
      if packedRange.isEmpty, !isSourceAtEnd {
        let count = Glibc.read(source, packed.baseAddress, packed.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw .system("reading \(path)") }
        if count == 0 { isSourceAtEnd = true } else { packedRange = 0..<count }
      }
      let piece = UnsafeRawBufferPointer(rebasing: packed[packedRange])
      guard let progress = decoder.decode(piece, into: target) else { throw damaged("a checksum does not fit") }
      packedRange = packedRange.lowerBound + progress.used..<packedRange.upperBound
      if progress.used > 0 || progress.written > 0 { isAtFrameEnd = progress.isAtFrameEnd }
      if progress.written > 0 || (isSourceAtEnd && packedRange.isEmpty) { return progress.written }
    }
  }

  private func damaged(_ words: String) -> BackupError { BackupError("\(path) is damaged: \(words)") }
}
