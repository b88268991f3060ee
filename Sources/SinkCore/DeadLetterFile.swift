import Compression
import Glibc
import Journal
import WattlineTime

/// Writer of dead letters to `*.lp.zst` files that only their owner can read. Their total size is limited.
///
/// A file is a sequence of zstd frames, one per letter. Each frame is synced before the next is written, so a crash
/// loses none, and `zstdcat` prints them all. The file is opened and locked for each letter only. ``DeadLetters`` may
/// therefore remove a file between two letters.
struct DeadLetterFile {
  /// Number of files removed to make room for newer ones.
  private(set) var filesRemoved: UInt64 = 0

  private let directory: String
  private let mostBytes: Int
  private var path: String?
  private var number = 0

  init(directory: String, mostBytes: Int) {
    self.directory = directory
    self.mostBytes = max(mostBytes, 1)
  }

  /// Writes a letter to the disk. On failure returns `false` with `errno`, and the file is unchanged.
  mutating func write(_ letter: DeadLetter) -> Bool {
    guard let frame = letter.text.withUnsafeBytes({ Zstandard.compressed($0) }) else { return false }
    guard let descriptor = open(at: letter.time.milliseconds) else { return false }
    defer { close(descriptor) }
    var size = stat()
    guard fstat(descriptor, &size) == 0 else { return false }
    guard Self.append(frame[...], to: descriptor), fdatasync(descriptor) == 0 else {
      let code = errno
      // An incomplete frame would make the following one unreadable.
      _ = ftruncate(descriptor, size.st_size)
      errno = code
      return false
    }
    if Int(size.st_size) + frame.count >= mostBytes / 8 { path = nil }
    bound()
    return true
  }

  /// Opens and locks the current file, or creates a new one.
  private mutating func open(at milliseconds: Int64) -> Int32? {
    if let path, let descriptor = locked(path, flags: O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC) {
      return descriptor
    }
    var made = ""
    for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
      made += part + "/"
      mkdir(made, 0o700)
    }
    for _ in 0..<1000 {
      number += 1
      let name = "\(directory)/refused-\(milliseconds)-\(number).lp.zst"
      if let descriptor = locked(name, flags: O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC) {
        path = name
        return descriptor
      }
      if errno != EEXIST { break }
    }
    return nil
  }

  /// Opens and locks a file. Fails if it was renamed or removed in the meantime.
  private func locked(_ path: String, flags: Int32) -> Int32? {
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

  /// Removes the oldest files until the total is within the limit. The current file stays.
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

  /// Appends bytes to a file.
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
