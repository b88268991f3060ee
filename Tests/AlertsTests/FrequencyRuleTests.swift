import PlantModel
import Testing

@testable import Alerts

@Suite("The frequency of the grid")
struct FrequencyRuleTests {
  private func changes(_ values: [Double]) -> [String] {
    var script = AlertScript()
    for value in values { script.read([("grid.frequency", value)]) }
    return script.changes()
  }

  @Test func `49.4 Hz is a warning after five readings, 46.9 Hz is critical, and 50 Hz is over`() {
    #expect(changes(Array(repeating: 49.4, count: 4)).isEmpty)
    #expect(changes(Array(repeating: 49.4, count: 5)) == ["frequency grid - raised warning"])
    #expect(
      changes(Array(repeating: 49.4, count: 5) + [46.9] + Array(repeating: 50.01, count: 5)) == [
        "frequency grid - raised warning", "frequency grid - escalated critical", "frequency grid - cleared critical",
      ])
  }

  @Test func `a grid of 60 Hz is compared with 60 Hz, and no frequency at all is not a deviation`() {
    #expect(changes(Array(repeating: 60.02, count: 20)).isEmpty)
    #expect(changes(Array(repeating: 60.9, count: 5)) == ["frequency grid - raised warning"])
    #expect(changes(Array(repeating: 0, count: 20)).isEmpty)
  }
}
