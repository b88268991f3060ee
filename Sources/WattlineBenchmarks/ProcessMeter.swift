import Foundation

/// CPU time and memory of another process, as the kernel counts them.
struct ProcessMeter {
  let identifier: Int32

  /// CPU time since the process began [s]; 0 when it is gone. From the scheduler, which counts nanoseconds, over all
  /// threads that live.
  var cpuSeconds: Double {
    let folder = "/proc/\(identifier)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return threads.reduce(0) { sum, thread in
      let text = (try? String(contentsOfFile: "\(folder)/\(thread)/schedstat", encoding: .utf8)) ?? ""
      return sum + (text.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1e9
    }
  }

  /// Resident memory [bytes]; 0 when the process is gone.
  var residentBytes: Int {
    let text = (try? String(contentsOfFile: "/proc/\(identifier)/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }
}
