import PlantModel
import StreamCore
import Testing

@testable import Alerts

@Suite("Alerts about the process")
struct ProcessRuleTests {
  @Test(arguments: ProcessFault.Kind.allCases)
  func `a fault raises its alert once, grows more severe, and its end clears it`(kind: ProcessFault.Kind) {
    var script = AlertScript()
    script.tick(seconds: 5)
    script.note(fault: ProcessFault(kind, isStanding: false, text: "nothing"))
    #expect(script.changes() == [])
    for _ in 0..<3 { script.note(fault: ProcessFault(kind, isStanding: true, text: "figures", value: 0.9)) }
    #expect(script.changes() == ["process_\(kind.rawValue) - - raised warning"])
    script.note(fault: ProcessFault(kind, isStanding: true, severity: .critical, text: "worse", value: 0.98))
    #expect(script.changes() == ["process_\(kind.rawValue) - - escalated critical"])
    script.note(fault: ProcessFault(kind, isStanding: false, text: "over"))
    #expect(script.changes() == ["process_\(kind.rawValue) - - cleared critical"])
  }

  @Test func `state that was saved before the rule existed still loads, and a standing fault survives a restart`()
    throws
  {
    var old = AlertStage(rules: AlertRules.all.filter { $0 != ProcessRule.self })
    var writer = SnapshotWriter()
    old.snapshot(into: &writer)
    var reader = SnapshotReader(writer.bytes)
    var script = AlertScript()
    try script.stage.restore(from: &reader)
    script.note(fault: ProcessFault(.disk, isStanding: true, text: "full"))
    #expect(script.changes() == ["process_disk - - raised warning"])
    var saved = SnapshotWriter()
    script.stage.snapshot(into: &saved)
    var again = SnapshotReader(saved.bytes)
    try script.stage.restore(from: &again)
    script.note(fault: ProcessFault(.disk, isStanding: false, text: "room"))
    #expect(script.changes() == ["process_disk - - cleared warning"])
    old = AlertStage()
  }
}
