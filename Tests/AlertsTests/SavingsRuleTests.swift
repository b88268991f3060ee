import PlantModel
import StreamCore
import Testing

@testable import Alerts

@Suite("Alerts about savings")
struct SavingsRuleTests {
  private func news(
    _ severity: Severity?, kind: SavingsNews.Kind = .deviation
  ) -> SavingsNews {
    SavingsNews(
      kind, plant: "riverside", asset: "load", sensor: "power", isStanding: severity != nil,
      severity: severity ?? .warning, title: "more", text: "figures", value: 7)
  }

  @Test func `a deviation raises its alert once, grows more severe, and its end clears it`() {
    var script = AlertScript()
    script.read([("load.power", 5)])
    script.note(savings: news(nil))
    #expect(script.changes() == [])
    for _ in 0..<3 { script.note(savings: news(.warning)) }
    #expect(script.changes() == ["savings_deviation load power raised warning"])
    script.note(savings: news(.critical))
    script.note(savings: news(.warning))
    script.note(savings: news(.warning, kind: .silence))
    #expect(
      script.changes() == [
        "savings_deviation load power escalated critical", "savings_silence load power raised warning",
      ])
    script.note(savings: news(nil))
    #expect(script.changes() == ["savings_deviation load power cleared critical"])
  }

  @Test func `an alert that was raised before its sensor was known is cleared, also after a restart`() throws {
    var script = AlertScript()
    script.note(savings: news(.warning))
    #expect(script.changes() == ["savings_deviation load - raised warning"])
    var writer = SnapshotWriter()
    script.stage.snapshot(into: &writer)
    var reader = SnapshotReader(writer.bytes)
    try script.stage.restore(from: &reader)
    script.read([("load.power", 5)])
    script.note(savings: news(.warning))
    script.note(savings: news(nil))
    #expect(script.changes() == ["savings_deviation load - cleared warning"])
  }
}
