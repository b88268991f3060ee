import Foundation
import SystemCore

/// Metrics of the process under the names that Prometheus's client libraries use.
enum ProcessMetrics {
  /// Returns the metrics that `/proc` gives.
  static func families() -> [MetricFamily] {
    var families = [
      MetricFamily(
        "process_cpu_seconds", kind: .counter, help: "Processor time of the process.",
        value: .decimal(Double(SystemClock.processTime()) / 1e9))
    ]
    func gauge(_ name: String, _ value: Double?, _ help: String) {
      guard let value else { return }
      families.append(MetricFamily(name, kind: .gauge, help: help, value: .decimal(value)))
    }
    let page = Double(sysconf(Int32(_SC_PAGESIZE)))
    let sizes = fields("/proc/self/statm")
    gauge("process_virtual_memory_bytes", sizes.first.map { $0 * page }, "Virtual memory of the process.")
    gauge("process_resident_memory_bytes", sizes.dropFirst().first.map { $0 * page }, "Resident memory of the process.")
    gauge("process_start_time_seconds", startTime(), "Start of the process since 1970.")
    let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    gauge("process_open_fds", open.map(Double.init), "Open files of the process.")
    var limit = rlimit()
    let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    gauge("process_max_fds", isKnown ? Double(limit.rlim_cur) : nil, "Limit of open files.")
    return families
  }

  private static func fields(_ path: String) -> [Double] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    return text.split(separator: " ").compactMap { Double($0) }
  }

  /// Returns the start of the process [s since the epoch] from field 22 of `/proc/self/stat` and the boot time.
  private static func startTime() -> Double? {
    guard let own = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      let system = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
      // The name of the program may contain spaces.
      let end = own.lastIndex(of: ")"),
      let boot = system.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }).flatMap({
        Double($0.dropFirst(6))
      })
    else { return nil }
    let fields = own[own.index(after: end)...].split(separator: " ")
    guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
    return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
