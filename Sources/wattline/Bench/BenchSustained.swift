import Foundation
import WattlineBenchmarks

/// `wattline bench sustained`: searches the highest rate that this machine sustains.
enum BenchSustained {
  static let description = CommandDescription(
    name: "bench sustained", summary: "the highest rate without a growing queue, and where the CPU time goes",
    options: [
      Option(name: "--sensors", value: "N", help: "sensors (default: 1000)"),
      Option(name: "--plants", value: "N", help: "plants (default: one a hundred sensors)"),
      Option(name: "--from", value: "R", help: "messages a second to begin with (default: 10000)"),
      Option(name: "--rate", value: "R", help: "tries this rate alone"),
      Option(name: "--qos", value: "Q", help: "quality of service (default: 1)"),
      Option(name: "--workers", value: "N", help: "threads for stages, or auto (default: auto)"),
      Option(name: "--seconds", value: "S", help: "length of a try (default: 20)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      Broker, database, pipeline and load generator share this machine. A rate counts as sustained when the generator
      can offer it and all is in the database a second and a twentieth of the time after the last message.
      The table tells how long each process, and each thread of the pipeline, ran, and how long it could have run and
      waited for a core: what does one or the other all the time is what limits.
      """,
    examples: ["wattline bench sustained", "wattline bench sustained --rate 20000 --workers 2"])

  static func run(_ arguments: Arguments) throws {
    let sustained = Sustained(
      program: CommandLine.executable,
      fleet: try arguments.fleet, qos: try arguments.qos ?? 1, workers: arguments.text("--workers") ?? "auto",
      seconds: max(5, try arguments.number("--seconds", in: 0.001...86_400, words: "from 0.001 to 86400") ?? 20))
    if let rate = try arguments.rate() {
      let trial = try sustained.trial(at: rate)
      return arguments.has("--json") ? try Console.print(json: trial) : show(trial)
    }
    let from = try arguments.rate("--from") ?? 10_000
    let (highest, beyond) = try sustained.search(from: from) { trial in
      let word = trial.isSustained ? "sustained" : "not sustained"
      let figures = String(
        format: "%.0f/s offered, %.0f/s published, drained in %.1f s", trial.rate, trial.published, trial.drainSeconds)
      Console.report("\(figures): \(word)")
    }
    if arguments.has("--json") { return try Console.print(json: [highest, beyond].compactMap(\.self)) }
    for trial in [highest, beyond].compactMap(\.self) { show(trial) }
  }

  private static func show(_ trial: Sustained.Trial) {
    let words = trial.isSustained ? "sustained" : "not sustained"
    Console.print(String(format: "%.0f messages a second, %@", trial.rate, words))
    Console.print("  runs  waits  [% of the time]")
    for share in trial.shares {
      Console.print(String(format: "%6.1f %6.1f  %@", share.percent, share.waiting, share.name))
    }
  }
}

/// `wattline bench latency`: measures the time from a message to its visible point and its alert.
enum BenchLatency {
  static let description = CommandDescription(
    name: "bench latency", summary: "from a publish to its point in the database, and to its alert over MQTT",
    options: [
      Option(name: "--sensors", value: "N", help: "sensors of the load (default: 1000)"),
      Option(name: "--rate", value: "R", help: "messages a second of the load (default: 10000)"),
      Option(name: "--probes", value: "N", help: "messages that are followed (default: 300)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      Beside a load at QoS 1, numbered messages are followed until a query finds them, and messages out of range until the
      alert that they raise comes to a subscriber. The database is asked every few milliseconds; the times are those of
      the answer that has the point, and in brackets those of the question before it.
      """,
    examples: ["wattline bench latency", "wattline bench latency --rate 20000 --json"])

  static func run(_ arguments: Arguments) throws {
    var load = LoadGenerator.Load()
    load.fleet = try arguments.fleet
    load.rate = try arguments.rate() ?? 10_000
    let latency = Latency(
      program: CommandLine.executable, load: load, probes: try arguments.count("--probes", in: 1...1_000_000) ?? 300)
    let outcome = try latency.run { Console.report($0) }
    if arguments.has("--json") { return try Console.print(json: outcome) }
    Console.print(String(format: "beside %.0f messages a second, %d probes", outcome.rate, outcome.probes))
    Console.print(
      String(
        format: "publish to visible   p50 %.0f ms (%.0f)   p99 %.0f ms (%.0f)", outcome.visible.p50,
        outcome.visibleAtLeast.p50, outcome.visible.p99, outcome.visibleAtLeast.p99))
    Console.print(
      String(format: "publish to alert     p50 %.0f ms        p99 %.0f ms", outcome.alert.p50, outcome.alert.p99))
    if outcome.missing > 0 { Console.print("\(outcome.missing) did not come within ten seconds") }
  }
}
