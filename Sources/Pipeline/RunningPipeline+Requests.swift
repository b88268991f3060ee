public import CommunityControl
public import DataSources
import Foundation
public import PlantConfig
public import PlantModel
public import SavingsAccounts
public import Settings
import SinkCore
import StreamCore
import SystemCore
public import WattlineTime

/// Requests of programs and people to a running pipeline. None touches the stages: it reads what they publish, and
/// appends to the journal.
extension RunningPipeline {
  /// Result of a request to a plant.
  public enum RequestResult: Sendable, Equatable {
    /// The plant did it.
    case done
    /// The plant refused it.
    case refused(Instruction.Refusal)
    /// It is in the journal, and will be processed; its result is not known yet.
    case pending
    /// It is not in the journal, because there is no room or the disk failed.
    case notTaken(String)
  }

  /// The configuration in effect.
  public var configuration: LoadedConfiguration { active.current }

  /// Mistakes of the folder's content if it was refused; empty while the content is in effect.
  public var refusedConfiguration: [String] { active.refused }

  /// Loads the folder as it is now. Nothing is put into effect.
  public func checkedConfiguration() -> LoadedConfiguration { active.loaded() }

  /// Loads the folder as it would be with another content of one file. Nothing is written.
  ///
  /// - Parameters:
  ///   - name: Name of the file.
  ///   - bytes: Its content; `nil` if it were not there.
  /// - Returns: The content of the folder with the file.
  public func checkedConfiguration(replacing name: String, with bytes: [UInt8]?) -> LoadedConfiguration {
    active.loaded(replacing: name, with: bytes)
  }

  /// Path of a file of the configuration's folder.
  public func configurationPath(of name: String) -> String { "\(active.directory)/\(name)" }

  /// Passes a request to a plant through the journal, and waits for its result.
  ///
  /// - Parameters:
  ///   - plant: Name of the plant.
  ///   - subject: What it is about, such as `alerts`.
  ///   - members: Its members, such as `id`, `action` and `by`.
  ///   - span: Longest wait for the result.
  /// - Returns: The result.
  public func request(
    of plant: String, subject: String, members: [String: String], within span: TimeSpan = .seconds(5)
  ) -> RequestResult {
    let request = UUID().uuidString
    var members = members
    members[RequestOutcomes.member] = request
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let payload = try? encoder.encode(members) else { return .refused(.notUnderstood) }
    var burst = MessageFrameBuilder()
    let topic = TopicName.join(["wattline", plant, subject, "set"])
    Array(topic.utf8).withUnsafeBytes { topic in
      Array(payload).withUnsafeBytes { payload in
        burst.append(topic: topic, payload: payload, packetID: 0, retained: false)
      }
    }
    switch ingest.acceptPosted(burst, received: SystemClock.now()) {
    case .accepted: break
    case .full: return .notTaken("the journal is full")
    case .failed(let words): return .notTaken(words)
    }
    switch outcome(of: request, plant: plant, within: span) {
    case .taken: return .done
    case .refused(let refusal): return .refused(refusal)
    case .open: return .refused(.unknownSubject)
    case nil: return .pending
    }
  }

  /// Writes a point about what was done or refused at the interface.
  public func record(_ audit: AuditPoint) {
    var audit = audit
    // Points of one time would replace each other.
    audit.time = lastAudit.with { last in
      last = max(audit.time.floored(to: .milliseconds(1)), last + .milliseconds(1))
      return last
    }
    stores.sink.offer(audit.rendered(instance: settings.mqtt.clientID))
  }

  /// Lets the process raise alerts about its HTTP interface.
  public func watch(interface facts: @escaping @Sendable () -> InterfaceFacts) { collector.interface.set(facts) }

  /// Stops or starts the sources. While they are stopped, messages wait at the broker.
  public func setHeld(_ isHeld: Bool) {
    ingest.isHeld.set(isHeld)
    note(isHeld ? .warning("source: stopped by a person; messages wait at the broker") : "source: started by a person")
  }

  /// State of every source that does not come over MQTT.
  public var fetchedSources: [SourceStatus] { fetchers.statuses }

  /// Stops or starts a source that does not come over MQTT. The order outlives the process.
  ///
  /// - Parameters:
  ///   - plant: Name of the plant.
  ///   - source: Name of the source.
  ///   - isStopped: Whether it is stopped.
  /// - Throws: An error of the file of orders.
  public func order(plant: String, source: String, isStopped: Bool) throws {
    try fetchers.order(plant: plant, source: source, isStopped: isStopped)
    note("source \(plant)/\(source): \(isStopped ? "stopped" : "started") by a person")
  }

  /// Returns the state of a community of plants that runs; `nil` before its first record.
  public func communityState(_ name: String) -> CommunityMachine? { communities.states.with { $0[name] } }

  /// Settings of the database, with the credentials that are in effect.
  public var databaseSettings: DatabaseSettings { credentials.database.value }

  /// Frozen models and logbooks of savings.
  public var savingsRegistry: ModelRegistry { ModelRegistry(state: effectiveSettings.journal.path) }

  private func outcome(of request: String, plant: String, within span: TimeSpan) -> Instruction.Outcome? {
    let links = workerLinks
    let owner = (0..<links.count).first { Shard($0, of: links.count).has(plant) } ?? 0
    return links[owner].outcomes.wait(for: request, within: span)
  }
}
