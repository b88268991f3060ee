public import CommunityControl
public import DataSources
public import PayloadDecoding
public import Pipeline
public import PlantConfig
import PlantModel
public import SavingsAccounts
public import Settings
public import WattlineTime

/// The requests of the interface to a pipeline. None of them touches the stages.
public struct PipelineAccess: Sendable {
  /// Returns the counters and state.
  public var status: @Sendable () -> PipelineStatus
  /// Returns the configuration in effect.
  public var configuration: @Sendable () -> LoadedConfiguration
  /// Returns the mistakes of a changed folder that was refused.
  public var refusedConfiguration: @Sendable () -> [String] = { [] }
  /// Loads the folder as it is, or as it would be with another content of one file (`nil` for none).
  public var checked: @Sendable (_ change: (name: String, bytes: [UInt8]?)?) -> LoadedConfiguration
  /// Returns the path of a file of the folder.
  public var path: @Sendable (String) -> String
  /// Applies the content of the folder.
  public var reload: @Sendable () -> Void
  /// Passes a request to a plant: its name, the subject and the members.
  public var request: @Sendable (String, String, [String: String]) -> RunningPipeline.RequestResult
  /// Returns the latest value of each sensor of a plant.
  public var latest: @Sendable (String) -> [LatestValue]
  /// Appends readings of a plant.
  public var append: @Sendable ([PostedReading], String, Timestamp) -> AppendOutcome
  /// Stops (`true`) or starts the sources.
  public var hold: @Sendable (Bool) -> Void
  /// Returns the state of every source that does not come over MQTT.
  public var fetchedSources: @Sendable () -> [SourceStatus] = { [] }
  /// Stops (`true`) or starts a source of a plant: name of the plant, name of the source.
  public var order: @Sendable (String, String, Bool) throws -> Void = { _, _, _ in }
  /// Returns the state of a community of plants that runs; `nil` before its first mark.
  public var community: @Sendable (String) -> CommunityMachine? = { _ in nil }
  /// Frozen models and logbooks of savings.
  public var savings: @Sendable () -> ModelRegistry = { ModelRegistry(state: "") }
  /// Returns the settings of the database, with the current credentials.
  public var database: @Sendable () -> DatabaseSettings

  /// Creates the access to a pipeline that runs.
  public init(_ pipeline: RunningPipeline) {
    status = { pipeline.status() }
    configuration = { pipeline.configuration }
    refusedConfiguration = { pipeline.refusedConfiguration }
    checked = { change in
      change.map { pipeline.checkedConfiguration(replacing: $0.name, with: $0.bytes) }
        ?? pipeline.checkedConfiguration()
    }
    path = { pipeline.configurationPath(of: $0) }
    reload = { pipeline.reload() }
    request = { pipeline.request(of: $0, subject: $1, members: $2) }
    latest = { pipeline.latest(plant: $0) }
    append = { pipeline.append(readings: $0, plant: $1, at: $2) }
    hold = { pipeline.setHeld($0) }
    fetchedSources = { pipeline.fetchedSources }
    order = { try pipeline.order(plant: $0, source: $1, isStopped: $2) }
    community = { pipeline.communityState($0) }
    savings = { pipeline.savingsRegistry }
    database = { pipeline.databaseSettings }
  }

  /// Creates an access with nothing behind it, as tests need.
  ///
  /// - Parameters:
  ///   - status: Returns the counters and state.
  ///   - configuration: Returns the configuration in effect.
  public init(
    status: @escaping @Sendable () -> PipelineStatus,
    configuration: @escaping @Sendable () -> LoadedConfiguration = { LoadedConfiguration() }
  ) {
    self.status = status
    self.configuration = configuration
    checked = { _ in configuration() }
    path = { $0 }
    reload = {}
    request = { _, _, _ in .notTaken("there is no pipeline") }
    latest = { _ in [] }
    append = { _, _, _ in .failed("there is no pipeline") }
    hold = { _ in }
    database = { DatabaseSettings() }
  }
}
