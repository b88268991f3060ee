import CommandChannel
import Foundation
import InfluxSink
import Journal
import LocalServers
import PlantConfig
import PlantModel
import PlantTesting
import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("The check before an upgrade", .serialized)
struct UpgradeCheckTests {
  @Test func `it tells what goes on, what is rebuilt and how long that takes, and changes nothing`() throws {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    try site.add(plant: "second")
    let folder = site.folder + "/journal"
    let sources = ConfigurationLoader.load(directory: site.folder, environment: [:]).sources
    #expect(try UpgradeCheck(directory: folder, otherwise: sources).outcome == .nothingSaved)
    #expect(!FileManager.default.fileExists(atPath: folder))

    let pipeline = try site.pipeline()
    try pipeline.start()
    #expect(Waiting.until(seconds: 30) { pipeline.status().intake.isSubscribed })
    for number in 0..<400 {
      try site.publisher.publish(topic: number < 200 ? "first/load/power" : "second/load/power", payload: "\(number)")
    }
    #expect(Waiting.until(seconds: 30) { site.count("raw", plant: "second") == 200 })
    // A process that runs has the folder locked, and a check needs no lock.
    #expect(try UpgradeCheck(directory: folder, otherwise: sources).isSmooth)
    pipeline.stop()

    let before = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    let current = try UpgradeCheck(directory: folder, otherwise: sources)
    #expect(current.outcome == .goesOn && current.isSmooth, "\(current)")
    #expect(current.history.messages == 400)
    #expect((current.rebuildSeconds ?? -1) > 0)
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == before)

    // Files of other versions beside the state: what the broker may send again, and the accounts of the spool.
    for (name, words) in [
      ("redelivery", "version 9 of the memory of messages"), ("spool", "the spool's accounts cannot be read"),
    ] {
      let store = try CheckpointStore(directory: "\(folder)/\(name)")
      let kept = store.load().checkpoint
      try store.save(Checkpoint(offset: kept?.offset ?? 0, state: [9, 0] + Array(repeating: 0, count: 14) + [9, 0]))
      let found = try UpgradeCheck(directory: folder, otherwise: sources)
      #expect(!found.isSmooth && found.problems.contains { $0.contains(words) }, "\(found.problems)")
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    #expect(try UpgradeCheck(directory: folder, otherwise: sources).isSmooth)

    // The layout of all state, then that of one plant, as an earlier version would have left it.
    let store = try CheckpointStore(directory: folder)
    let parts = try #require(store.open().parts)
    let saved = try (0..<parts.count).map { try parts.read($0) }
    func write(_ change: (inout [[UInt8]]) -> Void) throws {
      var changed = saved
      change(&changed)
      let draft = try store.draft(offset: parts.offset)
      for part in changed { try draft.append(part) }
      try store.keep(draft)
    }
    try write { $0[0][1] = 2 }
    let older = try UpgradeCheck(directory: folder, otherwise: sources)
    guard case .rebuilds(plants: nil, let reason) = older.outcome else { Issue.record("\(older)"); return }
    #expect(reason.contains("version 2"), "\(reason)")
    #expect(!older.isSmooth && older.history.messages == 400)

    try write { parts in
      for number in parts.indices where parts[number][0] == 2 && parts[number].contains("second".utf8) {
        // What follows the name is the plant's own layout.
        parts[number] = Array(parts[number].prefix(parts[number].count / 2))
      }
    }
    let half = try UpgradeCheck(directory: folder, otherwise: sources)
    guard case .rebuilds(let plants?, _) = half.outcome else { Issue.record("\(half)"); return }
    #expect(plants.count == 1, "\(plants)")

    for name in ["checkpoint", "checkpoint.previous"] {
      try Data("WATTCKPT of another version, long enough to hold a header".utf8)
        .write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    let none = try UpgradeCheck(directory: folder, otherwise: sources)
    guard case .worksThroughAll = none.outcome else { Issue.record("\(none)"); return }
  }
}

extension [UInt8] {
  fileprivate func contains(_ text: String.UTF8View) -> Bool {
    let wanted = Array(text)
    return indices.contains { self[$0...].starts(with: wanted) }
  }
}
