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
