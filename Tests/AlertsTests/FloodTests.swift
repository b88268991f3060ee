import Alerts
import PlantModel
import StreamCore
import Testing

@Suite("A flood of alerts")
struct FloodTests {
  var script = AlertScript()

  @Test
  mutating func `many alerts at once are one message, and while they go on one a minute has all that are new`() {
    let sensors = (0..<30).map { ("s\($0).voltage", 1.0) }
    script.live(Array(sensors[..<20]), times: 5, quality: .outOfRange)
    script.tick(seconds: 12)
    #expect(script.notices.map(\.alerts.count) == [20])
    #expect(script.transitions.count == 20)
    script.live(Array(sensors[20...]), times: 5, quality: .outOfRange)
    script.tick(seconds: 75)
    #expect(script.notices.map(\.alerts.count) == [20, 10])
    // Of the many only the first of each message is told to be over.
    script.live(sensors, times: 5)
    #expect(script.notices.count == 4)
    #expect(script.changes().count { $0.hasPrefix("range") } == 60)
  }

  @Test
  mutating func `a thousand alerts within a minute are all raised, and told in one message a minute`() {
    let sensors = (0..<1_000).map { ("s\($0 % 50).voltage\($0)", 1.0) }
    script.read(sensors)
    for second in 0..<20 {
      for _ in 0..<5 { script.read(Array(sensors[(second * 50)...].prefix(50)), quality: .outOfRange) }
      script.tick(seconds: 1)
    }
    script.tick(seconds: 80)
    let raised = script.transitions.count { $0.status == .raised && $0.rule.name == "range" }
    #expect(raised == 1_000)
    let told = script.notices.reduce(0) { $0 + $1.alerts.count }
    #expect(script.notices.count <= 4 && told >= 1_000, "\(script.notices.map(\.alerts.count))")
  }
}
