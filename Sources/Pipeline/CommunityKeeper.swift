import Community
import CommunityControl
import InfluxSink
import Journal
import PlantConfig
import PlantModel
import PointSchema
import Settings
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// Runs communities on a thread of its own: takes members' summaries into the log of their community, closes each
/// quarter of an hour, has it solved, and sends schedules and prices into the members' logs.
///
/// It is a job outside of the flow of readings. A plant's points follow from the plant's log alone, in which decisions
/// are records like any other. A community's points follow from the community's log alone.
final class CommunityKeeper: Sendable {
  /// Time after a mark at which it is closed without those who have not told of it.
  static let grace = TimeSpan.seconds(90)
  private static let waitSpan = TimeSpan.seconds(1)

  /// Communities and plants of the configuration.
  typealias Members = @Sendable () -> (communities: [CommunitySettings], plants: [Plant])
  /// Puts an instruction to each plant into the journal, in the members of its object; returns what went wrong.
  typealias Post = @Sendable (_ orders: [(plant: String, members: [String: String])]) -> String?

  let inbox = CommunityInbox()
  private let folder: String
  private let sink: any Sink
  private let members: Members
  private let post: Post
  private let note: RunningPipeline.Note
  private let isStopping = StopSignal()
  private let trouble = LogDeduplicator()
  private let thread = Locked<BlockingThread?>(nil)
  /// State of each community after its latest record, by name.
  let states = Locked<[String: CommunityMachine]>([:])

  /// Creates the keeper without starting it.
  ///
  /// - Parameters:
  ///   - folder: Folder of the communities' logs.
  ///   - sink: Takes the points.
  ///   - members: Returns the communities and plants of the current configuration.
  ///   - post: Puts instructions into the journal of the plants.
  ///   - note: Receives log lines.
  init(
    folder: String, sink: any Sink, members: @escaping Members, post: @escaping Post,
    note: @escaping RunningPipeline.Note
  ) {
    (self.folder, self.sink, self.members, self.post, self.note) = (folder, sink, members, post, note)
  }

  /// Starts the thread.
  func start() throws(SystemError) {
    observeMembers()
    let started = try BlockingThread(name: "communities") { [self] in run() }
    thread.set(started)
  }

  /// Stops the thread; a search that runs ends within its time.
  func stop() {
    isStopping.set()
    inbox.wake()
    thread.value?.join()
  }

  private func run() {
    var round = CommunityRound()
    while !isStopping.isSet {
      let summaries = inbox.take(within: Self.waitSpan)
      work(&round, summaries: summaries, at: SystemClock.now())
    }
    round.close()
  }

  /// Returns the communities of plants with their members, and lets the workers know who they are.
  @discardableResult
  private func observeMembers() -> [(settings: CommunitySettings, plants: [Plant])] {
    let (communities, plants) = members()
    let found = communities.compactMap { settings -> (CommunitySettings, [Plant])? in
      guard case .plants = settings.members else { return nil }
      let names = Set(settings.plants(among: plants.map(\.name)))
      return (settings, plants.filter { names.contains($0.name) })
    }
    let names = Set(found.flatMap { $0.1.map(\.name) })
    inbox.members.with { if $0 != names { $0 = names } }
    return found
  }

  /// Takes summaries and closes what is due.
  ///
  /// - Parameters:
  ///   - round: The open communities.
  ///   - summaries: Summaries since the last call.
  ///   - now: The current time.
  func work(_ round: inout CommunityRound, summaries: [MemberSummary], at now: Timestamp) {
    let communities = observeMembers()
    round.keep(Set(communities.map(\.settings.name)))
    for (settings, plants) in communities where !isStopping.isSet {
      do {
        let operation = try round.operation(settings.name) { name throws(JournalError) in
          try CommunityOperation(name, folder: folder, sink: sink, note: note)
        }
        let own = Set(plants.map(\.name))
        try operation.take(summaries.filter { own.contains($0.plant) }, at: now)
        try step(operation, settings: settings, plants: plants, at: now)
        states.with { $0[settings.name] = operation.machine }
        trouble.isOver(with: settings.name)
      } catch {
        let words = "community \(settings.name): \(error)"
        if trouble.isNew(words, with: settings.name) { note(.error(words)) }
      }
    }
  }

  private func step(
    _ operation: CommunityOperation, settings: CommunitySettings, plants: [Plant], at now: Timestamp
  ) throws {
    if operation.isUndecided { try decide(operation, at: now) }
    guard let mark = operation.dueMark(of: plants.map(\.name), at: now) else { return resend(operation, at: now) }
    try operation.close(settings.quarter(at: mark, plants: plants), at: now)
    let released = operation.machine.released.filter { name in members().plants.contains { $0.name == name } }
    try decide(operation, at: now)
    guard !released.isEmpty else { return }
    send(released.map { ($0, MemberOrder.release(at: "\(mark)", community: settings.name)) }, of: settings.name)
  }

  private func decide(_ operation: CommunityOperation, at now: Timestamp) throws {
    try operation.decide(at: now)
    resend(operation, at: now)
  }

  /// Sends the latest decision, once in the life of the process; a member that has it already changes nothing.
  private func resend(_ operation: CommunityOperation, at now: Timestamp) {
    guard let decision = operation.takeUnsent(at: now) else { return }
    let name = operation.machine.name
    send(
      decision.plans.filter { !$0.battery.isEmpty || !$0.cars.isEmpty }.map {
        ($0.plant, MemberOrder.members($0, of: decision, community: name))
      }, of: name)
  }

  private func send(_ orders: [(plant: String, members: [String: String])], of community: String) {
    guard !orders.isEmpty, let words = post(orders) else { return }
    note(.warning("community \(community): schedules did not get into the log of the plants: \(words)"))
  }
}

/// The open communities of a keeper's thread.
struct CommunityRound {
  private var operations: [String: CommunityOperation] = [:]

  /// Closes the communities that are not among `names`.
  mutating func keep(_ names: Set<String>) {
    for (name, operation) in operations where !names.contains(name) {
      operation.close()
      operations[name] = nil
    }
  }

  /// Returns a community, which is opened if it is not open.
  mutating func operation(
    _ name: String, open: (String) throws(JournalError) -> CommunityOperation
  ) throws(JournalError) -> CommunityOperation {
    if let found = operations[name] { return found }
    let opened = try open(name)
    operations[name] = opened
    return opened
  }

  /// Closes all.
  mutating func close() { keep([]) }
}
