import CommandChannel
import Foundation
import LocalServers
import PlantConfig
import PlantModel
import PlantTesting
import Settings
import SinkCore
import Testing

@testable import Pipeline

@Suite("The whole way", .serialized)
struct WholeWayTests {
  @Test("every message is in raw and clean, a plant added while it runs is live, and a broken file changes nothing")
  func everyMessageIsInRawAndCleanAPlantAddedWhileItRunsIsLiveAndABrokenFile() throws {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    let pipeline = try site.pipeline()
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 10) { pipeline.status().intake.isSubscribed })
    let start = Int64(Date().timeIntervalSince1970) * 1000 - 600_000
    for number in 0..<1_000 {
      let payload = "{\"value\":\(Double(number % 50) + 0.25),\"ts\":\(start + Int64(number) * 500)}"
      try site.publisher.publish(topic: "first/load/power", payload: payload)
    }
    #expect(Waiting.until(seconds: 20) { site.count("raw", plant: "first") == 1_000 })
    #expect(Waiting.until(seconds: 5) { site.count("clean", plant: "first") == 1_000 })

    try site.add(plant: "second")
    pipeline.reloadIfChanged()
    #expect(Waiting.until(seconds: 5) { pipeline.status().intake.isSubscribed })
    try site.publisher.publish(topic: "second/load/power", payload: "12.5")
    #expect(Waiting.until(seconds: 10) { site.count("raw", plant: "second") == 1 })

    try Data("plant: [".utf8).write(to: URL(fileURLWithPath: site.folder + "/third.yaml"))
    pipeline.reloadIfChanged()
    try site.publisher.publish(topic: "second/load/power", payload: "13.5")
    #expect(Waiting.until(seconds: 10) { site.count("raw", plant: "second") == 2 })
    try site.publisher.publish(topic: "second/load/power", payload: "no number")
    #expect(Waiting.until(seconds: 10) { pipeline.status().stages.ledger.messages == 1_003 })
    try expectBalance(pipeline)
  }

  @Test func `the smallest journal takes more of the longest payloads than it holds at a time`() throws {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    try Data("journal: {max_bytes: 1MiB}".utf8).write(to: URL(fileURLWithPath: site.folder + "/wattline.yaml"))
    let longest = ConfigurationLoader.load(directory: site.folder, environment: [:]).settings.mqtt.maximumPayload
    #expect(longest == 128 << 10)
    let pipeline = try site.pipeline { $0.mqtt.maximumPayload = longest }
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 10) { pipeline.status().intake.isSubscribed })
    let start = Int64(Date().timeIntervalSince1970) * 1000 - 600_000
    let text = String(repeating: "x", count: longest - 60)
    for number in 0..<12 {
      let payload = "{\"value\":\(number),\"ts\":\(start + Int64(number)),\"text\":\"\(text)\"}"
      try site.publisher.publish(topic: "first/load/power", payload: number % 3 == 0 ? "\(number)" : payload)
    }
    #expect(Waiting.until(seconds: 60) { site.count("raw", plant: "first") == 12 })
  }

  /// Every folder and file on disk is its owner's alone.
  private func expectPrivate(_ folder: String) throws {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    for part in ["checkpoint", "spool/checkpoint", ".journal", "sessions"] {
      #expect(names.contains { $0.hasSuffix(part) }, "\(names)")
    }
    for path in [folder] + names.map({ folder + "/" + $0 }) {
      let found = try FileManager.default.attributesOfItem(atPath: path)
      let mode = found[.type] as? FileAttributeType == .typeDirectory ? 0o700 : 0o600
      #expect(found[.posixPermissions] as? Int == mode, "\(path)")
    }
  }

  /// Both ledgers of a pipeline that has nothing on its way.
  private func expectBalance(_ pipeline: RunningPipeline) throws {
    #expect(
      Waiting.until(seconds: 10) {
        let status = pipeline.status()
        return status.stages.ledger.readings + status.redelivered == status.sink.accounts.accounted.readings
          && status.sink.accounts.queued.readings == 0
      }, "\(pipeline.status())")
    let ledger = pipeline.status().stages.ledger
    #expect(ledger.messages == ledger.decoded + ledger.refusedInAll + ledger.duplicates)
  }

  @Test("messages that come while the database is away are in raw when it is back, also after a restart in between")
  func messagesThatComeWhileTheDatabaseIsAwayAreInRawWhenItIsBackAlsoAfterA() throws {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    let before = try site.pipeline()
    try before.start()
    #expect(Waiting.until(seconds: 10) { before.status().intake.isSubscribed })
    site.influx.kill()
    for number in 0..<500 { try site.publisher.publish(topic: "first/load/power", payload: "\(number).5") }
    #expect(Waiting.until(seconds: 10) { before.status().intake.appended >= 500 })
    // The stages go on: every reading is on its way to disk as a point.
    #expect(Waiting.until(seconds: 10) { before.status().sink.accounts.spooled.readings == 500 })
    before.stop()
    try expectPrivate(site.folder + "/journal")
    for number in 500..<700 { try site.publisher.publish(topic: "first/load/power", payload: "\(number).5") }
    #expect(site.publisher.flush())
    try site.influx.start()
    let after = try site.pipeline()
    try after.start()
    defer { after.stop() }
    #expect(Waiting.until(seconds: 30) { site.count("raw", plant: "first") == 700 })
    try expectBalance(after)
  }
}
