import Glibc

/// Encryption of an archive by the program `age`: ChaCha20-Poly1305 in chunks, so that a changed, swapped or missing
/// byte is noticed.
///
/// `age` was chosen over `openssl enc`, which has no authenticated mode. A machine that makes backups needs the public
/// part of a key only. The archive passes through the program in pieces, so memory is bounded.
final class Cipher {
  /// First bytes of an encrypted file, binary or as text.
  private static let marks = ["age-encryption.org/", "-----BEGIN AGE ENCRYPTED FILE-----"]
  private let program: ChildProgram
  private var socket: Int32

  /// Starts the encryption into an open file.
  ///
  /// - Parameters:
  ///   - keyFile: an identity file of `age-keygen`, or a file of recipients.
  ///   - file: receives the encrypted bytes.
  init(_ keyFile: String, to file: Int32) throws(BackupError) {
    let words = ["age", "--encrypt", try Self.hasIdentity(keyFile) ? "--identity" : "--recipients-file", keyFile]
    let ends = try Self.sockets()
    defer { close(ends.0) }
    socket = ends.1
    program = try Self.started(words, ends: ends, input: ends.0, output: file)
  }

  deinit { if socket >= 0 { close(socket) } }

  /// Encrypts bytes.
  func write(_ bytes: UnsafeRawBufferPointer) throws(BackupError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = send(
        socket, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        try program.wait()
        throw .system("writing to age")
      }
    }
  }

  /// Writes the last bytes and waits for the program to end.
  func finish() throws(BackupError) {
    close(socket)
    socket = -1
    try program.wait()
  }

  /// Returns whether a file starts as encrypted ones do.
  static func isEncrypted(_ start: [UInt8]) -> Bool { marks.contains { start.starts(with: $0.utf8) } }

  /// Starts the decryption of an open file.
  ///
  /// - Parameters:
  ///   - file: the encrypted file.
  ///   - keyFile: identity file with the private key.
  /// - Returns: the program, and the descriptor to read from, which the caller closes.
  static func decrypting(_ file: Int32, keyFile: String) throws(BackupError) -> (program: ChildProgram, output: Int32) {
    guard try hasIdentity(keyFile) else {
      throw BackupError("\(keyFile) has no private key; a backup is read with the file that age-keygen wrote")
    }
    let ends = try sockets()
    defer { close(ends.0) }
    let words = ["age", "--decrypt", "--identity", keyFile]
    return (try started(words, ends: ends, input: file, output: ends.0), ends.1)
  }

  private static func started(
    _ words: [String], ends: (Int32, Int32), input: Int32, output: Int32
  ) throws(BackupError) -> ChildProgram {
    do throws(BackupError) { return try ChildProgram(words, package: "age", input: input, output: output) } catch {
      close(ends.1)
      throw error
    }
  }

  private static func hasIdentity(_ keyFile: String) throws(BackupError) -> Bool {
    let descriptor = open(keyFile, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("reading the key file \(keyFile)") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { throw BackupError("the key file \(keyFile) is empty; make one with age-keygen -o FILE") }
    return String(decoding: bytes[..<count], as: UTF8.self).contains("AGE-SECRET-KEY-")
  }

  /// Returns two connected sockets, closed in child processes. Unlike a pipe, writing to one whose reader has ended
  /// raises no signal.
  private static func sockets() throws(BackupError) -> (Int32, Int32) {
    var ends: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw .system("making a socket") }
    return (ends[0], ends[1])
  }
}
