import Backup
import DataSources
import Foundation
import InfluxSink
import PlantModel
import PointSchema
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// Renderer of the process's counters as the series `pipeline`. Only these points do not come from the journal, because
/// they describe the process and not a plant.
struct Reporter {
  let instance: String
  /// Folder of the journal; `nil` leaves out the room on its disk.
  let folder: String?
  private var encoder = LineEncoder()

  init(instance: String, folder: String? = nil) { (self.instance, self.folder) = (instance, folder) }

  /// Renders the mark of a configuration that was taken.
  mutating func report(configuration text: String, at timestamp: Timestamp) -> WriteBatch {
    var points = PointBatch()
    begin("configuration", at: timestamp, into: &points)
    points.field(.configuration, text: text)
    encoder.append(points)
    return encoder.drain(upTo: 0)
  }

  /// Renders the mark of a message that was refused.
  ///
  /// - Parameters:
  ///   - topic: Its topic.
  ///   - reason: Reason for which it was refused.
  ///   - text: The message and its reason, for people.
  ///   - timestamp: Time of the mark.
  /// - Returns: The point for the sink.
  mutating func report(refused topic: String, reason: String, text: String, at timestamp: Timestamp) -> WriteBatch {
    var points = PointBatch()
    begin("refusal", at: timestamp, into: &points)
    points.field(.topic, text: topic)
    points.field(.reason, text: reason)
    points.field(.text, text: text)
    encoder.append(points)
    return encoder.drain(upTo: 0)
  }

  /// Renders one report.
  mutating func report(_ status: PipelineStatus, at timestamp: Timestamp) -> WriteBatch {
    var points = PointBatch()
    source(status.intake, at: timestamp, into: &points)
    decode(status.stages, at: timestamp, into: &points)
    cleaning(status.stages, at: timestamp, into: &points)
    sink(status, at: timestamp, into: &points)
    readings(status, at: timestamp, into: &points)
    alerts(status, at: timestamp, into: &points)
    retention(status, at: timestamp, into: &points)
    process(status.stages, at: timestamp, into: &points)
    backup(status, at: timestamp, into: &points)
    broker(status, at: timestamp, into: &points)
    interface(status, at: timestamp, into: &points)
    plants(status.stages, at: timestamp, into: &points)
    fetched(status, at: timestamp, into: &points)
    encoder.append(points)
    // Offset 0 acknowledges nothing of the journal.
    return encoder.drain(upTo: 0)
  }

  private func begin(_ stage: String, at timestamp: Timestamp, into points: inout PointBatch) {
    points.begin(PointKey(.pipeline, .process, instance, stage), at: timestamp)
  }

  private func source(_ status: IntakeStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    begin("source", at: timestamp, into: &points)
    points.field(.input, integer: Int64(clamping: status.messages))
    points.field(.output, integer: Int64(clamping: status.appended))
    points.field(.bytes, integer: Int64(clamping: status.messageBytes))
    points.field(.dropped(for: "duplicate"), integer: Int64(clamping: status.duplicates))
    points.field(.dropped(for: "too_large"), integer: Int64(clamping: status.oversized))
    points.field(.reconnects, integer: Int64(clamping: status.reconnects))
    points.field(.connected, integer: status.isSubscribed ? 1 : 0)
    begin("journal", at: timestamp, into: &points)
    points.field(.queue, integer: Int64(clamping: status.journalBytesWaiting))
    points.field(.bytes, integer: Int64(clamping: status.journalEnd))
    if let free = folder.flatMap(ProcessReportFile.freeBytes) { points.field(.freeBytes, integer: free) }
  }

  /// Adds the account of messages: `in = decoded + refused + duplicates`.
  private func decode(_ status: StageStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    begin("decode", at: timestamp, into: &points)
    points.field(.input, integer: Int64(clamping: status.ledger.messages))
    points.field(.output, integer: Int64(clamping: status.ledger.readings))
    points.field(.decoded, integer: Int64(clamping: status.ledger.decoded))
    points.field(.refused, integer: Int64(clamping: status.ledger.refusedInAll))
    points.field(.duplicates, integer: Int64(clamping: status.ledger.duplicates))
    points.field(.readingsBeyondLimits, integer: Int64(clamping: status.ledger.beyondLimits))
    points.field(.timesUnusable, integer: Int64(clamping: status.ledger.timesUnusable))
    points.field(.valuesMissing, integer: Int64(clamping: status.ledger.missingValues))
    points.field(.placesUnseen, integer: Int64(status.unseenPlaces.count))
    for (reason, count) in status.ledger.refusedValues.sorted(by: { $0.key < $1.key }) {
      points.field(.values(for: reason), integer: Int64(clamping: count))
    }
    for (reason, count) in status.ledger.refused.sorted(by: { $0.key < $1.key }) {
      points.field(.dropped(for: reason), integer: Int64(clamping: count))
    }
  }

  private func cleaning(_ status: StageStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    begin("cleaning", at: timestamp, into: &points)
    points.field(.input, integer: Int64(clamping: status.ledger.readings))
    points.field(.output, integer: Int64(clamping: status.qualityCounts.reduce(0, +)))
    for quality in Quality.allCases where Int(quality.rawValue) < status.qualityCounts.count {
      points.field(.quality(quality), integer: Int64(clamping: status.qualityCounts[Int(quality.rawValue)]))
    }
  }

  /// Adds the account of points: `in = out + queued + spooled + dead_letters + dropped`.
  private func sink(_ status: PipelineStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    begin("sink", at: timestamp, into: &points)
    let accounts = status.sink.accounts
    points.field(.input, integer: Int64(clamping: accounts.submitted.points))
    points.field(.output, integer: Int64(clamping: status.sink.pointsWritten))
    points.field(.queued, integer: Int64(clamping: accounts.queued.points))
    points.field(.spooled, integer: Int64(clamping: accounts.spooled.points))
    points.field(.spoolBytes, integer: Int64(status.sink.spoolBytes))
    lost(accounts, part: \.points, into: &points)
    points.field(.requests, integer: Int64(clamping: status.sink.requests))
    points.field(.retries, integer: Int64(clamping: status.sink.retries))
    points.field(.queue, integer: Int64(clamping: status.sink.queueDepth))
    points.field(.connected, integer: status.databaseTrouble == nil ? 1 : 0)
    points.field(.lag, status.stages.lagSeconds)
  }

  /// Adds the account of readings: `decoded + redelivered = written + queued + spooled + dead_letters + dropped`.
  private func readings(_ status: PipelineStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    begin("readings", at: timestamp, into: &points)
    let accounts = status.sink.accounts
    points.field(.decoded, integer: Int64(clamping: status.stages.ledger.readings))
    points.field(.redelivered, integer: Int64(clamping: status.redelivered))
    points.field(.written, integer: Int64(clamping: accounts.written.readings))
    points.field(.queued, integer: Int64(clamping: accounts.queued.readings))
    points.field(.spooled, integer: Int64(clamping: accounts.spooled.readings))
    lost(accounts, part: \.readings, into: &points)
  }

  /// Adds the points or readings that will not reach the database, in total and by reason.
  ///
  /// - Parameters:
  ///   - accounts: Accounts of the sink.
  ///   - part: The tally to add: points or readings.
  ///   - points: Receives the fields.
  private func lost(_ accounts: SinkAccounts, part: KeyPath<PointTally, UInt64>, into points: inout PointBatch) {
    func sum(_ tallies: some Sequence<PointTally>) -> Int64 {
      Int64(clamping: tallies.reduce(0) { $0 + $1[keyPath: part] })
    }
    points.field(.deadLetters, integer: sum(accounts.deadLetters.values))
    points.field(.dropped, integer: sum(accounts.dropped.values))
    for (reason, tally) in accounts.deadLetters.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      points.field(.dead(for: reason.rawValue), integer: Int64(clamping: tally[keyPath: part]))
    }
    for (reason, tally) in accounts.dropped.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      points.field(.dropped(for: reason.rawValue), integer: Int64(clamping: tally[keyPath: part]))
    }
  }

  private func alerts(_ status: PipelineStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    guard let alerts = status.alerts else { return }
    begin(alerts.stage, at: timestamp, into: &points)
    points.field(.input, integer: Int64(clamping: alerts.input))
    points.field(.output, integer: Int64(clamping: alerts.output))
    points.field(.queue, integer: Int64(clamping: alerts.queue))
    for (reason, count) in alerts.dropped { points.field(.dropped(for: reason), integer: Int64(clamping: count)) }
  }

  private func retention(_ status: PipelineStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    guard let retention = status.retention else { return }
    begin("retention", at: timestamp, into: &points)
    points.field(.output, integer: Int64(retention.days))
    points.field(.dropped(for: "failed"), integer: Int64(retention.failures))
    points.field(.lastSeconds, retention.lastSeconds)
  }

  private func broker(_ status: PipelineStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    guard let refused = status.refusedPublishes else { return }
    begin("broker", at: timestamp, into: &points)
    points.field(.refused, integer: Int64(clamping: refused))
  }

  private func interface(_ status: PipelineStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    guard let facts = status.interface else { return }
    begin("interface", at: timestamp, into: &points)
    points.field(.requests, integer: Int64(clamping: facts.requests))
    points.field(.slow, integer: Int64(clamping: facts.slow))
    points.field(.failed, integer: Int64(clamping: facts.failed))
    points.field(.refused, integer: Int64(clamping: facts.refusedLogins))
    if let url = facts.url { points.field(.url, text: url) }
  }

  private func plants(_ status: StageStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    for plant in status.plants {
      points.begin(PointKey(.plantState, .process, plant.name), at: timestamp)
      points.field(.reported, integer: timestamp.milliseconds)
      let standing = plant.alerts.filter { !plant.shelvedAlerts.contains($0.id) }
      points.field(.critical, integer: Int64(standing.count { $0.severity == .critical }))
      points.field(.warnings, integer: Int64(standing.count { $0.severity != .critical }))
      points.field(.series, integer: Int64(plant.series))
      if plant.lastReading > .distantPast { points.field(.lastReading, integer: plant.lastReading.milliseconds) }
    }
  }

  private func fetched(_ status: PipelineStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    for source in status.fetched {
      points.begin(PointKey(.sourceState, .process, source.plant, source.name), at: timestamp)
      points.field(.reported, integer: timestamp.milliseconds)
      points.field(.state, text: source.state.rawValue)
      points.field(.rows, integer: Int64(clamping: source.rows))
      points.field(.error, text: source.error ?? "")
      if let last = source.lastSuccess.flatMap({ ISO8601.timestamp($0) }) {
        points.field(.lastSuccess, integer: last.milliseconds)
      }
      if let next = source.next.flatMap({ ISO8601.timestamp($0) }) {
        points.field(.nextFetch, integer: next.milliseconds)
      }
    }
  }

  private func process(_ status: StageStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    begin("process", at: timestamp, into: &points)
    points.field(.processorTime, Double(SystemClock.processTime()) / 1e9)
    points.field(.residentBytes, integer: Reporter.residentBytes())
    points.field(.plants, integer: Int64(status.plants.count))
    points.field(.series, integer: Int64(status.plants.reduce(0) { $0 + $1.series }))
    points.field(.reported, integer: timestamp.milliseconds)
    let standing = status.plants.flatMap { plant in
      plant.alerts.filter { !plant.shelvedAlerts.contains($0.id) }.map(\.severity)
    }
    points.field(.critical, integer: Int64(standing.count { $0 == .critical }))
    points.field(.warnings, integer: Int64(standing.count { $0 != .critical }))
  }

  private func backup(_ status: PipelineStatus, at timestamp: Timestamp, into points: inout PointBatch) {
    guard let backup = status.backup else { return }
    begin("backup", at: timestamp, into: &points)
    points.field(.backupSucceeded, integer: backup.isOK ? 1 : 0)
    guard let last = backup.last else { return }
    points.field(.age, max(0, (timestamp - last).inSeconds))
    points.field(.bytes, integer: Int64(backup.bytes))
  }

  /// Returns the resident memory of this process [bytes], from `/proc/self/statm`; 0 if it cannot be read.
  static func residentBytes() -> Int64 {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int64($0) } ?? 0
    return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }
}
