import Foundation
import Journal
import LocalServers
import PlantModel
import PlantTesting
import SinkCore
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("The report of a process about itself")
struct ProcessReportTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  private static func report(age: TimeSpan = .seconds(5), phase: ProcessReport.Phase = .running) -> ProcessReport {
    var report = ProcessReport(
      version: "1", commit: "c", process: 7, started: (now - .hours(1)).description,
      written: (now - age).description, phase: phase)
    report.broker.subscribed = true
    return report
  }

  @Test func `a report survives its file, with the names that the page states`() throws {
    var report = Self.report()
    report.database = ProcessReport.Database(state: "held", reason: "limit", words: "a \"quote\" \u{1}")
    report.plants = [ProcessReport.PlantState(plant: "first", sensors: 2, lastReading: nil, alerts: 1)]
    let text = try ProcessReportFile.encode(report)
    #expect(try ProcessReportFile.decode(text) == report)
    let object = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    #expect(object["refused_configuration"] != nil && (object["points"] as? [String: Any])?["dead_letters"] != nil)
  }

  @Test func `age, start and end are reasons; broker, database, spool and files are warnings`() {
    #expect(Self.report().health(at: Self.now).isReady)
    #expect(Self.report(age: .seconds(30)).health(at: Self.now).isHealthy)
    for report in [
      Self.report(age: .seconds(31)), Self.report(age: .seconds(-31)), Self.report(phase: .starting),
      Self.report(phase: .stopping),
    ] {
      #expect(!report.health(at: Self.now).isHealthy)
    }
    var still = Self.report()
    still.workers.stillSeconds = 60
    #expect(!still.health(at: Self.now).isHealthy)
    let changes: [(inout ProcessReport) -> Void] = [
      { $0.broker.subscribed = false }, { $0.database.state = "away" }, { $0.database.state = "held" },
      { $0.points.spoolFull = true }, { $0.refusedConfiguration = ["a.yaml:1:1: error: x"] },
    ]
    for change in changes {
      var report = Self.report()
      change(&report)
      let health = report.health(at: Self.now)
      #expect(health.isHealthy && !health.isReady && health.warnings.count == 1, "\(health)")
    }
  }

  @Test func `workers stand still only when they lag, do not progress, and nothing holds them up`() {
    var progress = WorkerProgress()
    var status = PipelineStatus()
    let second: Int64 = 1_000_000_000
    #expect(progress.stillSeconds(status, at: 100 * second) == 0)
    // Ten seconds on, the lag has grown by ten seconds: no progress. A lag that stays the same is progress.
    status.stages.lagSeconds = 40
    #expect(progress.stillSeconds(status, at: 110 * second) == 10)
    status.stages.lagSeconds = 50
    #expect(progress.stillSeconds(status, at: 120 * second) == 20)
    status.stages.lagSeconds = 20
    #expect(progress.stillSeconds(status, at: 121 * second) == 0)
    status.stages.lagSeconds = 60
    status.sink.state = .away("no route")
    #expect(progress.stillSeconds(status, at: 180 * second) == 0)
    status.sink.state = .ok
    status.stages.lagSeconds = 60
    #expect(progress.stillSeconds(status, at: 190 * second) == 0)
  }

  @Test func `asking for the lock neither needs the right to write nor keeps a journal from opening`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-held")
    defer { folder.remove() }
    #expect(try !Journal.isHeld(folder.path + "/none"))
    #expect(try !Journal.isHeld(folder.path))
    let stop = StopSignal()
    let asking = try BlockingThread(name: "asking") {
      while !stop.isSet { _ = try? Journal.isHeld(folder.path) }
    }
    for _ in 0..<20 {
      let journal = try Journal(directory: folder.path, maximumBytes: 1 << 20)
      #expect(try Journal.isHeld(folder.path))
      try journal.close()
    }
    stop.set()
    asking.join()
    #expect(try !Journal.isHeld(folder.path))
  }
}
