import Foundation

/// CPU time and memory of another process, as counted by the kernel.
struct ProcessMeter {
  let identifier: Int32

  /// CPU time since the process began [s], from the scheduler's nanoseconds, over all living threads; 0 if it is gone.
  var cpuSeconds: Double { threadSeconds.reduce(0) { $0 + $1.seconds } }

  /// CPU time of each living thread [s], by its name, and the time that it was ready to run but waited for a core [s].
  var threadSeconds: [(name: String, seconds: Double, waited: Double)] {
    let folder = "/proc/\(identifier)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return threads.map { thread in
      let text = ProcessMeter.text("\(folder)/\(thread)/schedstat")
      let name = ProcessMeter.text("\(folder)/\(thread)/comm").trimmingCharacters(in: .newlines)
      let nanoseconds = text.split(separator: " ").compactMap { Double($0) }
      return nanoseconds.count < 2 ? (name, 0, 0) : (name, nanoseconds[0] / 1e9, nanoseconds[1] / 1e9)
    }
  }

  /// Peak resident memory [bytes]; 0 if the process is gone.
  var residentPeakBytes: Int {
    let lines = ProcessMeter.text("/proc/\(identifier)/status").split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }) else { return 0 }
    return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 << 10 } ?? 0
  }

  /// Resident memory [bytes]; 0 if the process is gone.
  var residentBytes: Int {
    let pages = ProcessMeter.text("/proc/\(identifier)/statm").split(separator: " ").dropFirst().first
    return (pages.flatMap { Int($0) } ?? 0) * sysconf(Int32(_SC_PAGESIZE))
  }

  private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
