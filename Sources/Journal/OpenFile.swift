import Glibc
import StreamCore
import SystemCore

/// An open file, closed when the last reference is released.
final class OpenFile: Sendable {
  /// Syncs a descriptor to the disk; returns 0, or -1 with `errno`.
  typealias Synchronize = @Sendable (Int32) -> Int32

  let descriptor: Int32
  let path: String
  private let synchronize: Synchronize

  init(
    _ path: String, flags: Int32, synchronize: @escaping Synchronize = { fdatasync($0) }
  ) throws(JournalError) {
    let descriptor = open(path, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw [ENOSPC, EDQUOT].contains(errno) ? .full : .system("opening \(path)")
    }
    self.descriptor = descriptor
    self.path = path
    self.synchronize = synchronize
  }

  deinit { close(descriptor) }

  /// Returns the current size [bytes].
  func size() throws(JournalError) -> Int { Int(try status().st_size) }

  /// Returns whether the file was removed. Data written from then on is lost when the process ends.
  func isRemoved() throws(JournalError) -> Bool { try status().st_nlink == 0 }

  /// Returns whether it is a regular file, neither a folder nor a device.
  func isRegular() throws(JournalError) -> Bool { try status().st_mode & S_IFMT == S_IFREG }

  /// Returns the time of the last change [s since 1970].
  func changed() throws(JournalError) -> Int { try status().st_mtim.tv_sec }

  private func status() throws(JournalError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("asking about \(path)") }
    return status
  }

  /// Reads up to `count` bytes at `position`; fewer if the file ends before.
  func bytes(at position: Int, count: Int) throws(JournalError) -> [UInt8] {
    var failure: JournalError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
      do throws(JournalError) { filled = try read(into: UnsafeMutableRawBufferPointer(target), at: position) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Reads at `position` until `target` is full or the file ends. Returns the number of bytes read.
  func read(into target: UnsafeMutableRawBufferPointer, at position: Int) throws(JournalError) -> Int {
    var done = 0
    while done < target.count, position >= 0, let base = target.baseAddress {
      let count = pread(descriptor, base + done, target.count - done, off_t(position + done))
      if count == 0 { break }
      if count < 0 && errno != EINTR { throw .system("reading \(path)") }
      done += max(0, count)
    }
    return done
  }

  /// Writes a header and a body contiguously at `position`, in one system call unless the kernel writes only a part.
  /// After a failure the file is truncated to `position`.
  ///
  /// - Parameters:
  ///   - header: first part.
  ///   - body: second part, possibly empty.
  ///   - position: file position [bytes].
  /// - Throws: `.full` if the disk or quota is exhausted.
  func write(_ header: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer, at position: Int) throws(JournalError) {
    let total = header.count + body.count
    var done = 0
    while done < total {
      let fromHeader = min(done, header.count)
      let fromBody = done - fromHeader
      var parts = (
        iovec(
          iov_base: UnsafeMutableRawPointer(mutating: header.baseAddress.map { $0 + fromHeader }),
          iov_len: header.count - fromHeader),
        iovec(
          iov_base: UnsafeMutableRawPointer(mutating: body.baseAddress.map { $0 + fromBody }),
          iov_len: body.count - fromBody)
      )
      let count = withUnsafeBytes(of: &parts) {
        pwritev(descriptor, $0.assumingMemoryBound(to: iovec.self).baseAddress, 2, off_t(position + done))
      }
      if count >= 0 {
        done += count
      } else if errno != EINTR {
        let error = SystemError("writing \(path)")
        ftruncate(descriptor, off_t(position))
        throw [ENOSPC, EDQUOT].contains(error.code) ? .full : .system(error)
      }
    }
  }

  /// Writes bytes at `position`.
  func write(_ bytes: [UInt8], at position: Int) throws(JournalError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(JournalError) in
        try write(bytes, body: UnsafeRawBufferPointer(start: nil, count: 0), at: position)
      }
    }
    try result.get()
  }

  /// Truncates the file to `size` bytes.
  func truncate(to size: Int) throws(JournalError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw .system("truncating \(path)") }
  }

  /// Waits until everything written is on the disk.
  func sync() throws(JournalError) {
    guard synchronize(descriptor) == 0 else { throw .system("syncing \(path)") }
  }
}

/// Operations on folders.
enum Folder {
  /// Creates a folder and its missing parents, accessible to the owner only.
  static func make(_ path: String) throws(JournalError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
      if mkdir(made, 0o700) != 0 && errno != EEXIST && errno != EISDIR { throw .system("making the folder \(made)") }
    }
  }

  /// Returns the names in a folder, in no particular order.
  static func names(in path: String) throws(JournalError) -> [String] {
    guard let stream = opendir(path) else { throw .system("listing \(path)") }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
          String(cString: $0)
        }
      }
      names.append(name)
    }
    return names
  }

  /// Makes created, renamed and removed names of a folder durable.
  static func sync(_ path: String) throws(JournalError) {
    let folder = try OpenFile(path, flags: O_RDONLY | O_DIRECTORY)
    guard fsync(folder.descriptor) == 0 else { throw .system("syncing \(path)") }
  }

  /// Returns the space available to an unprivileged user on the folder's disk [bytes].
  static func freeBytes(_ path: String) throws(JournalError) -> Int64 {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw .system("asking about the disk of \(path)") }
    return Int64(
      clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }
}
