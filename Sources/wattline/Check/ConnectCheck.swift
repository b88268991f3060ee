import Foundation
import InfluxSink
import MQTTSource
import PayloadDecoding
import PlantConfig
import Settings

/// `wattline check --connect`: tries broker, database and journal as the process would use them.
enum ConnectCheck {
  static let option = Option(
    name: "--connect", value: nil, help: "tries broker, database and the journal's folder as well")

  static let details = """

    --connect tries what the files name, without disturbing a running process: the broker's name,
    port and certificate, credentials, publishing and reading back below wattline/check/, and each
    subscription of the plants; the database's version, clock, writing and reading of a point that is
    deleted again; the journal's folder and the room on its disk. Each step is a line ok, warning or
    failed with what to do, and takes at most ten seconds. The exit code is 1 if one failed. Run it as
    the user of the process.
    """

  /// Returns all steps, in the order in which they were tried.
  ///
  /// - Parameters:
  ///   - loaded: A valid configuration.
  ///   - told: Receives each part's steps as soon as they are known.
  static func run(_ loaded: LoadedConfiguration, told: ([ProbeStep]) -> Void) -> [ProbeStep] {
    signal(SIGPIPE, SIG_IGN)
    let parts: [() -> [ProbeStep]] = [
      {
        let filters = SubscriptionPlan.filters(of: loaded.plants, connections: 1).flatMap(\.self)
        return BrokerProbe(loaded.settings.mqtt).run(filters: filters)
      },
      { DatabaseProbe(loaded.settings.influxdb).run() }, { JournalProbe(loaded.settings.journal).run() },
    ]
    return parts.flatMap { part in
      let steps = part()
      told(steps)
      return steps
    }
  }

  /// Returns a step as a line.
  static func line(_ step: ProbeStep) -> String {
    let name = step.outcome.rawValue
    return "\(name)\(String(repeating: " ", count: 8 - name.count))\(step.part) \(step.step): \(step.words)"
  }

  /// Returns the steps for `--json`.
  static func document(_ steps: [ProbeStep]) -> [String: Any] {
    [
      "ok": !steps.contains { $0.outcome == .failed },
      "steps": steps.map { step in
        ["part": step.part, "step": step.step, "outcome": step.outcome.rawValue, "message": step.words]
      },
    ]
  }
}
