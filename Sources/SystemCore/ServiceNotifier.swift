public import Glibc
public import WattlineTime

/// Reports of this process to the service manager, by the protocol of `sd_notify(3)`.
///
/// Without a service manager nothing is sent. A report that cannot be delivered is lost, as the protocol intends.
public struct ServiceNotifier: Sendable {
  /// A report.
  public enum Report: Sendable, Equatable {
    /// The service has started.
    case ready
    /// The configuration is read again; ``ready`` ends it.
    case reloading
    /// The service is stopping.
    case stopping
    /// The service is alive.
    case alive
    /// The state in one line, for people.
    case status(String)
  }

  /// Longest time between two ``Report/alive`` before the manager restarts the service; `nil` if it watches none.
  public let watchdogInterval: TimeSpan?
  private let address: String?

  /// Reads where the manager listens, `NOTIFY_SOCKET`, and how long it waits, `WATCHDOG_USEC` for `WATCHDOG_PID`.
  ///
  /// - Parameters:
  ///   - environment: The environment of this process.
  ///   - process: Identifier of this process.
  public init(environment: [String: String], process: Int32 = getpid()) {
    address = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    let isMine = environment["WATCHDOG_PID"].map { Int32($0) == process } ?? true
    let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
    watchdogInterval =
      isMine && microseconds > 0 && microseconds < Int64.max / 1_000 ? TimeSpan(nanoseconds: microseconds * 1_000) : nil
  }

  /// Sends reports in one message.
  public func send(_ reports: Report...) {
    guard let address else { return }
    let text = reports.map(Self.text).joined(separator: "\n")
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var target = sockaddr_un()
    target.sun_family = sa_family_t(AF_UNIX)
    var path = Array(address.utf8)
    // A leading @ stands for the abstract name space, whose names begin with a zero byte.
    if path[0] == UInt8(ascii: "@") { path[0] = 0 }
    guard path.count < MemoryLayout.size(ofValue: target.sun_path) else { return }
    withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: path) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
        _ = sendto(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL), target, length)
      }
    }
  }

  /// Returns the lines of a report.
  static func text(_ report: Report) -> String {
    switch report {
    case .ready: "READY=1"
    case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(SystemClock.monotonic() / 1_000)"
    case .stopping: "STOPPING=1"
    case .alive: "WATCHDOG=1"
    case .status(let words): "STATUS=" + words.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
  }
}
