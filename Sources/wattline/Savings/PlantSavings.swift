import Foundation
import InfluxSink
import PlantConfig
import PlantModel
import Savings
import SavingsAccounts
import Settings
import WattlineTime

/// Savings of the plants of a folder, from the database and the frozen models in the state folder.
struct PlantSavings {
  /// Registry of frozen models.
  let registry: ModelRegistry
  let plants: [Plant]
  private let database: DatabaseSettings

  /// Opens the folder of the configuration.
  ///
  /// - Parameters:
  ///   - folder: Folder of the configuration.
  ///   - name: Name of a plant; `nil` for all plants with `savings`.
  /// - Throws: ``Failure`` if no such plant has `savings`.
  init(_ folder: String, plant name: String?) throws {
    let loaded = BrokerAccess.load(folder)
    plants = try BrokerAccess.plants(loaded, named: name).filter { !$0.savings.isEmpty }
    guard !plants.isEmpty else {
      throw Failure(
        description: (name.map { "plant '\($0)' has no 'savings'" } ?? "no plant of the folder has 'savings'")
          + ", such as savings: {meter: main, baseline: {from: 2024-01-01, to: 2024-12-31}}")
    }
    database = loaded.settings.influxdb
    registry = ModelRegistry(state: loaded.settings.journal.path)
  }

  /// Returns the reports of all meters; reasons why one has none are printed on stderr.
  func reports() throws -> [SavingsReport] {
    let reader = try DatabaseReader(database)
    let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    var reports: [SavingsReport] = []
    for plant in plants {
      for plan in plant.savings {
        let accountant = SavingsAccountant(
          plan, of: plant, from: reader, registry: registry, author: PlantSavings.author)
        do throws(SavingsTrouble) {
          reports.append(SavingsReport(account: try accountant.account(until: now)))
        } catch { Console.report("wattline savings: plant \(plant.name), \(error)") }
      }
    }
    return reports
  }

  /// Enters non-routine events that the database shows now, so that people can decide about them.
  ///
  /// - Returns: Logbook of each plant; reasons why a meter has no account are printed on stderr.
  func logbooks() throws -> [(plant: Plant, record: LogbookRecord)] {
    let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    let reader = try? DatabaseReader(database)
    if reader == nil { Console.report("wattline savings: the database does not answer; the logbook is as it was") }
    return try plants.map { plant in
      for plan in plant.savings {
        guard let reader else { break }
        let accountant = SavingsAccountant(
          plan, of: plant, from: reader, registry: registry, author: PlantSavings.author)
        do throws(SavingsTrouble) {
          try accountant.logEvents(try accountant.account(until: now), at: now)
        } catch { Console.report("wattline savings: plant \(plant.name), \(error)") }
      }
      return (plant, try registry.logbook.record(of: plant.name))
    }
  }

  /// Number of meters.
  var meterCount: Int { plants.reduce(0) { $0 + $1.savings.count } }

  private static var author: SavingsAccountant.Author {
    SavingsAccountant.Author(program: Version.text, user: NSUserName())
  }
}

/// `wattline savings history`: prints the versions of frozen models.
enum SavingsHistoryCommand {
  static let description = CommandDescription(
    name: "savings history", summary: "the frozen models of savings, with their provenance",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--plant", value: "P", help: "the plant (default: all that the state folder has)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      Models are files in the folder savings below journal.path. Each is verified by its checksum and by the one that
      follows it. One that was altered is named, and the exit code is 1. A file can be checked without this program:
      tail -n +2 FILE | sha256sum prints what its first line says.
      """,
    examples: ["wattline savings history", "wattline savings history --plant riverside --json"])

  /// Version of a model, for JSON.
  private struct Entry: Encodable {
    var plant: String
    var meter: String
    var version: String
    var role: String
    var firstDay: String
    var lastDay: String
    var model: String
    var parameters: Int
    var cvrmsePct: Double
    var settings: [String: String]
    var dataDigest: String
    var program: String
    var author: String
    var created: String
    var checksum: String
    var file: String

    init(_ sealed: SealedModel) {
      let (model, fitted) = (sealed.model, sealed.model.verifier.model)
      (plant, meter, version, role) = (model.plant, model.meter, model.version, model.role)
      (firstDay, lastDay, settings) = (model.firstDay, model.lastDay, model.settings)
      (dataDigest, program, author, created) = (model.dataDigest, model.program, model.author, model.created)
      (checksum, file) = (sealed.checksum, sealed.file)
      (self.model, parameters) = (fitted.name, fitted.parameterCount)
      cvrmsePct = rounded(100 * fitted.statistics.cvrmse)
    }

    var text: String {
      "\(plant)  \(meter)  \(version)  \(role)  \(firstDay) to \(lastDay)\n"
        + "  \(model), \(parameters) parameters, CV(RMSE) \(cvrmsePct) %\n"
        + "  frozen \(created) by \(author) with \(program)\n  data   sha256 \(dataDigest)\n  model  sha256 \(checksum)"
    }
  }

  static func run(_ arguments: Arguments) throws {
    let loaded = BrokerAccess.load(arguments.configuration)
    let registry = ModelRegistry(state: loaded.settings.journal.path)
    var (entries, defects): ([Entry], [String]) = ([], [])
    var meters: Set<[String]> = []
    for file in registry.all() {
      switch file {
      case .success(let sealed):
        guard [nil, sealed.model.plant].contains(arguments.text("--plant")) else { continue }
        entries.append(Entry(sealed))
        meters.insert([sealed.model.plant, sealed.model.meter])
      case .failure(let defect): defects.append(defect.description)
      }
    }
    for meter in meters.sorted(by: { $0[0] == $1[0] ? $0[1] < $1[1] : $0[0] < $1[0] }) {
      do throws(RegistryDefect) { _ = try registry.models(plant: meter[0], meter: meter[1]) } catch {
        if !defects.contains(error.description) { defects.append(error.description) }
      }
    }
    entries.sort { ($0.plant, $0.meter, $0.version) < ($1.plant, $1.meter, $1.version) }
    defects.forEach { Console.report("wattline savings history: \($0)") }
    if arguments.has("--json") {
      Console.print(
        try Console.json(
          entries, keys: .convertToSnakeCase, formatting: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]))
    } else if entries.isEmpty {
      if defects.isEmpty {
        Console.report("wattline savings history: there is no frozen model in \(registry.folder)")
      }
    } else {
      Console.print(entries.map(\.text).joined(separator: "\n"))
    }
    if !defects.isEmpty {
      try Console.finish()
      exit(ExitCode.failed)
    }
  }
}
