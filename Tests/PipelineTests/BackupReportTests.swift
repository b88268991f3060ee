import CommandChannel
import Foundation
import InfluxSink
import PlantTesting
import Settings
import SinkCore
import Testing
import WattlineTime

@testable import Backup
@testable import LocalServers
@testable import Pipeline

@Suite("Backups of a running pipeline", .serialized)
struct BackupReportTests {
  @Test func `a pipeline makes its own backups, reports them, and has no file that a backup does not know`() throws {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    try site.influx.createDatabase()
    // A text where numbers belong makes the database refuse those points for good.
    let now = Int64(Date().timeIntervalSince1970) * 1_000
    try site.influx.write("raw,plant=x,asset=x,sensor=x value=\"text\" \(now)")
    let folder = site.folder + "/backups"
    let pipeline = try site.pipeline(
      reportEvery: .milliseconds(300),
      adjust: {
        $0.backup = BackupSettings(path: folder)
        $0.backup?.database = .none
      })
    try pipeline.start()
    #expect(Waiting.until(seconds: 20) { pipeline.status().intake.isSubscribed })
    for number in 0..<50 { try site.publisher.publish(topic: "first/load/power", payload: "\(number)") }
    #expect(
      Waiting.until(seconds: 20) { pipeline.status().sink.accounts.deadLetters.values.contains { $0.points > 0 } })
    site.influx.kill()
    for number in 0..<50 { try site.publisher.publish(topic: "first/grid/power", payload: "\(number)") }
    #expect(Waiting.until(seconds: 20) { pipeline.status().sink.accounts.spooled.points > 0 })
    #expect(Waiting.until(seconds: 20) { pipeline.status().backup?.last != nil })
    let paths = StoredFiles.paths(below: site.folder + "/journal")
    let treatments = paths.map { StoredFiles.treatment(of: $0) }
    #expect(!treatments.contains(.unknown), "a backup forgets one of \(paths)")
    for part in [StoredFiles.Part.journal, .spool, .deadLetters, .sessions] {
      #expect(treatments.contains(.taken(part)), "\(part) of \(paths)")
    }
    try site.influx.start()
    let isReported = Waiting.until(seconds: 20, pause: 100) {
      let rows = try? site.influx.query(
        "SELECT last(\"ok\") AS ok, \"age_s\", \"bytes\" FROM \"pipeline\" WHERE \"stage\" = 'backup' AND \"bytes\" > 0"
      )
      return rows?.first.map { $0.number("ok") == 1 && ($0.number("age_s") ?? 99) < 60 } ?? false
    }
    #expect(isReported)
    pipeline.stop()
    let file = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
    let manifest = try RestoreJob(path: "\(folder)/\(file)").verified()
    #expect(manifest.files(in: "config").contains { $0.path == "config/first.yaml" })
  }
}
