import Foundation
import InfluxSink
import Journal
import PlantConfig
import PlantModel
import Settings
import SinkCore
import Testing

@testable import Pipeline

@Suite("Replay of a journal")
struct JournalReplayTests {
  @Test
  func `as recorded gives what was written then, and a changed tariff changes the cost and nothing else`() throws {
    let history = try History(seed: 5, hours: 13)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wattline-test-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let journal = try Journal(directory: folder, segmentBytes: 1 << 20, sync: .never)
    var written: [UInt8] = []
    var live = RecordProcessor(sources: history.first)
    for record in history.records {
      try journal.append(kind: record.kind, received: record.received, body: record.body)
      _ = record.body.withUnsafeBytes { live.process(kind: record.kind, received: record.received, body: $0) }
      written += live.encoder.drain(upTo: 0).bytes
    }

    let recorded = try replay(journal, reading: .asRecorded(otherwise: history.first))
    #expect(recorded.lines == written)
    #expect(recorded.audit.plants.keys.sorted() == ["north", "southern"])

    var changed = PlantSources()
    changed.files = [("north.yaml", History.file("north", importPrice: 0.6))]
    let other = try replay(journal, reading: .changed(changed))
    #expect(other.audit.plants.keys.sorted() == ["north"])
    let (before, after) = (try #require(recorded.audit.plants["north"]), try #require(other.audit.plants["north"]))
    #expect(before.cost > 0 && abs(after.cost - 2 * before.cost) < 1e-9 * before.cost)
    #expect(after.readings == before.readings && after.alerts == before.alerts)
    let scores = recorded.audit.scores.filter { $0.key.series.hasPrefix("north/") }
    #expect(!scores.isEmpty && other.audit.scores == scores)
  }

  private func replay(_ journal: Journal, reading: JournalReplay.Mode) throws -> (
    lines: [UInt8], audit: ReplayAudit
  ) {
    var replay = JournalReplay(reading)
    var lines: [UInt8] = []
    let reader = journal.reader(from: journal.startOffset)
    while let record = try reader.next() { replay.process(record) { lines += $0.bytes } }
    replay.finish { lines += $0.bytes }
    return (lines, replay.audit)
  }
}
