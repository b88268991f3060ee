import Community
import CommunityControl
import Foundation
import PlantConfig
import PlantModel
import WattlineTime

/// Communities of a configuration.
enum ConfiguredCommunity {
  /// Returns the community of a name.
  static func find(_ name: String, in loaded: LoadedConfiguration) throws -> CommunitySettings {
    guard loaded.isValid else {
      for diagnostic in loaded.diagnostics { Console.report("\(diagnostic)") }
      throw Failure(description: "the configuration has mistakes; `wattline check` lists them")
    }
    if let found = loaded.communities.first(where: { $0.name == name }) { return found }
    let names = loaded.communities.map { "'\($0.name)'" }.joined(separator: ", ")
    throw Failure(
      description: "there is no community '\(name)'; the configuration has \(names.isEmpty ? "none" : names)")
  }

  /// Returns the plan of a community's day ahead, from its state at the latest quarter of an hour.
  ///
  /// - Parameters:
  ///   - settings: The community.
  ///   - state: Its state; `nil` if it does not run.
  ///   - objective: What is sought; `nil` for the community's.
  ///   - budget: Money that the operator may add in a day; `nil` for the community's.
  static func planner(
    of settings: CommunitySettings, state: CommunityMachine?, objective: CommunityObjective? = nil,
    budget: Double? = nil
  ) throws -> CommunityPlanner {
    guard var machine = state else {
      throw Failure(
        description: "community '\(settings.name)' has no log yet; its members tell of themselves each quarter of an "
          + "hour while `wattline run` runs")
    }
    machine.study(
      objective: objective ?? CommunityObjective(rawValue: settings.objective.rawValue) ?? .cost,
      incentiveBudget: budget ?? settings.incentiveBudget)
    do { return try CommunityPlanner(machine) } catch {
      throw Failure(description: "community '\(settings.name)': \(error.description)")
    }
  }

  /// Returns the representative days of a community in numbers.
  static func year(of name: String, in loaded: LoadedConfiguration) throws -> [CommunityAggregate] {
    try year(of: try find(name, in: loaded))
  }

  /// Returns the representative days of a community in numbers.
  static func year(of settings: CommunitySettings) throws -> [CommunityAggregate] {
    let name = settings.name
    guard case .statistical(let numbers) = settings.members else {
      throw Failure(
        description: "community '\(name)' has plants for members; a simulation takes one in numbers (prosumers: 100), "
          + "or the folder of an instance")
    }
    let prices = try prices(of: settings)
    let mean = prices.importPrice.reduce(0, +) / 24
    guard mean > 0 else {
      throw Failure(description: "community '\(name)' has a mean price of \(mean); a study needs one above 0")
    }
    let terms = CommunityInstance.Terms(
      importLimit: settings.importLimit ?? 1e9, exportLimit: settings.exportLimit ?? 1e9,
      overloadPrice: settings.overloadPrice, carbonPrice: settings.tariff.carbonWeight,
      incentiveBudgetDaily: settings.incentiveBudget, referencePrice: mean)
    let community = StatisticalCommunity(
      prosumers: numbers.prosumers, pvPower: numbers.pvPower, storageEnergy: numbers.storageEnergy,
      storagePower: numbers.storagePower, cars: numbers.cars, heatPumps: numbers.heatPumps,
      annualLoad: numbers.annualLoad, specificYield: numbers.specificYield, latitude: numbers.latitude)
    return community.year(terms: terms, prices: prices)
  }

  /// Returns the prices of the hours of a day, which a tariff must have for each.
  private static func prices(of settings: CommunitySettings) throws -> CommunityInstance.Series {
    // A Wednesday, since a study has one day of prices.
    let start = CivilTime(year: 2026, month: 6, day: 10).utc
    let carbon = settings.tariff.carbonIntensity ?? 0
    var series = CommunityInstance.Series(
      importPrice: [], exportPrice: [], carbon: Array(repeating: carbon, count: 24))
    for hour in 0..<24 {
      let time = start + .hours(Int64(hour))
      let local = CivilTime(utc: time)
      guard let buy = settings.tariff.importPrice(at: time, local: local),
        let feed = settings.tariff.exportPrice(at: time, local: local)
      else {
        throw Failure(
          description: "community '\(settings.name)' has no price at \(hour):00; write one for all hours, such as "
            + "tariff: {import: 0.31, export: 0.08}")
      }
      series.importPrice.append(buy)
      series.exportPrice.append(feed)
    }
    return series
  }
}
