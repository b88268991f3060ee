import Glibc
import Journal

/// Keeps dead letters in `*.lp.zst` files that only their owner can read; together they have a bound.
///
/// A file is a row of zstd frames, one a letter, each on the disk before the next: a crash costs nothing, and `zstdcat`
/// shows them all. It is opened for each letter and locked meanwhile, so that ``DeadLetters`` may take a file away at
/// any time between two.
struct DeadLetterFile {
  /// Files that were removed because newer ones needed the room.
  private(set) var filesRemoved: UInt64 = 0

  private let directory: String
  private let mostBytes: Int
  private var path: String?
  private var number = 0

  init(directory: String, mostBytes: Int) {
    self.directory = directory
    self.mostBytes = max(mostBytes, 1)
  }

  /// Writes a letter to the disk; `false` with `errno` if that failed, and then nothing of it is in the file.
  mutating func write(_ letter: DeadLetter) -> Bool {
    guard let frame = letter.text.withUnsafeBytes({ Zstandard.compressed($0) }) else { return false }
    guard let descriptor = open(at: letter.time.milliseconds) else { return false }
    defer { close(descriptor) }
    var size = stat()
    guard fstat(descriptor, &size) == 0 else { return false }
    guard Self.append(frame[...], to: descriptor), fdatasync(descriptor) == 0 else {
      let code = errno
      // Half a frame would spoil the one after it.
      _ = ftruncate(descriptor, size.st_size)
      errno = code
      return false
    }
    if Int(size.st_size) + frame.count >= mostBytes / 8 { path = nil }
    bound()
    return true
  }

  /// The file that is being filled, locked, or a new one.
  private mutating func open(at milliseconds: Int64) -> Int32? {
    if let path, let descriptor = locked(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC) { return descriptor }
    var made = ""
    for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
      made += part + "/"
      mkdir(made, 0o700)
    }
    for _ in 0..<1000 {
      number += 1
      let name = "\(directory)/refused-\(milliseconds)-\(number).lp.zst"
      if let descriptor = locked(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC) {
        path = name
        return descriptor
      }
      if errno != EEXIST { break }
    }
    return nil
  }

  /// Opens and locks a file that still has its name then.
  private func locked(_ path: String, _ flags: Int32) -> Int32? {
    let descriptor = Glibc.open(path, flags, 0o600)
    guard descriptor >= 0 else { return nil }
    var own = stat()
    var named = stat()
    if flock(descriptor, LOCK_EX) == 0, fstat(descriptor, &own) == 0, stat(path, &named) == 0,
      own.st_ino == named.st_ino
    {
      return descriptor
    }
    close(descriptor)
    return nil
  }

  /// Removes the oldest files until all together are within the bound; that being filled stays.
  private mutating func bound() {
    var files = DeadLetters(directory: directory).files()
    var sum = files.reduce(0) { $0 + $1.bytes }
    while sum > mostBytes, let oldest = files.first, oldest.path != path {
      unlink(oldest.path)
      sum -= oldest.bytes
      files.removeFirst()
      filesRemoved += 1
    }
  }

  /// Writes bytes at the end of a file.
  static func append(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { source in
      var written = 0
      while written < source.count {
        let count = Glibc.write(descriptor, source.baseAddress.map { $0 + written }, source.count - written)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        written += count
      }
      return true
    }
  }
}
