import CommandChannel
import Foundation
import InfluxSink
import Journal
import LocalServers
import PlantModel
import PlantTesting
import SinkCore
import Synchronization
import Testing

@testable import Pipeline

@Suite("A saved state that cannot be used", .serialized)
struct RebuildTests {
  @Test
  func `of another version: windows and models are made of the journal's history, and nothing is written twice`() throws
  {
    try expectRebuilt("windows and models are rebuilt from the journal", decodedAgain: 0) { journal in
      let store = try CheckpointStore(directory: journal)
      let offset = try #require(store.open().parts?.offset)
      // The one before the latest must not help out.
      for _ in 0..<2 { try store.save(Checkpoint(offset: offset, state: [9, 9, 9])) }
    }
  }

  @Test func `and whose place is not known either: all that the journal has is worked through again`() throws {
    try expectRebuilt("all that the journal has is worked through again", decodedAgain: 300) { journal in
      for name in ["checkpoint", "checkpoint.previous"] where access("\(journal)/\(name)", F_OK) == 0 {
        try Data("no checkpoint".utf8).write(to: URL(fileURLWithPath: "\(journal)/\(name)"))
      }
    }
  }

  /// Runs a pipeline, has its state spoilt, and runs another that must know what the first knew.
  private func expectRebuilt(_ words: String, decodedAgain: UInt64, spoil: (String) throws -> Void) throws {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    let start = Int64(Date().timeIntervalSince1970) * 1000 - 600_000
    func publish(_ number: Int) throws {
      try site.publisher.publish(
        topic: "first/load/power", payload: "{\"value\":\(number % 10),\"ts\":\(start + Int64(number) * 1000)}")
    }
    let before = try site.pipeline()
    try before.start()
    #expect(Waiting.until(seconds: 30) { before.status().intake.isSubscribed })
    for number in 0..<300 { try publish(number) }
    #expect(Waiting.until(seconds: 30) { site.count("raw", plant: "first") == 300 })
    before.stop()
    try spoil(site.folder + "/journal")
    let notes = Mutex<[String]>([])
    let after = try site.pipeline(note: { line in notes.withLock { $0.append("\(line)") } })
    try after.start()
    defer { after.stop() }
    #expect(notes.withLock { $0 }.contains { $0.contains(words) }, "\(notes.withLock { $0 })")
    #expect(Waiting.until(seconds: 30) { after.status().intake.isSubscribed })
    // Only who knows the last reading knows it again.
    try publish(299)
    try publish(300)
    #expect(Waiting.until(seconds: 30) { site.count("raw", plant: "first") == 301 })
    let last = try site.influx.query(
      "SELECT \"quality\" FROM \"clean\" WHERE \"plant\" = 'first' AND time = \(start + 299_000)ms")
    #expect(last.first?.number("quality") == 6, "\(last)")
    #expect(
      Waiting.until(seconds: 10) { after.status().stages.ledger.readings == decodedAgain + 2 },
      "\(after.status().stages.ledger)")
    #expect(after.status().sink.accounts.accounted.readings == 302 + decodedAgain)
  }
}
