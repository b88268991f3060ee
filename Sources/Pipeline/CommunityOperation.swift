import Community
import CommunityControl
import Foundation
import InfluxSink
import Journal
import PlantConfig
import PlantModel
import PointSchema
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// One community that runs: its log, its state, and what is done at each mark.
///
/// The log holds summaries, closings and decisions. A restart reads it from the last checkpoint on and writes the same
/// points again. A checkpoint takes effect an hour after its state, when its points are in the database or the spool.
final class CommunityOperation {
  /// Search for a schedule: good enough at this gap, and over after this time.
  static let limits = CommunityLimits(gap: 1e-4, seconds: 20)
  private static let maximumBytes: Int64 = 1 << 30
  private static let historyBytes: Int64 = 128 << 20
  private static let marksPerCheckpoint = 4
  private static let quarter = TimeSpan.minutes(15)

  private(set) var machine: CommunityMachine
  private let journal: Journal
  private let store: CheckpointStore
  private let sink: any Sink
  private let note: RunningPipeline.Note
  private var encoder = LineEncoder()
  private var pending: Checkpoint?
  private var marks = 0
  private var isUnsent = true
  /// Monotonic time at which the last summary came [ns].
  private var lastSummary = SystemClock.monotonic()

  /// Opens a community and reads its log to the end.
  ///
  /// - Parameters:
  ///   - name: Name of the community.
  ///   - folder: Folder of all communities' logs.
  ///   - sink: Takes the points.
  ///   - note: Receives log lines.
  init(
    _ name: String, folder: String, sink: any Sink, note: @escaping RunningPipeline.Note
  ) throws(JournalError) {
    let directory = Self.directory(of: name, in: folder)
    (self.sink, self.note) = (sink, note)
    store = try CheckpointStore(directory: directory)
    let found = store.load()
    for words in found.damage { note(.warning("community \(name): a checkpoint is damaged: \(words)")) }
    machine = CommunityMachine(name: name)
    var start: UInt64 = 0
    if let checkpoint = found.checkpoint {
      var reader = SnapshotReader(checkpoint.state)
      do throws(SnapshotError) {
        machine = try CommunityMachine(restoring: &reader)
        start = checkpoint.offset
      } catch {
        note(.warning("community \(name): its state cannot be read (\(error)); it is made from the log"))
      }
    }
    journal = try Journal(
      directory: directory, maximumBytes: Self.maximumBytes, segmentBytes: 16 << 20,
      notBefore: found.checkpoint?.offset ?? 0, keepBytes: Self.historyBytes)
    let reader = journal.reader(from: start)
    while let record = try reader.next() {
      let body = record.withBody { Array($0) }
      apply(record.kind, body: body)
    }
    flush()
  }

  /// Returns the folder of a community's log.
  static func directory(of name: String, in folder: String) -> String {
    "\(folder)/\(CommunityLog.fileName(of: name))"
  }

  /// Closes the log.
  func close() {
    do throws(JournalError) { try journal.close() } catch { note(.error("community \(machine.name): \(error)")) }
  }

  /// Takes summaries that are news.
  func take(_ summaries: [MemberSummary], at now: Timestamp) throws(JournalError) {
    for summary in summaries where machine.isNews(summary) && !isLate(summary) {
      try append(.memberSummary, at: now) { summary.write(to: &$0) }
      lastSummary = SystemClock.monotonic()
    }
    flush()
  }

  /// Whether a summary's mark was closed long ago, as in the replay of a plant's log.
  private func isLate(_ summary: MemberSummary) -> Bool {
    machine.quarter.map { summary.state.time + .hour < $0.time } ?? false
  }

  /// Whether the mark that was closed last has no decision, since the process ended in between.
  var isUndecided: Bool {
    machine.quarter.map { $0.time > machine.decision?.time ?? .distantPast } ?? false
  }

  /// Returns the mark to close; `nil` if none is due.
  ///
  /// A mark is due once all members have told of it, or when ``CommunityKeeper/grace`` is over.
  ///
  /// - Parameters:
  ///   - members: Names of the members.
  ///   - now: The current time.
  func dueMark(of members: [String], at now: Timestamp) -> Timestamp? {
    let mark = now.floored(to: Self.quarter)
    guard !members.isEmpty, mark > machine.quarter?.time ?? .distantPast else { return nil }
    let isComplete = members.allSatisfy { machine.latest(of: $0) ?? .distantPast >= mark }
    return isComplete || now - mark >= CommunityKeeper.grace ? mark : nil
  }

  /// Closes a mark.
  func close(_ quarter: CommunityQuarter, at now: Timestamp) throws(JournalError) {
    try append(.communityQuarter, at: now) { quarter.write(to: &$0) }
  }

  /// Has the mark that was closed last solved, and takes the decision.
  func decide(at now: Timestamp) throws(JournalError) {
    guard let quarter = machine.quarter else { return }
    var decision: CommunityDecision
    if now - quarter.time >= Self.quarter {
      decision = CommunityDecision(time: quarter.time, reason: "the process was stopped")
    } else {
      do throws(CommunityError) {
        let planner = try CommunityPlanner(machine)
        let solution = try CommunitySolver.solve(
          planner.instance, objective: planner.objective, limits: Self.limits)
        let seconds = Double(SystemClock.monotonic() - lastSummary) / 1e9
        decision = planner.decision(of: solution, seconds: seconds)
      } catch {
        decision = CommunityDecision(time: quarter.time, reason: error.description)
      }
    }
    try append(.communityDecision, at: now) { decision.write(to: &$0) }
    isUnsent = true
    flush()
    try keepCheckpoint()
  }

  /// Returns the latest decision if it was not sent by this process and still holds.
  func takeUnsent(at now: Timestamp) -> CommunityDecision? {
    guard isUnsent else { return nil }
    isUnsent = false
    guard let decision = machine.decision, now - decision.time < Self.quarter else { return nil }
    return decision
  }

  private func append(
    _ kind: RecordKind, at now: Timestamp, write: (inout SnapshotWriter) -> Void
  ) throws(JournalError) {
    var writer = SnapshotWriter()
    write(&writer)
    let bytes = writer.bytes
    try journal.append(kind: kind, received: now, body: bytes)
    apply(kind, body: bytes)
  }

  private func apply(_ kind: RecordKind, body: [UInt8]) {
    do throws(SnapshotError) {
      encoder.append(try machine.apply(kind, body: body))
      if encoder.isFull { flush() }
    } catch {
      note(.error("community \(machine.name): a record of its log cannot be read (\(error))"))
    }
  }

  private func flush() {
    guard encoder.lineCount > 0 else { return }
    // These points do not come from the journal of the plants, so their offset acknowledges nothing there.
    sink.submit(encoder.drain(upTo: 0))
  }

  private func keepCheckpoint() throws(JournalError) {
    marks += 1
    guard marks % Self.marksPerCheckpoint == 0 else { return }
    if let pending { try journal.trim(below: try store.save(pending)) }
    var writer = SnapshotWriter()
    machine.snapshot(into: &writer)
    pending = Checkpoint(offset: journal.endOffset, state: writer.bytes)
  }
}

extension CommunitySettings {
  /// Returns the closing of a mark: members, terms, and the prices of the day ahead.
  ///
  /// - Parameters:
  ///   - mark: The mark.
  ///   - plants: The members.
  func quarter(at mark: Timestamp, plants: [Plant]) -> CommunityQuarter {
    var calendar = LocalCalendar(identifier: timezone ?? plants.first?.location.timezone ?? "UTC") ?? .utc
    var (buy, feed): ([Float], [Float]) = ([], [])
    for step in 0..<MemberSummary.steps {
      let time = mark + .minutes(Int64(15 * step))
      let local = calendar.civil(at: time)
      buy.append(tariff.importPrice(at: time, local: local).map(Float.init) ?? .nan)
      feed.append(tariff.exportPrice(at: time, local: local).map(Float.init) ?? .nan)
    }
    var quarter = CommunityQuarter(
      time: mark, members: plants.map(\.name), objective: CommunityObjective(rawValue: objective.rawValue) ?? .cost,
      importPrice: buy, exportPrice: feed)
    quarter.importLimit = importLimit ?? .infinity
    quarter.exportLimit = exportLimit ?? .infinity
    quarter.overloadPrice = overloadPrice
    quarter.carbonPrice = tariff.carbonWeight
    quarter.incentiveBudget = incentiveBudget
    quarter.carbon = buy.map { _ in Float(tariff.carbonIntensity ?? 0) }
    return quarter
  }
}
