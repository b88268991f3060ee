import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("What a terminal shows of a plant")
struct LiveViewTests {
  private let register: PlantRegister
  private let start = Timestamp(seconds: 1_790_000_100)

  init() {
    let location = Location(latitude: 48, longitude: 11, timezone: "UTC")
    register = PlantRegister(
      plant: Plant(
        name: "p", location: location,
        assets: [Asset(name: "roof", kind: .pv), Asset(name: "bess", kind: .battery)]))
  }

  private func frame(_ reasons: [String], after minutes: Int64 = 0) -> Frame {
    var frame = Frame(cause: .minute, clock: start + .minutes(minutes))
    for (position, reason) in reasons.enumerated() {
      let asset = AssetIndex(position)
      frame.dispatch.append(
        DispatchDecision(
          asset: asset, time: frame.clock, recommendedKilowatts: 5, stateOfCharge: .nan, price: 0.3, reason: reason))
      frame.commands.append(
        Command(
          id: "\(position)", asset: asset, action: .optimize, setpoint: 5, reason: reason, state: .issued,
          issued: frame.clock, expires: frame.clock + .minutes(15), effect: .init(power: 5)))
    }
    return frame
  }

  @Test func `a generator that was released is not listed, neither as recommendation nor as command`() {
    var observer = PlantObserver(name: "p")
    observer.observe(frame(["curtail: export limit", "learned: cover demand"]), in: register)
    #expect(observer.view.dispatch.map(\.asset) == ["roof", "bess"])
    #expect(observer.view.commands.map(\.asset) == ["roof", "bess"])
    observer.observe(frame([DispatchDecision.released, "learned: cover demand"], after: 1), in: register)
    #expect(observer.view.dispatch.map(\.asset) == ["bess"])
    #expect(observer.view.commands.map(\.asset) == ["bess"])
  }

  @Test func `an alert that follows from another one stands behind it, however late it comes`() {
    func alert(_ id: String, cause: String? = nil) -> AlertTransition {
      AlertTransition(
        id: id, rule: AlertRuleID(id), asset: nil, series: nil, status: .raised, state: .unacknowledged,
        severity: .critical,
        time: start, title: id, text: "", value: 0, cause: cause)
    }
    var observer = PlantObserver(name: "p")
    observer.observe([alert("trip"), alert("outage"), alert("trip", cause: "outage"), alert("range", cause: "outage")])
    #expect(observer.view.alerts.map(\.id) == ["outage", "trip", "range"])
    observer.observe([alert("heat")])
    #expect(observer.view.alerts.map(\.id) == ["heat", "outage", "trip", "range"])
  }

  @Test func `a command that is not valid any more is not listed`() {
    var observer = PlantObserver(name: "p")
    observer.observe(frame(["curtail: export limit"]), in: register)
    observer.observe(frame([], after: 15), in: register)
    #expect(observer.view.commands.count == 1)
    observer.observe(frame([], after: 16), in: register)
    #expect(observer.view.commands.isEmpty)
  }
}
