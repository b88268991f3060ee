import EnergyAccounting
import Foundation
import PlantConfig
import PlantModel
import Savings
import Settings
import WattlineTime

/// `wattline check`: validates a folder and prints its interpretation.
enum CheckCommand {
  static let description = CommandDescription(
    name: "check", summary: "validates a folder of configuration and prints what it means",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--json", value: nil, help: "prints one JSON document"),
      Option(name: "--explain", value: nil, help: "prints what was understood of files of prices and weather as well"),
      ConnectCheck.option,
      UpgradeReport.option,
    ],
    details: """
      Every mistake of every file is one line `file:line:column: error: …` on stderr, and the exit code
      is 1. What is taken as it stands and is probably not meant is a line
      `file:line:column: warning: …`, and the exit code stays 0. With --json, each finding has a severity.
      """ + ConnectCheck.details + "\n\n" + UpgradeReport.details,
    examples: [
      "wattline check", "wattline check --config /etc/wattline --json",
      "sudo -u wattline wattline check --connect --config /etc/wattline",
      "wattline check --upgrade --config /etc/wattline",
    ])

  static func run(_ arguments: Arguments) throws {
    let loaded = ConfigurationLoader.load(
      directory: arguments.configuration, environment: ProcessInfo.processInfo.environment)
    let isJSON = arguments.has("--json")
    for diagnostic in loaded.diagnostics + loaded.unreadableFiles + loaded.warnings { Console.report("\(diagnostic)") }
    var steps: [ProbeStep]?
    if arguments.has(ConnectCheck.option.name), loaded.isValid {
      steps = ConnectCheck.run(loaded) { found in
        if !isJSON { found.forEach { Console.print(ConnectCheck.line($0)) } }
      }
    }
    if isJSON { try printDocument(loaded, steps: steps) }
    if !loaded.isValid || !loaded.unreadableFiles.isEmpty || steps?.contains(where: { $0.outcome == .failed }) == true {
      try Console.finish()
      exit(ExitCode.failed)
    }
    if arguments.has(UpgradeReport.option.name) { return try UpgradeReport.run(loaded) }
    if !isJSON, steps == nil {
      loaded.plants.forEach(show)
      for community in loaded.communities { show(community, plants: loaded.plants.map(\.name)) }
      RetentionText(loaded)?.lines.forEach { Console.print($0) }
    }
    if arguments.has("--explain") { loaded.explanations.forEach { Console.print($0) } }
  }

  private static func printDocument(_ loaded: LoadedConfiguration, steps: [ProbeStep]?) throws {
    var document = document(loaded)
    if let steps { document["connect"] = ConnectCheck.document(steps) }
    if let retention = RetentionText(loaded) { document["retention"] = retention.document }
    let data = try JSONSerialization.data(
      withJSONObject: document, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    Console.print(String(decoding: data, as: UTF8.self))
  }

  private static func show(_ community: CommunitySettings, plants: [String]) {
    switch community.members {
    case .plants:
      let members = community.plants(among: plants)
      Console.print(
        "community \(community.name)  \(members.count.counted("member")): \(members.joined(separator: ", "))")
    case .statistical(let numbers):
      Console.print(
        "community \(community.name)  \(numbers.prosumers.counted("member")) in numbers: \(numbers.pvPower) kW of PV, "
          + "\(numbers.storageEnergy) kWh of storage")
    }
  }

  private static func show(_ plant: Plant) {
    let place = plant.location
    Console.print("plant \(plant.name)  \(place.latitude), \(place.longitude)  \(place.timezone)  \(plant.currency)")
    for asset in plant.assets {
      let within = asset.within.map { "  within \($0)" } ?? ""
      Console.print("  asset \(asset.name)  \(asset.kind.rawValue)\(within)")
      Console.print("    sensors known by default: \(SensorCatalogue.usualSensors(of: asset).joined(separator: ", "))")
    }
    for line in TariffText(plant).lines { Console.print("  \(line)") }
    Console.print("  \(lateness(plant))")
    for sensor in plant.sensors { Console.print("  sensors \(sensor.match)  \(summary(sensor))") }
    for sensor in plant.derived { show(sensor, of: plant) }
    for source in plant.sources {
      let place =
        switch source.access {
        case .http(let http): http.url
        case .file(let file): file.path
        case .exec(let program): program.command.joined(separator: " ")
        }
      Console.print("  source \(source.name)  \(place)")
    }
    if plant.topics.isEmpty, plant.sources.isEmpty { Console.print("  no topic: nothing reaches this plant") }
    for request in plant.keepalives {
      Console.print("  keepalive \(request.topic)  every \(request.every.text)")
    }
    for plan in plant.savings { Console.print("  \(summary(plan))") }
    for rule in plant.topics { RuleMeaning(rule, of: plant).lines.forEach { Console.print("  \($0)") } }
  }

  /// Returns the age up to which late readings count, and the sensors that report too often for that.
  private static func lateness(_ plant: Plant) -> String {
    let fastest = (plant.late.inSeconds / Double(Meter.capacity)).rounded(.up)
    return """
      late readings count for \(plant.late.text) back; of a power or an energy with more than one reading in \
      \(Int(fastest)) s for its last \(Meter.capacity) readings
      """
  }

  /// Prints the expression of a derived sensor and the assumption about inputs of unknown unit.
  private static func show(_ sensor: DerivedSensor, of plant: Plant) {
    let unit = plant.derivedProfile(of: sensor)?.unit
    let symbol = unit.map { "  \($0.canonicalUnit.symbol)" } ?? ""
    Console.print("  derived \(sensor.name) = \(sensor.expression.text)\(symbol)")
    let unknown = plant.inputsWithoutUnit(of: sensor)
    if unknown.isEmpty { return }
    let names = unknown.map(\.description).joined(separator: ", ")
    let words = unit.map { "taken as they come, as if in \($0.symbol)" } ?? "taken as they come"
    Console.print("    no unit is known of \(names): \(words)")
  }

  /// Returns the periods of a meter whose savings are verified.
  private static func summary(_ plan: SavingsPlan) -> String {
    let (first, last) = (plan.baseline.lowerBound, plan.baseline.upperBound)
    let measures = plan.measures.map { "\(MeterDay.text(ofDate: $0.date)) \($0.name)" }.joined(separator: ", ")
    return "savings of \(plan.meter)  \(plan.fuel.rawValue)  baseline \(MeterDay.text(ofDate: first)) to "
      + "\(MeterDay.text(ofDate: last))  compared from \(MeterDay.text(ofDate: plan.reportingStart)), temperature of "
      + plan.temperature.description + (measures.isEmpty ? "" : "  measures: \(measures)")
  }

  private static func summary(_ sensor: SensorOverride) -> String {
    var parts: [String] = []
    if let unit = sensor.unit { parts.append("unit \(unit.symbol)") }
    if let range = sensor.range { parts.append("range \(range.lowerBound) to \(range.upperBound)") }
    if let rate = sensor.maximumRate { parts.append("at most \(rate) a second") }
    if let sampling = sensor.sampling { parts.append(sampling.rawValue) }
    if let reports = sensor.reports { parts.append("reports \(reports.rawValue)") }
    if let silence = sensor.longestSilence { parts.append("holds for at most \(silence.text)") }
    return parts.joined(separator: ", ")
  }

  private static func document(_ diagnostic: Diagnostic) -> [String: Any] {
    [
      "file": diagnostic.file, "line": diagnostic.line, "column": diagnostic.column, "message": diagnostic.message,
      "severity": diagnostic.isWarning ? "warning" : "error",
    ]
  }

  private static func document(_ loaded: LoadedConfiguration) -> [String: Any] {
    [
      "valid": loaded.isValid && loaded.unreadableFiles.isEmpty,
      "errors": (loaded.diagnostics + loaded.unreadableFiles).map(document), "warnings": loaded.warnings.map(document),
      "communities": loaded.communities.map { community in
        [
          "community": community.name, "members": community.plants(among: loaded.plants.map(\.name)),
          "objective": community.objective.rawValue,
        ] as [String: Any]
      },
      "plants": loaded.plants.map { plant in
        [
          "plant": plant.name, "timezone": plant.location.timezone, "currency": plant.currency,
          "tariff": TariffText(plant).lines, "late": plant.late.text,
          "assets": plant.assets.map { asset in
            [
              "asset": asset.name, "kind": asset.kind.rawValue, "within": asset.within as Any? ?? NSNull(),
              "sensors": SensorCatalogue.names(for: asset.kind),
            ] as [String: Any]
          },
          "sensors": plant.sensors.map { ["match": $0.match, "settings": summary($0)] },
          "derived": plant.derived.map { sensor in
            [
              "sensor": "\(sensor.name)", "expression": sensor.expression.text,
              "unit": plant.derivedProfile(of: sensor)?.canonicalUnit?.symbol as Any? ?? NSNull(),
              "inputs_without_unit": plant.inputsWithoutUnit(of: sensor).map(\.description),
            ] as [String: Any]
          },
          "keepalive": plant.keepalives.map {
            ["topic": $0.topic, "every": $0.every.text, "payload": $0.payload, "first": $0.first ?? $0.payload]
          },
          "savings": plant.savings.map(summary),
          "topics": plant.topics.map { RuleMeaning($0, of: plant).document },
        ] as [String: Any]
      },
    ]
  }
}
