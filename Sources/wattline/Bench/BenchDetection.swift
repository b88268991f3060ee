import Foundation
import PlantModel
import PlantPhysics
import PlantSimulation
import Synchronization
import WattlineTime

/// `wattline bench detection`: injects faults of every kind but `deaf` into simulated plants.
///
/// It counts the faults that the stages detect, the delays, and the false alarms. Each seed is a different plant:
/// place, season, sizes, weather and people. It runs for nine days of learning. From there it runs once per fault,
/// until the fault is detected or its time limit ends, and once for 30 days without faults. A fault is detected by an
/// alert of its own asset or, for faults of sensors, by an alert of the grid's power balance.
struct BenchDetection: Sendable {
  /// Fault to be injected, and the time within which it has to be detected.
  struct Scenario: Sendable {
    var kind: FaultKind
    var target: String
    var limit: TimeSpan
    var severity: Double?
    var protection: Protection?
  }

  /// Condition under which an asset protects itself from a fault: a sensor leaves a range. `error` is the fault's
  /// effect on the sensor.
  struct Protection: Sendable {
    var sensor: String
    var range: ClosedRange<Double>
    var error = 0.0
  }

  /// Results of one kind of fault over all seeds.
  struct Outcome: Sendable {
    var kind: FaultKind
    var runs = 0
    /// Times from onset to alert [s].
    var delays: [Double] = []
    /// Number of faults detected before the asset would have protected itself.
    var inTime = 0
    /// Counts of the rules that detected the fault first.
    var rules: [String: Int] = [:]
  }

  /// Results of a run.
  struct Report: Sendable {
    var outcomes: [Outcome]
    var falseAlarms: [String] = []
    /// Number of assets times days without a fault.
    var assetDays = 0.0
    var falseAlarmsPerAsset30Days: Double { assetDays > 0 ? Double(falseAlarms.count) / assetDays * 30 : 0 }
  }

  static let scenarios = [
    Scenario(kind: .shading, target: "pv", limit: .days(4)),
    Scenario(kind: .stringLoss, target: "pv", limit: .days(4)),
    Scenario(kind: .trip, target: "pv", limit: .hours(2)),
    Scenario(kind: .derating, target: "pv", limit: .days(30)),
    Scenario(kind: .soiling, target: "pv", limit: .days(14)),
    // A battery stops discharging at a tenth of its charge.
    Scenario(
      kind: .socMisreport, target: "battery", limit: .days(1),
      protection: Protection(sensor: "soc", range: 10.2...100, error: FaultKind.socMisreport.defaultSeverity)),
    Scenario(kind: .cellImbalance, target: "battery", limit: .days(1)),
    // Battery management systems stop charging between 45 and 60 °C.
    Scenario(
      kind: .coolingFailure, target: "battery", limit: .hours(5),
      protection: Protection(sensor: "temperature", range: -20...45)),
    Scenario(kind: .capacityFade, target: "battery", limit: .days(7)),
    Scenario(kind: .stuck, target: "load.power", limit: .hours(6)),
    Scenario(kind: .drift, target: "load.power", limit: .days(4)),
    Scenario(kind: .spikes, target: "load.power", limit: .hours(6)),
    Scenario(kind: .dropout, target: "load.power", limit: .hours(1)),
    Scenario(kind: .unitMixup, target: "load.power", limit: .hours(1)),
    Scenario(kind: .clockSkew, target: "battery", limit: .hours(1)),
    Scenario(kind: .voltageSpike, target: "grid", limit: .hours(1)),
    Scenario(kind: .outage, target: "grid", limit: .hours(1)),
    Scenario(kind: .contactor, target: "charger", limit: .days(3)),
  ]
  static let step = TimeSpan.seconds(10)
  static let learningDays: Int64 = 9
  static let soundDays: Int64 = 30

  static let description = CommandDescription(
    name: "bench detection", summary: "breaks simulated plants in every way and counts what is noticed",
    options: [
      Option(name: "--first-seed", value: "N", help: "first seed (default: 1000)"),
      Option(name: "--seeds", value: "N", help: "how many seeds (default: 20)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: "Each seed is a plant with every kind of fault in turn, and a month without any. Build with -c release.",
    examples: ["wattline bench detection", "wattline bench detection --first-seed 1000 --seeds 20 --json"])

  static func run(_ arguments: Arguments) throws {
    let seeds = Int(clamping: min(10_000, max(1, try arguments.count("--seeds") ?? 20)))
    let report = run(firstSeed: try arguments.count("--first-seed") ?? 1000, seeds: seeds) { done in
      Console.report("detection: \(done) of \(seeds) seeds")
    }
    guard arguments.has("--json") else { return Console.print(table(report)) }
    let data = try JSONSerialization.data(
      withJSONObject: document(report), options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    Console.print(String(decoding: data, as: UTF8.self))
  }

  /// Runs seeds on all cores.
  ///
  /// - Parameters:
  ///   - firstSeed: First of the consecutive seeds.
  ///   - seeds: Number of seeds.
  ///   - soundDays: Length of the run without faults [days].
  ///   - progress: Receives the number of completed seeds.
  static func run(
    firstSeed: UInt64, seeds: Int, soundDays: Int64 = BenchDetection.soundDays,
    progress: @escaping @Sendable (Int) -> Void
  ) -> Report {
    let total = Mutex((report: Report(outcomes: scenarios.map { Outcome(kind: $0.kind) }), done: 0))
    DispatchQueue.concurrentPerform(iterations: seeds) { number in
      let one = run(seed: firstSeed &+ UInt64(number), soundDays: soundDays)
      let done = total.withLock { total in
        merge(one, into: &total.report)
        total.done += 1
        return total.done
      }
      progress(done)
    }
    return total.withLock { $0.report }
  }

  private static func merge(_ one: Report, into all: inout Report) {
    for position in one.outcomes.indices {
      all.outcomes[position].runs += one.outcomes[position].runs
      all.outcomes[position].delays += one.outcomes[position].delays
      all.outcomes[position].inTime += one.outcomes[position].inTime
      all.outcomes[position].rules.merge(one.outcomes[position].rules, uniquingKeysWith: +)
    }
    all.falseAlarms += one.falseAlarms
    all.assetDays += one.assetDays
  }

  /// Returns the results of one seed: all faults, and the run without faults.
  static func run(seed: UInt64, soundDays: Int64) -> Report {
    var random = SeededGenerator(seed: seed, name: "detection")
    let plant = plant(&random)
    let start = noon(of: plant, day: Int64(random.uniform() * 365)) - .days(learningDays)
    var learned = DetectionChain(plant: plant, seed: seed, start: start, step: step)
    while learned.simulator.now < start + .days(learningDays) { learned.step { _ in } }
    var report = Report(outcomes: scenarios.map { Outcome(kind: $0.kind) })
    for (position, scenario) in scenarios.enumerated() {
      report.outcomes[position].runs = 1
      var chain = learned
      let onset = TimeSpan.seconds(Int64(random.uniform(60, high: 3600)))
      guard let (delay, rule, isInTime) = notice(scenario, onset: onset, chain: &chain) else { continue }
      report.outcomes[position].delays = [delay]
      report.outcomes[position].inTime = isInTime ? 1 : 0
      report.outcomes[position].rules = [rule: 1]
    }
    let end = learned.simulator.now + .days(soundDays)
    while learned.simulator.now < end {
      learned.step { report.falseAlarms.append("\(seed) \($0.id) \($0.text)") }
    }
    report.assetDays = Double(learned.assetCount) * Double(soundDays)
    return report
  }

  /// Injects a fault and returns the first alert that it causes; `nil` if its time limit ends.
  ///
  /// The result has the delay [s], the rule, and whether the asset had not yet protected itself.
  private static func notice(
    _ scenario: Scenario, onset: TimeSpan, chain: inout DetectionChain
  ) -> (delay: Double, rule: String, isInTime: Bool)? {
    let fault = FaultSpecification(
      target: scenario.target, kind: scenario.kind, severity: scenario.severity, onset: onset)
    guard (try? chain.add(fault)) != nil else { return nil }
    let from = chain.simulator.now + onset
    let asset = scenario.target.split(separator: ".").first.map(String.init) ?? scenario.target
    let names = chain.assetNames
    var first: (delay: Double, rule: String, isInTime: Bool)?
    // An asset that is already at its limit when the fault begins is not there because of the fault.
    var (wasWithin, hasProtected) = (false, false)
    while chain.simulator.now < from + scenario.limit, first == nil {
      let now = chain.simulator.now
      if let protection = scenario.protection, now > from, let value = chain.reading(protection.sensor, of: asset) {
        let isWithin = protection.range.contains(value - protection.error)
        if wasWithin && !isWithin { hasProtected = true }
        wasWithin = wasWithin || isWithin
      }
      chain.step { alert in
        let name = alert.asset.map { names[$0.position] } ?? Plant.wholePlant
        let isBalance = name == "grid" && scenario.kind.isOfSensor && alert.text.contains("power balance")
        guard now >= from, name == asset || isBalance, first == nil else { return }
        first = ((now - from).inSeconds, alert.rule.name, !hasProtected)
      }
    }
    return first
  }

  private static func noon(of plant: Plant, day: Int64) -> Timestamp {
    let midnight = CivilTime(year: 2025, month: 1, day: 1).utc + .days(day)
    return midnight + .seconds(Int64((12 - plant.location.longitude / 15) * 3600))
  }

  /// Returns a plant with an asset of each kind that can have a fault.
  private static func plant(_ random: inout SeededGenerator) -> Plant {
    let location = Location(
      latitude: random.uniform(-38, high: 48), longitude: random.uniform(-120, high: 150), timezone: "UTC",
      elevation: random.uniform(0, high: 800))
    // The sun covers the load, so that the battery is used on most days.
    let consumption = random.uniform(50, high: 250)
    var pv = Asset(name: "pv", kind: .pv)
    pv.capacityKilowatts = consumption * random.uniform(1.2, high: 2.5)
    pv.tiltDegrees = random.uniform(10, high: 35)
    var battery = Asset(name: "battery", kind: .battery)
    battery.powerKilowatts = consumption * random.uniform(0.3, high: 0.8)
    battery.energyKilowattHours = consumption * random.uniform(1, high: 2)
    battery.efficiency = random.uniform(0.85, high: 0.94)
    var load = Asset(name: "load", kind: .load)
    load.capacityKilowatts = consumption
    var charger = Asset(name: "charger", kind: .evCharger)
    charger.powerKilowatts = random.uniform(7, high: 50)
    var grid = Asset(name: "grid", kind: .grid)
    grid.importLimitKilowatts = 1.5 * consumption
    grid.exportLimitKilowatts = 3 * consumption
    return Plant(
      name: "bench", location: location,
      assets: [pv, battery, load, charger, grid, Asset(name: "weather", kind: .weather)])
  }

  /// Returns the report as the JSON document of `--json`.
  static func document(_ report: Report) -> [String: Any] {
    let runs = report.outcomes.reduce(0) { $0 + $1.runs }
    let noticed = report.outcomes.reduce(0) { $0 + $1.delays.count }
    return [
      "faults": zip(report.outcomes, scenarios).map { outcome, scenario -> [String: Any] in
        let sorted = outcome.delays.sorted()
        let inTime = Double(outcome.inTime) / Double(max(1, outcome.runs))
        return [
          "before_protection": scenario.protection == nil ? NSNull() : inTime,
          "kind": outcome.kind.rawValue, "seeds": outcome.runs,
          "detected": outcome.runs > 0 ? Double(sorted.count) / Double(outcome.runs) : 0,
          "delay_median_s": quantile(sorted, share: 0.5), "delay_p95_s": quantile(sorted, share: 0.95),
          "rules": outcome.rules,
        ]
      },
      "detected": runs > 0 ? Double(noticed) / Double(runs) : 0,
      "false_alarms_per_asset_30d": report.falseAlarmsPerAsset30Days,
      "false_alarms": report.falseAlarms,
    ]
  }

  /// Returns the report as a table.
  static func table(_ report: Report) -> String {
    var lines = ["kind  seeds  detected  median_s  p95_s  by"]
    for outcome in report.outcomes {
      let sorted = outcome.delays.sorted()
      let rules = outcome.rules.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      lines.append(
        "\(outcome.kind.rawValue)  \(outcome.runs)  \(sorted.count)  \(quantile(sorted, share: 0.5))  \(quantile(sorted, share: 0.95))  "
          + rules)
    }
    lines.append("false alarms an asset and 30 days: \(report.falseAlarmsPerAsset30Days)")
    return lines.joined(separator: "\n")
  }

  private static func quantile(_ sorted: [Double], share: Double) -> Any {
    guard !sorted.isEmpty else { return NSNull() }
    return sorted[Int((share * Double(sorted.count - 1)).rounded(.up))]
  }
}
