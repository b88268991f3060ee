import Community
import CommunityControl
import Foundation
import InfluxSink
import Journal
import LocalServers
import PlantConfig
import PlantModel
import PlantTesting
import Settings
import SinkCore
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("Communities that run")
struct CommunityKeeperTests {
  private static let names = ["home-1", "home-2", "home-3"]
  private static let start = Timestamp(seconds: 1_790_000_100).floored(to: .minutes(15))

  /// The plants of a village in one journal, each with PV, a battery and readings each minute.
  private struct Village {
    var sources = PlantSources()
    var records: [(kind: RecordKind, received: Timestamp, body: [UInt8])] = []

    init() {
      sources.files = CommunityKeeperTests.names.map { ("\($0).yaml", History.file($0)) }
    }

    /// Adds the readings of a minute.
    mutating func minute(_ time: Timestamp, charge: Double = 55) {
      var frame = MessageFrameBuilder()
      for (number, name) in CommunityKeeperTests.names.enumerated() {
        let values = [("pv/power", 3.0), ("bess/power", 0), ("bess/soc", charge), ("load/power", 1 + Double(number))]
        for (topic, value) in values + [("grid/power", Double(number) - 2)] {
          let payload = #"{"value":\#(value),"ts":\#(time.milliseconds)}"#
          Array("\(name)/\(topic)".utf8).withUnsafeBytes { topic in
            Array(payload.utf8).withUnsafeBytes {
              frame.append(topic: topic, payload: $0, packetID: 0, retained: false)
            }
          }
        }
      }
      records.append((.messages, time + .second, Array(frame.bytes)))
    }

    /// Returns the points of the records on a number of workers, each restored from its state in the middle.
    func lines(workers: Int, restoring: Bool = false, tap: inout CommunityTap) -> [String] {
      var lines: [String] = []
      for number in 0..<workers {
        var processor = RecordProcessor(sources: sources, share: Shard(number, of: workers))
        for (place, record) in records.enumerated() {
          if restoring, place == records.count - 8 { processor = restored(processor, workers: workers) }
          _ = record.body.withUnsafeBytes { body in
            processor.process(kind: record.kind, received: record.received, body: body) { tap.observe($0, in: $1) }
          }
        }
        lines += String(decoding: processor.encoder.drain(upTo: 0).bytes, as: UTF8.self).split(separator: "\n").map(
          String.init)
      }
      tap.handOver()
      return lines.sorted()
    }

    private func restored(_ processor: RecordProcessor, workers: Int) -> RecordProcessor {
      var parts: [[UInt8]] = []
      SavedState.write(processor) { parts.append($0) }
      let saved = parts
      guard let state = try? SavedState(count: saved.count, part: { saved[$0] }) else { return processor }
      var (next, rebuilt) = state.processor(configured: sources.plants, share: processor.share)
      #expect(rebuilt.isEmpty)
      next.encoder = processor.encoder
      return next
    }
  }

  private static func settings() -> CommunitySettings {
    var settings = CommunitySettings(name: "the village", members: .plants(["home-*"]))
    settings.tariff = Tariff(importPeriods: [.init(fromMinute: 0, toMinute: 1440, price: 0.3)], exportPrice: 0.06)
    settings.importLimit = 20
    return settings
  }

  /// A keeper with what it has sent.
  private static func keeper(
    _ village: Village, folder: String, sink: any Sink, orders: Locked<[(plant: String, members: [String: String])]>
  ) -> CommunityKeeper {
    let plants = village.sources.plants
    return CommunityKeeper(
      folder: folder, sink: sink, members: { ([settings()], plants) },
      post: { sent in
        orders.with { $0 += sent }
        return nil
      }, note: { entry in Issue.record("\(entry)") })
  }

  @Test func `summaries go to the community's log, its schedules into the plants' log, and points come of logs alone`()
    throws
  {
    let folder = try TemporaryFolder(prefix: "wattline-community")
    defer { folder.remove() }
    var village = Village()
    for minute in 0..<17 { village.minute(Self.start + .minutes(Int64(minute)) + .seconds(30)) }
    let (sink, orders) = (KeptLines(), Locked<[(plant: String, members: [String: String])]>([]))
    let keeper = Self.keeper(village, folder: folder.path, sink: sink, orders: orders)
    var round = CommunityRound()
    keeper.work(&round, summaries: [], at: Self.start)
    var tap = CommunityTap(keeper.inbox)
    _ = village.lines(workers: 1, tap: &tap)
    let summaries = keeper.inbox.take(within: .zero)
    let mark = Self.start + .minutes(15)
    #expect(summaries.filter { $0.state.time == mark }.map(\.plant) == Self.names)
    let state = try #require(summaries.last { $0.state.time == mark }?.state)
    #expect(abs((state.battery?.energy ?? 0) - 27.5) < 1e-9 && state.load == 3 && state.generation == 3)

    keeper.work(&round, summaries: summaries, at: mark + .seconds(70))
    #expect(orders.value.map(\.plant) == Self.names)
    let lines = sink.take()
    #expect(lines.contains { $0.hasPrefix("community,community=the\\ village ") && $0.contains("metered=3i") })
    #expect(lines.count { $0.hasPrefix("community_ahead,") } == 96)
    #expect(lines.count { $0.hasPrefix("community_member,") && $0.contains("present=true") } == 3)
    // Nothing is due before the next mark.
    keeper.work(&round, summaries: summaries, at: mark + .seconds(80))
    #expect(sink.take().isEmpty && orders.value.count == 3)

    let log = MemoryLog()
    let ingest = Ingest(journal: log, note: { _ in })
    #expect(ingest.post(orders.value, subject: MemberOrder.subject, at: mark + .seconds(75)) == nil)
    let reader = log.reader(from: 0)
    while let record = try reader.next() {
      village.records.append((record.kind, record.received, record.withBody { Array($0) }))
    }
    for minute in 17..<20 { village.minute(Self.start + .minutes(Int64(minute)) + .seconds(30)) }
    let alone = village.lines(workers: 1, tap: &tap)
    let scheduled = alone.filter { $0.hasPrefix("dispatch,") && $0.contains("community: schedule") }
    #expect(scheduled.count == 3, "\(alone.filter { $0.hasPrefix("dispatch,") })")
    #expect(village.lines(workers: 3, tap: &tap) == alone)
    #expect(village.lines(workers: 2, restoring: true, tap: &tap) == alone)
    round.close()
  }

  @Test func `after a restart a community goes on from its log, writes the same points and decides what was open`()
    throws
  {
    let folder = try TemporaryFolder(prefix: "wattline-community")
    defer { folder.remove() }
    let village = Village()
    let (sink, orders) = (KeptLines(), Locked<[(plant: String, members: [String: String])]>([]))
    func summaries(_ mark: Timestamp) -> [MemberSummary] {
      Self.names.prefix(2).map { name in
        var state = MemberState(time: mark)
        (state.load, state.generation, state.batteryPower) = (1, 0, 0)
        state.battery = .init(
          capacity: 10, power: 5, efficiency: 0.95, wear: 0, minimum: 1, maximum: 9.5, energy: 5)
        return MemberSummary(plant: name, state: state)
      }
    }
    var round = CommunityRound()
    let keeper = Self.keeper(village, folder: folder.path, sink: sink, orders: orders)
    for mark in 1...10 {
      let time = Self.start + .minutes(Int64(15 * mark))
      // One member never tells, so that the mark waits for the end of its grace.
      keeper.work(&round, summaries: summaries(time), at: time + .seconds(60))
      keeper.work(&round, summaries: [], at: time + .seconds(95))
    }
    let lines = sink.take()
    #expect(lines.count { $0.hasPrefix("community,") && $0.contains("1 of 3 members missing: home-3") } == 10)
    let state = keeper.states.value["the village"]
    round.close()

    let next = Self.keeper(village, folder: folder.path, sink: sink, orders: orders)
    orders.set([])
    let last = Self.start + .minutes(150)
    next.work(&round, summaries: [], at: last + .seconds(100))
    let again = sink.take()
    #expect(!again.isEmpty && Set(again).isSubset(of: lines) && next.states.value["the village"] == state)
    // The latest schedule still holds, so it is sent again; a member that has it changes nothing.
    #expect(orders.value.count == 2)
    round.close()
  }

  /// A sink that keeps its lines.
  private final class KeptLines: Sink {
    private let lines = Locked<[String]>([])

    func submit(_ batch: WriteBatch) -> Bool {
      lines.with { $0 += String(decoding: batch.bytes, as: UTF8.self).split(separator: "\n").map(String.init) }
      return true
    }

    func offer(_ batch: WriteBatch) -> Bool { submit(batch) }
    var counts: SinkCounts { SinkCounts() }
    var acceptedUpTo: UInt64? { nil }
    func stop(within span: TimeSpan) -> UInt64? { nil }

    func take() -> [String] {
      lines.with { lines in
        defer { lines = [] }
        return lines
      }
    }
  }
}
