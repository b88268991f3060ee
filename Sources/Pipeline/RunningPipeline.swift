import CommandChannel
import Foundation
import InfluxSink
import Journal
import MQTTSource
import PlantConfig
import PlantModel
import StreamCore

/// A folder of configuration that cannot be run: every mistake, in the order of files and lines.
public struct InvalidConfiguration: Error, CustomStringConvertible {
  /// The mistakes.
  public var diagnostics: [Diagnostic]

  /// One line a mistake.
  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// A configuration turned into a running topology, in the order of the flow:
/// broker session → journal → worker (decode, stages, encode) → sink, and beside them the status publisher.
///
/// The broker and the database may be away at the start and at any time; they are waited for. ``stop()`` ends in the
/// order of the flow, so that what is in flight reaches the database or stays in the journal.
public final class RunningPipeline: Sendable {
  /// Receives what a running pipeline tells, one line each; called on its threads.
  public typealias Note = @Sendable (String) -> Void

  private struct State {
    var configuration: LoadedConfiguration
    var watch: ConfigurationWatch
    var isSubscribed = false
  }

  private let directory: String
  private let environment: [String: String]
  private let note: Note
  private let settings: ProcessSettings
  private let journal: Journal
  private let checkpoints: CheckpointStore
  private let ingest: Ingest
  private let sink: InfluxSink
  private let session: BrokerSession
  private let announcer: StatusAnnouncer
  private let link = WorkerLink()
  private let finalCheckpoint = Guarded<Checkpoint?>(nil)
  private let state: Guarded<State>
  private let worker = Guarded<BlockingThread?>(nil)
  private let housekeeper = Guarded<BlockingThread?>(nil)

  /// Loads and validates the folder and opens the journal; nothing runs yet. `adjust` may change the settings of the
  /// process, as the demo does for its own servers.
  ///
  /// Throws ``InvalidConfiguration`` with every mistake, or what the journal says.
  public init(
    directory: String, environment: [String: String], adjust: (inout ProcessSettings) -> Void = { _ in },
    note: @escaping Note
  ) throws {
    let configuration = ConfigurationLoader.load(directory: directory, environment: environment)
    guard configuration.isValid else { throw InvalidConfiguration(diagnostics: configuration.diagnostics) }
    var settings = configuration.settings
    adjust(&settings)
    self.directory = directory
    self.environment = environment
    self.note = note
    self.settings = settings
    journal = try Journal(settings: settings.journal)
    checkpoints = CheckpointStore(directory: settings.journal.path)
    ingest = Ingest(journal: journal, note: note)
    sink = InfluxSink(
      settings: settings.influxdb, deadLetterDirectory: settings.journal.path + "/dead-letter", note: note)
    announcer = StatusAnnouncer(settings: settings.mqtt)
    let state = Guarded(
      State(configuration: configuration, watch: ConfigurationWatch(directory: directory)))
    self.state = state
    let announcer = announcer
    session = BrokerSession(
      settings: settings.mqtt, subscriptions: MessageDecoder(plants: configuration.plants).subscriptions, sink: ingest
    ) { event in
      RunningPipeline.heard(event, state, announcer, note)
    }
  }

  /// Starts every part, from the database back to the broker.
  public func start() {
    let plants = state.with { $0.configuration.plants }
    note("\(plants.count) plants: \(plants.map(\.name).joined(separator: ", "))")
    sink.start()
    startWorker(plants)
    startHousekeeper()
    session.start()
  }

  /// Ends every part, from the broker on. Waits at most some ten seconds for the database; what it has not accepted by
  /// then stays in the journal.
  public func stop() {
    announcer.announceOffline()
    session.stop()
    housekeeper.with { $0 }?.join()
    link.isStopping.set()
    worker.with { $0 }?.join()
    sink.stop(deadline: .seconds(10))
    if let checkpoint = finalCheckpoint.with({ $0 }), sink.acceptedOffset >= checkpoint.offset {
      do {
        try checkpoints.save(checkpoint)
      } catch {
        note("the checkpoint could not be written: \(error)")
      }
    }
    journal.close()
  }
}
