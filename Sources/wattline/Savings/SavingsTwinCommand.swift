import Foundation
import InfluxSink
import PlantConfig
import PlantModel
import Savings
import Settings

/// `wattline savings twin`: what measures should save, by a physical twin that is calibrated to the meters.
enum SavingsTwinCommand {
  static let description = CommandDescription(
    name: "savings twin", summary: "what measures should save before they are built, by a model of the building",
    options: [
      Option(name: "--plant", value: "P", help: "a plant with building under savings in its file: from the database"),
      CommandDescription.configurationOption,
      Option(name: "--building", value: "B.yaml", help: "the building, its location and its measures"),
      Option(name: "--baseline", value: "B.csv", help: "a year before the measures: electricity, gas and weather"),
      Option(name: "--gas", value: "G.csv", help: "the gas of that year, if it is in a file apart"),
      Option(name: "--weather", value: "W.csv", help: "time, temperature and irradiance, if they are in a file apart"),
      Option(name: "--reporting", value: "R.csv", help: "the weather for which savings are asked (default: baseline)"),
      Option(
        name: "--measure", value: "NAME", help: "a measure of the building's file; may be repeated (default: all)"),
      Option(name: "--change", value: "Q=C", help: "a further change, such as lighting=-50%; may be repeated"),
      Option(name: "--resized", value: nil, help: "with --change: fans are sized anew"),
      Option(name: "--confidence", value: "P", help: "probability of intervals (default: 0.9)"),
      Option(name: "--zone", value: "TZ", help: "IANA zone of days and of times without an offset"),
      Option(name: "--holidays", value: "CC", help: "country whose holidays are kept, or none (default: found)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      The twin is the hourly model of ISO 13790 with five resistances and one capacity. What the building's file leaves
      open is found from the meters: the most probable values, given their spreads. Readings are hours, days or bills.
      Savings are the difference of two runs through the same weather. A twin whose months miss ASHRAE Guideline 14
      (CV(RMSE) 15 %, bias 5 %) tells nothing of that energy, and the exit code is 1. With exec in the building's file
      another program takes the place of the model. With --plant, electricity and gas are the meters of savings. Without irradiance it is estimated from the swing of temperature.
      """,
    examples: [
      "wattline savings twin --building office.yaml --baseline 2012.csv",
      "wattline savings twin --building office.yaml --baseline 2012.csv --change lighting=-50%",
      "wattline savings twin --plant riverside --config /etc/wattline --measure lamps",
      "wattline savings twin --building office.yaml --baseline bills.csv --weather air.csv --json",
    ])

  static func run(_ arguments: Arguments) throws {
    let confidence =
      try arguments.number("--confidence", in: 0.5...0.999, words: "from 0.5 to 0.999, such as 0.9") ?? 0.9
    let jobs: [(study: TwinStudy, measures: [BuildingFile.Measure])]
    if let plant = arguments.text("--plant") {
      jobs = try self.jobs(plant: plant, arguments)
    } else if let building = arguments.text("--building"), let baseline = arguments.text("--baseline") {
      let file = try read(building)
      let measures = try measures(arguments, of: file.measures, path: building)
      let source = try TwinStudy.Source(file, baseline: baseline, arguments: arguments)
      jobs = [(try TwinStudy(source), measures)]
    } else {
      throw Misuse(message: "savings twin needs --building B.yaml and --baseline B.csv, or --plant P")
    }
    let reports = try jobs.map { study, measures in
      TwinReport(
        study: study, predictions: try measures.map { try study.prediction($0, confidence: confidence) },
        confidence: confidence)
    }
    if arguments.has("--json") {
      if reports.count == 1 {
        try Console.print(json: reports[0].document, keys: .convertToSnakeCase)
      } else {
        try Console.print(json: reports.map(\.document), keys: .convertToSnakeCase)
      }
    } else {
      Console.print(reports.map(\.text).joined(separator: "\n\n"))
    }
    if reports.contains(where: { !$0.study.refused.isEmpty }) {
      try Console.finish()
      exit(ExitCode.failed)
    }
  }

  /// Returns the twins of a plant's meters of electricity that have a building.
  private static func jobs(
    plant name: String, _ arguments: Arguments
  ) throws -> [(study: TwinStudy, measures: [BuildingFile.Measure])] {
    let files = ["--building", "--baseline", "--gas", "--weather", "--reporting", "--zone", "--holidays"]
    if let other = files.first(where: arguments.has) {
      throw Misuse(message: "--plant reads the database and the plant's file; leave \(other) out")
    }
    let loaded = BrokerAccess.load(arguments.configuration)
    let plants = try BrokerAccess.plants(loaded, named: name)
    let reader = try DatabaseReader(loaded.settings.influxdb)
    var jobs: [(study: TwinStudy, measures: [BuildingFile.Measure])] = []
    for plant in plants {
      for plan in plant.savings {
        guard let building = plan.building else { continue }
        guard plan.fuel == .electricity else {
          throw Failure(
            description: "plant \(plant.name): 'building' belongs to the meter of electricity, not to \(plan.meter)")
        }
        let known = plan.measures.map {
          BuildingFile.Measure(name: $0.name, changes: $0.quantities, isResized: $0.isResized)
        }
        let measures = try measures(
          arguments, of: known.filter { !$0.changes.isEmpty }, path: "plant \(plant.name)")
        let source = try TwinStudy.Source(plan, building: building, plant: plant, reader: reader)
        jobs.append((try TwinStudy(source), measures))
      }
    }
    guard !jobs.isEmpty else {
      throw Failure(
        description: "plant '\(name)' has no 'building' under 'savings', such as building: {area: 500, lighting: 10.8}")
    }
    return jobs
  }

  private static func read(_ path: String) throws -> BuildingFile {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(description: "\(path): cannot be read; expected the file of a building")
    }
    switch BuildingFile.read(Array(data), name: path, environment: ProcessInfo.processInfo.environment) {
    case .success(let file): return file
    case .failure(let mistakes):
      throw Failure(description: mistakes.diagnostics.map(\.description).joined(separator: "\n"))
    }
  }

  /// Returns the measures that are asked for.
  private static func measures(
    _ arguments: Arguments, of known: [BuildingFile.Measure], path: String
  ) throws -> [BuildingFile.Measure] {
    let names = arguments.texts("--measure")
    let added = try arguments.texts("--change").map(change)
    var chosen = names.isEmpty && added.isEmpty ? known : []
    for name in names {
      guard let measure = known.first(where: { $0.name == name }) else {
        let names = known.map(\.name).joined(separator: ", ")
        throw Misuse(
          message: "\(path) has no measure '\(name)'; " + (names.isEmpty ? "it has none" : "it has \(names)"))
      }
      chosen.append(measure)
    }
    if !added.isEmpty {
      chosen.append(
        BuildingFile.Measure(
          name: arguments.texts("--change").joined(separator: ", "),
          changes: Dictionary(added) { _, last in last }, isResized: arguments.has("--resized")))
    }
    guard !chosen.isEmpty else {
      throw Misuse(message: "\(path) has no 'measures'; add them, or give --change lighting=-50%")
    }
    return chosen
  }

  private static func change(_ text: String) throws(Misuse) -> (BuildingQuantity, QuantityChange) {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else {
      throw Misuse(message: "--change needs a quantity and its change, as lighting=-50%, not '\(text)'")
    }
    do throws(BuildingTextMistake) {
      let quantity = try BuildingQuantity.named(parts[0])
      return (quantity, try QuantityChange(parts[1], of: quantity))
    } catch { throw Misuse(message: "--change: \(error)") }
  }
}
