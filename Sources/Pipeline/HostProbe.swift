import Glibc
import WattlineTime

/// The state of the process and its machine at one time.
struct HostFacts: Sendable {
  /// Resident memory [bytes]; 0 if unknown.
  var residentBytes: Int64 = 0
  /// Memory that the process may use [bytes]; `nil` if unknown.
  var memoryLimit: Int64?
  /// Free space of the journal's file system for this user [bytes]; `nil` if unknown.
  var diskFree: Int64?
  /// Size of that file system [bytes].
  var diskSize: Int64 = 0
  /// The backlog in the journal and in the spool [bytes].
  var waitingBytes: Int64 = 0
  /// The database's last words while it is away.
  var databaseAway: String?
  /// Time of the database less that of this machine, at its last answer; `nil` if it states none.
  var clockDifference: TimeSpan?
  /// Number of readings so far, and of those whose time is in the future.
  var readings: (all: UInt64, future: UInt64) = (0, 0)
  /// Time for which workers have stood still though nothing holds them up [s].
  var stillSeconds = 0.0
  /// The state of the HTTP interface; `nil` if there is none.
  var interface: InterfaceFacts?
  /// Publishers that the broker has refused lately, the latest first.
  var refused: [RefusedPublisher] = []
}

/// Access to the files by which the kernel tells memory limits; replaced in tests.
struct HostProbe: Sendable {
  /// Returns the content of a small file; `nil` if it cannot be read.
  var read: @Sendable (String) -> String?
  /// Returns the physical memory of the machine [bytes].
  var machineMemory: @Sendable () -> Int64
  /// Returns free space and size of a folder's file system [bytes].
  var disk: @Sendable (String) -> (free: Int64, size: Int64)?
  /// Returns the resident memory of this process [bytes].
  var residentBytes: @Sendable () -> Int64

  /// The machine itself.
  static let live = HostProbe(
    read: HostProbe.file,
    machineMemory: { Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))) },
    disk: HostProbe.fileSystem, residentBytes: { Reporter.residentBytes() })

  /// Returns the least memory limit of the process's control groups, version 2 or 1, and of the machine [bytes].
  func memoryLimit() -> Int64? {
    var limits = [machineMemory()]
    for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
      // `0::/path` is version 2, `N:memory:/path` the memory controller of version 1.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].isEmpty {
        limits += groupLimits(of: parts[2], root: "/sys/fs/cgroup", file: "memory.max")
      } else if parts[1].split(separator: ",").contains("memory") {
        limits += groupLimits(of: parts[2], root: "/sys/fs/cgroup/memory", file: "memory.limit_in_bytes")
      }
    }
    return limits.filter { $0 > 0 }.min()
  }

  /// Returns the limits of a control group and of those above it. In a container its path may not be visible; the root
  /// then is its own group.
  private func groupLimits(of path: Substring, root: String, file: String) -> [Int64] {
    var limits: [Int64] = []
    var levels = path.split(separator: "/")
    while true {
      let folder = ([root] + levels.map(String.init)).joined(separator: "/")
      // `max` is no limit.
      if let text = read(folder + "/" + file), let limit = Int64(text.prefix { !$0.isWhitespace }) {
        limits.append(limit)
      }
      if levels.isEmpty { return limits }
      levels.removeLast()
    }
  }

  private static func file(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func fileSystem(_ folder: String) -> (free: Int64, size: Int64)? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0, status.f_blocks > 0 else { return nil }
    let block = Int64(status.f_frsize)
    // The space that is reserved for root counts as used, as in df.
    let used = Int64(status.f_blocks - status.f_bfree) * block
    let free = Int64(status.f_bavail) * block
    return (free, used + free)
  }
}
