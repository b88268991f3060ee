import Glibc

/// Follower of a text file to which another program appends, as `tail -F` follows it.
///
/// It survives rotation, by renaming as well as by truncation. Memory is bounded: lines that are too long are left out,
/// and what is too far behind is passed over. One thread at a time may use it.
public final class FileFollower {
  /// Bounds of memory and work.
  public struct Limits: Sendable {
    /// Longest line that is given out [bytes].
    public var line = 64 << 10
    /// Limit of the bytes that are read from one call to the next; older lines are skipped.
    public var behind = 16 << 20
    /// Part before the end at which the first file is begun [bytes].
    public var lead = 1 << 20

    /// Creates the defaults.
    public init() {}
  }

  private let path: String
  private let limits: Limits
  private var file: Int32 = -1
  private var identity: (device: dev_t, inode: ino_t) = (0, 0)
  private var position: Int64 = 0
  /// End of the first file when it was opened. Lines that begin before are old.
  private var oldEnd: Int64 = 0
  private var isFirst = true
  private var line: [UInt8] = []
  /// Whether the rest of the line is left out.
  private var isSkipping = false
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// Creates a follower of a path, at which a file need not exist yet.
  public init(_ path: String, limits: Limits = Limits()) { (self.path, self.limits) = (path, limits) }

  deinit { if file >= 0 { close(file) } }

  /// Gives out the lines that were completed since the last call. The first call gives those of the last part of the
  /// file, as old ones.
  ///
  /// - Parameter take: Receives each line without its end, and whether it was there before the first call.
  /// - Returns: The error number if the file cannot be opened or read; 0 otherwise.
  public func read(_ take: (UnsafeRawBufferPointer, _ isOld: Bool) -> Void) -> Int32 {
    // A rotation is met once a call; a second new file waits for the next.
    for _ in 0..<2 {
      if file < 0 {
        let failure = open()
        if failure != 0 { return failure }
      }
      let failure = readToEnd(take)
      if failure != 0 { return failure }
      guard hasSuccessor else { return 0 }
      close(file)
      file = -1
    }
    return 0
  }

  private func open() -> Int32 {
    defer { isFirst = false }
    // `O_NONBLOCK`: a pipe of that name must not wait for a writer.
    file = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    if file < 0 { return errno }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(file)
      file = -1
      return EINVAL
    }
    identity = (status.st_dev, status.st_ino)
    line.removeAll(keepingCapacity: true)
    oldEnd = isFirst ? Int64(status.st_size) : 0
    position = isFirst ? max(0, oldEnd - Int64(limits.lead)) : 0
    isSkipping = position > 0
    return 0
  }

  /// Whether another file has taken the path.
  private var hasSuccessor: Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return status.st_dev != identity.device || status.st_ino != identity.inode
  }

  private func readToEnd(_ take: (UnsafeRawBufferPointer, Bool) -> Void) -> Int32 {
    var status = stat()
    guard fstat(file, &status) == 0 else { return errno }
    let end = Int64(status.st_size)
    if end < position {
      (position, oldEnd, isSkipping) = (0, 0, false)
      line.removeAll(keepingCapacity: true)
    }
    if end - position > Int64(limits.behind) {
      (position, isSkipping) = (end - Int64(limits.behind), true)
      line.removeAll(keepingCapacity: true)
    }
    while position < end {
      let count = pread(file, &buffer, min(buffer.count, Int(end - position)), off_t(position))
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return count < 0 ? errno : 0 }
      buffer.withUnsafeBytes { split(UnsafeRawBufferPointer(rebasing: $0[..<count]), take) }
      position += Int64(count)
    }
    return 0
  }

  private func split(_ bytes: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer, Bool) -> Void) {
    var start = 0
    while let base = bytes.baseAddress, start < bytes.count,
      let found = memchr(base + start, 0x0A, bytes.count - start)
    {
      let end = UnsafeRawPointer(found) - base
      let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      let isOld = position + Int64(end) < oldEnd
      if !isSkipping, line.count + part.count <= limits.line {
        if line.isEmpty {
          take(part, isOld)
        } else {
          line += part
          line.withUnsafeBytes { take($0, isOld) }
        }
      }
      isSkipping = false
      line.removeAll(keepingCapacity: true)
      start = end + 1
    }
    if isSkipping { return }
    if line.count + bytes.count - start > limits.line {
      isSkipping = true
      line.removeAll(keepingCapacity: true)
    } else {
      line += bytes[start...]
    }
  }
}
