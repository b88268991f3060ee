import Foundation
import WattlineBenchmarks

/// `wattline bench`: measures the cost of a reading on each hot path.
enum BenchCommand {
  static let description = CommandDescription(
    name: "bench", summary: "times the ways of a reading, one by one", optionalOperands: ["NAME"],
    options: [Option(name: "--json", value: nil, help: "prints one JSON document")],
    details: """
      CPU time of one thread a reading, median of five rounds over 1,000 sensors; instructions, where the machine counts
      them; and blocks taken from the heap. Build with -c release; a debug build says nothing. Beside the names below,
      `bench end-to-end` and other words after `bench` are commands of their own; `wattline --help` lists them. NAME is
      one of
      \(HotPath.all.map { "  \(padded($0.name, width: 14))  \($0.summary)" }.joined(separator: "\n"))
        \(padded("sensor", width: 14))  what a sensor holds of the heap in cleaning, windows and health
      """,
    examples: ["wattline bench", "wattline bench stages --json"])

  static func run(_ arguments: Arguments) throws {
    let wanted = arguments.operands.first
    if wanted == "sensor" { return try printMemory(asJSON: arguments.has("--json")) }
    let paths = HotPath.all.filter { wanted == nil || $0.name == wanted }
    guard !paths.isEmpty else {
      throw Misuse(
        message: "there is no benchmark '\(wanted ?? "")'; there are \(HotPath.all.map(\.name).joined(separator: ", "))"
      )
    }
    let load = SensorLoad()
    var results: [HotPathResult] = []
    for path in paths {
      let result = try path.measure(load)
      results.append(result)
      if !arguments.has("--json") { Console.print(line(result)) }
    }
    if arguments.has("--json") { return try Console.print(json: results) }
    if wanted == nil { try printMemory(asJSON: false) }
  }

  private static func printMemory(asJSON: Bool) throws {
    let memory = SensorMemory.measure()
    if asJSON { return try Console.print(json: memory) }
    let parts = [memory.cleaning, memory.windows, memory.health].map { String(format: "%.0f", $0) }
    Console.print(
      "\(padded("sensor", width: 14)) \(String(format: "%8.0f B", memory.total)) a sensor: cleaning \(parts[0]), windows "
        + "\(parts[1]), health \(parts[2])")
  }

  private static func line(_ result: HotPathResult) -> String {
    let time = String(format: "%8.1f ns", result.nanosecondsPerReading)
    let rate = String(format: "%7.2f M/s", 1e3 / result.nanosecondsPerReading)
    let heap = String(format: "%6.3f allocations", result.allocationsPerReading)
    let work = result.instructionsPerReading.map { String(format: "%7.0f instructions  ", $0) } ?? ""
    return "\(padded(result.name, width: 14)) \(time)  \(rate)  \(work)\(heap)   \(result.summary)"
  }

  private static func padded(_ text: String, width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
