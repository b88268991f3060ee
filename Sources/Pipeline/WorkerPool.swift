import Foundation
import PlantConfig
import PlantModel
import SavingsAccounts
import Settings
import StreamCore
import SystemCore

/// The workers of a pipeline, each on a thread of its own with its share of the plants.
final class WorkerPool: Sendable {
  /// Published state of each worker.
  let links: [WorkerLink]
  private let stores: PipelineStores
  private let keeper: CheckpointKeeper
  private let alerts: AlertOutlet
  private let maximumUnpacked: Int
  /// Receives what leaves the stages; `nil` if nobody can ask for it.
  private let live: LiveFeed?
  private let communities: CommunityInbox?
  private let logbook: SavingsLogbook
  private let note: RunningPipeline.Note
  private let threads = Locked<[BlockingThread]>([])

  /// Creates the workers without starting them.
  ///
  /// - Parameters:
  ///   - count: Number of workers.
  ///   - stores: Journal, sink and saved state.
  ///   - keeper: Coordinator of the checkpoints.
  ///   - alerts: Receives alerts and commands.
  ///   - maximumUnpacked: Maximum size of an unpacked compressed payload [bytes].
  ///   - live: Receives what leaves the stages; `nil` if nobody can ask for it or for latest values.
  ///   - communities: Receives summaries of members; `nil` if there are none.
  ///   - logbook: Takes requests about savings.
  ///   - note: Receives log lines.
  init(
    count: Int, stores: PipelineStores, keeper: CheckpointKeeper, alerts: AlertOutlet, maximumUnpacked: Int,
    live: LiveFeed?, communities: CommunityInbox? = nil, logbook: SavingsLogbook, note: @escaping RunningPipeline.Note
  ) {
    links = (0..<count).map { _ in WorkerLink() }
    (self.stores, self.keeper, self.alerts, self.logbook) = (stores, keeper, alerts, logbook)
    (self.maximumUnpacked, self.live, self.communities, self.note) = (maximumUnpacked, live, communities, note)
  }

  /// Returns the latest readings of a plant; `nil` if it has none.
  func latest(plant: String) -> LatestTable? {
    for link in links {
      if let table = link.latest.with({ $0[plant] }) { return table }
    }
    return nil
  }

  /// Default number of workers: one core is left to everything else.
  static var automaticCount: Int { max(1, ProcessInfo.processInfo.activeProcessorCount - 1) }

  /// Starts every worker at the resume offset.
  func start(_ configuration: LoadedConfiguration) throws(SystemError) {
    let (sources, plants) = (configuration.sources, configuration.plants)
    // Plants of an unchanged configuration need not be parsed again.
    let before = stores.saved.map { $0.sources == sources ? plants : $0.sources.plants } ?? plants
    for number in links.indices {
      let thread = try start(Shard(number, of: links.count), sources: sources, plants: plants, before: before)
      threads.with { $0.append(thread) }
    }
  }

  /// Waits until every worker has ended.
  func join() {
    for thread in threads.with({ $0 }) { thread.join() }
  }

  private func start(
    _ share: Shard, sources: PlantSources, plants: [Plant], before: [Plant]
  ) throws(SystemError) -> BlockingThread {
    let relay = AlertRelay(delivery: alerts.delivery, publisher: alerts.publisher)
    let commands = CommandRelay(publisher: alerts.publisher, liveFrom: stores.startOffset, note: note)
    return try BlockingThread(name: share.count > 1 ? "stages-\(share.number + 1)" : "stages") { [self] in
      let fresh = RecordProcessor(
        sources: sources, configured: plants, share: share, maximumUnpacked: maximumUnpacked)
      let processor = stores.resumed(fresh, before: before, maximumUnpacked: maximumUnpacked, note: note)
      var worker = StageWorker(
        processor: processor, from: stores.resumeOffset, in: stores.journal, sink: stores.sink, keeper: keeper,
        relay: relay, commands: commands, live: live, communities: communities, logbook: logbook,
        link: links[share.number], note: note)
      worker.run()
    }
  }
}
