import PlantModel
import StreamCore
import Testing

@testable import Alerts

/// Assets that are said to be gone.
struct OfflineTests {
  private let readings = [("pv1.power", 50.0), ("load.power", 80.0)]

  @Test("an asset that is said to be gone is offline at once, critical after five minutes, and back at the next word")
  func anAssetThatIsSaidToBeGoneIsOfflineAtOnceCriticalAfterFiveMinutesAndBack() {
    var script = AlertScript()
    script.live(readings, times: 20)
    #expect(script.changes() == [])
    script.tell("pv1", isOnline: true)
    #expect(script.changes() == [])
    script.tell("pv1", isOnline: false)
    #expect(script.changes() == ["offline pv1 - raised warning"])
    script.tell("pv1", isOnline: false)
    #expect(script.changes() == [])
    script.live([("load.power", 80)], times: 299)
    #expect(script.changes().filter { $0.hasPrefix("offline") } == [])
    script.live([("load.power", 80)], times: 1)
    #expect(script.changes().filter { $0.hasPrefix("offline") } == ["offline pv1 - escalated critical"])
    script.tell("pv1", isOnline: true)
    #expect(script.changes().contains("offline pv1 - cleared critical"))
  }

  @Test func `silence of an asset that is gone follows from that, and people are told of one thing`() {
    var script = AlertScript()
    script.live(readings, times: 20)
    script.tell("pv1", isOnline: false)
    script.live([("load.power", 80)], times: 60)
    let silent = script.transitions.filter { $0.rule.name == "no_data" && $0.status == .raised }
    let gone = script.transitions.first { $0.rule.name == "offline" }
    #expect(!silent.isEmpty && gone != nil && silent.allSatisfy { $0.cause == gone?.id })
    #expect(script.notices.count == 1 && script.notices.first?.alerts.first?.rule.name == "offline")
  }

  @Test func `a plant whose assets are all said to be gone is not told to be silent beside`() {
    var script = AlertScript()
    script.live(readings, times: 20)
    script.tell("pv1", isOnline: false)
    script.tell("load", isOnline: false)
    script.tick(seconds: 120)
    #expect(!script.transitions.contains { $0.rule.name == "no_data" && $0.asset == nil })
    #expect(script.transitions.count(where: { $0.rule.name == "offline" && $0.status == .raised }) == 2)
  }

  @Test func `an asset that goes and comes within ten seconds is recorded and not told`() {
    var script = AlertScript()
    script.live(readings, times: 20)
    script.tell("pv1", isOnline: false)
    script.live([("load.power", 80)], times: 5)
    script.tell("pv1", isOnline: true)
    script.live(readings, times: 30)
    #expect(script.changes() == ["offline pv1 - raised warning", "offline pv1 - cleared warning"])
    #expect(script.notices.isEmpty)
  }

  @Test func `being offline survives a restart`() throws {
    var script = AlertScript()
    script.live(readings, times: 20)
    script.tell("pv1", isOnline: false)
    var writer = SnapshotWriter()
    script.stage.snapshot(into: &writer)
    var reader = SnapshotReader(writer.bytes)
    var stage = AlertStage()
    try stage.restore(from: &reader)
    script.stage = stage
    script.transitions = []
    script.tell("pv1", isOnline: true)
    #expect(script.changes() == ["offline pv1 - cleared warning"])
  }
}
