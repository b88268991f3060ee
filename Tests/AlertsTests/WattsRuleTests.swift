import PlantModel
import StreamCore
import Testing

@testable import Alerts

@Suite("Powers in W where the file says kW")
struct WattsRuleTests {
  /// Readings of the power of an asset of 100 kW, ten seconds apart, out of range beyond 150 kW as cleaning says it.
  private func changes(_ values: [Double], of sensor: String = "pv1.power") -> AlertScript {
    var script = AlertScript()
    for value in values {
      script.live([(sensor, value)], every: 10, times: 1, quality: value.magnitude > 150 ? .outOfRange : .good)
    }
    return script
  }

  @Test func `a fresh start with W is told at the third reading, within a minute, with the lines to write`() throws {
    var script = changes([51_200, 51_900, 52_400])
    let alert = try #require(script.transitions.first)
    #expect(script.changes() == ["watts pv1 power raised warning"])
    #expect(
      alert.text.contains("pv1 power is 52400.0 kW at ") && alert.text.contains("pv1 has 100.0 kW: it sends W."),
      "\(alert.text)")
    #expect(alert.text.contains("scale: {power: 0.001} in its rule") && alert.text.contains("then it is 52.4 kW"))
    #expect(alert.text.contains("{match: \"pv1.power\", unit: W} under sensors"))
  }

  @Test func `the range that such readings leave is its consequence, and both are over once they fit`() throws {
    var script = changes(Array(repeating: 51_900, count: 6) + Array(repeating: 51.9, count: 5))
    let watts = try #require(script.transitions.first)
    #expect(script.transitions.contains { $0.rule.name == "range" && $0.cause == watts.id })
    let all = script.changes()
    #expect(all.contains("watts pv1 power cleared warning") && all.contains("range pv1 power cleared warning"))
  }

  @Test(arguments: [
    [140, 139, 141, 138], [400_000, 52, 400_000, 51, 52], [0, 0, 0, 0, 0], [900, 950, 1_200, 1_400],
    [900_000, 900_000, 900_000, 900_000],
  ])
  func `an overload, a spike, rest, and what W cannot be either are not taken for W`(values: [Double]) {
    var script = changes(values)
    #expect(!script.changes().contains { $0.hasPrefix("watts") })
  }

  @Test func `a sensor whose readings have fitted is doubted after twenty others only`() {
    var script = changes([0.8, 0.8] + Array(repeating: 51_900, count: 19))
    #expect(!script.changes().contains { $0.hasPrefix("watts") })
    script.live([("pv1.power", 51_900)], every: 10, times: 1, quality: .outOfRange)
    #expect(script.changes().contains("watts pv1 power raised warning"))
  }

  @Test(arguments: ["load.power", "bess.power", "pv1.temperature", "pv1.power_w"])
  func `without a size, and for other sensors, nothing is concluded`(sensor: String) {
    var script = changes(Array(repeating: 51_900, count: 30), of: sensor)
    #expect(!script.changes().contains { $0.hasPrefix("watts") })
  }

  @Test func `what was counted is saved and restored`() throws {
    var register = AlertScript().register
    let power = register.admit(asset: "pv1", sensor: "power")
    var rule = WattsRule()
    rule.follow(register)
    var (context, frame) = (AlertContext(), Frame())
    func reading(_ value: Double) -> AlertReading {
      AlertReading(
        series: power, asset: AssetIndex(0), value: value, time: AlertScript().now, quality: .good, hasSourceTime: true,
        rules: .max)
    }
    for _ in 0..<2 { rule.observe(reading(51_900), context: &context, into: &frame, in: register) }
    var writer = SnapshotWriter()
    rule.snapshot(into: &writer)
    var restored = WattsRule()
    var reader = SnapshotReader(writer.bytes)
    try restored.restore(from: &reader)
    #expect(frame.alerts.isEmpty)
    restored.observe(reading(51_900), context: &context, into: &frame, in: register)
    #expect(frame.alerts.map(\.rule.name) == ["watts"])
  }
}
