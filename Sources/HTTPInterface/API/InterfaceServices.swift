public import CommunityControl
public import PlantConfig
public import PlantModel
public import Settings

/// Long work that the program does for the interface as it does for the command line.
public struct InterfaceServices: Sendable {
  /// A scenario to run.
  public struct ScenarioRequest: Sendable {
    /// Events as on the command line, such as `heat=+6K@2d+3d`.
    public var events: [String]
    /// First local day, such as `2026-07-01`; `nil` for the latest.
    public var from: String?
    /// Number of days.
    public var days: Int
    /// Number of simulated runs.
    public var runs: Int
    /// Seed of the random numbers.
    public var seed: Int
    /// Name under which the result is kept; `nil` for the events.
    public var name: String?

    /// Creates a request; the parameters are the properties of the same names.
    public init(
      events: [String], from: String? = nil, days: Int = 7, runs: Int = 500, seed: Int = 1, name: String? = nil
    ) {
      (self.events, self.from, self.days) = (events, from, days)
      (self.runs, self.seed, self.name) = (runs, seed, name)
    }
  }

  /// A study of a community.
  public struct CommunityStudy: Sendable {
    /// Kind of a study.
    public enum Kind: String, Sendable, CaseIterable {
      /// Schedules and prices of the day ahead.
      case dispatch
      /// Net load of the whole, now and ahead.
      case forecast
      /// Answers of members to tariffs.
      case tariff
      /// Random years, with variants side by side.
      case scenarios
    }

    /// Kind of the study.
    public var kind: Kind
    /// The community.
    public var community: CommunitySettings
    /// Its plants; empty for a community in numbers.
    public var plants: [Plant]
    /// Its state; `nil` if it does not run.
    public var state: CommunityMachine?
    /// Objective in place of the community's.
    public var objective: CommunitySettings.Objective?
    /// Money a day that the operator may add, in place of the community's.
    public var incentiveBudget: Double?
    /// Hours ahead of a forecast.
    public var hours = 24
    /// Days that a forecast learns from.
    public var days = 28
    /// Number of all members, metered or not, of a forecast.
    public var members: Int?
    /// Tariffs in words, such as `tou=0.22/17-21:0.40`.
    public var tariffs: [String] = []
    /// Variants in words, such as `sun:pv=+200,invest=180000`.
    public var variants: [String] = []
    /// Number of runs.
    public var runs = 200
    /// Number of years of a run.
    public var years = 20
    /// Seed of the random numbers.
    public var seed = 1

    /// Creates a study with what is usual.
    ///
    /// - Parameters:
    ///   - kind: What is studied.
    ///   - community: The community.
    ///   - plants: Its plants.
    ///   - state: Its state; `nil` if it does not run.
    public init(_ kind: Kind, of community: CommunitySettings, plants: [Plant], state: CommunityMachine?) {
      self.kind = kind
      self.community = community
      self.plants = plants
      self.state = state
    }
  }

  /// An error that is the fault of the request.
  public struct Misuse: Error, CustomStringConvertible {
    /// The error, and what would be right.
    public let description: String

    /// Creates an error.
    public init(_ description: String) { self.description = description }
  }

  /// Returns what is wrong with a scenario; `nil` if it can be run.
  public var scenarioMistake: @Sendable (ScenarioRequest) -> String?
  /// Runs a scenario and keeps its result in the database; returns JSON. The closure receives the share that is done,
  /// and throws to stop.
  public var scenario:
    @Sendable (Plant, DatabaseSettings, ScenarioRequest, @escaping (Double) throws -> Void) throws -> [UInt8]
  /// Returns what is wrong with a study of a community; `nil` if it can be made.
  public var communityMistake: @Sendable (CommunityStudy) -> String? = { _ in nil }
  /// Makes a study of a community; returns JSON. The closure receives the share that is done, and throws to stop.
  public var community:
    @Sendable (CommunityStudy, DatabaseSettings, @escaping (Double) throws -> Void) throws -> [UInt8] = { _, _, _ in
      Array("{}".utf8)
    }
  /// Makes the report of a month such as `2026-10`, or of the present one; returns JSON.
  public var report: @Sendable (Plant, DatabaseSettings, String?) throws -> [UInt8]

  /// Creates services.
  ///
  /// - Parameters:
  ///   - scenarioMistake: Returns what is wrong with a scenario.
  ///   - scenario: Runs a scenario.
  ///   - report: Makes a report.
  public init(
    scenarioMistake: @escaping @Sendable (ScenarioRequest) -> String?,
    scenario:
      @escaping @Sendable (Plant, DatabaseSettings, ScenarioRequest, @escaping (Double) throws -> Void) throws ->
      [UInt8],
    report: @escaping @Sendable (Plant, DatabaseSettings, String?) throws -> [UInt8]
  ) {
    (self.scenarioMistake, self.scenario, self.report) = (scenarioMistake, scenario, report)
  }

  /// Services that do nothing, for tests.
  public static let none = InterfaceServices(
    scenarioMistake: { _ in nil }, scenario: { _, _, _, _ in Array("{}".utf8) }, report: { _, _, _ in Array("{}".utf8) }
  )
}
