import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import Alerts

@Suite("Alerts and commands")
struct CommandRuleTests {
  private struct Court {
    var script = AlertScript()

    /// Alerts about a command of the battery in a state.
    mutating func say(_ state: Command.State, action: Command.Action = .optimize) -> [String] {
      var frame = Frame(cause: .minute, received: script.now, clock: script.now)
      frame.commands = [
        Command(
          id: "bess-1", asset: AssetIndex(3), action: action, setpoint: 5, reason: "learned: cover demand",
          state: state,
          issued: script.now, expires: script.now + .minutes(15), effect: Command.Effect(power: 5))
      ]
      script.stage.conclude(&frame, in: script.register)
      script.now += .minute
      return frame.alerts.map { "\($0.rule) \($0.status.rawValue) \($0.severity.rawValue)" }
    }
  }

  @Test func `a command that is not followed is one warning until it is followed`() {
    var court = Court()
    #expect(court.say(.issued) == [])
    #expect(court.say(.notFollowed) == ["not_followed raised warning"])
    #expect(court.say(.issued) == [])
    #expect(court.say(.notFollowed) == [])
    #expect(court.say(.followed) == ["not_followed cleared warning"])
    #expect(court.say(.followed) == [])
  }

  @Test(arguments: [
    (Command.State.expired, Command.Action.optimize), (.rejected, .optimize), (.refused, .optimize), (.issued, .hold),
  ])
  func `it is over too when nothing else is asked of the asset`(state: Command.State, action: Command.Action) {
    var court = Court()
    _ = court.say(.notFollowed)
    #expect(court.say(.awaiting) == [] && court.say(.advised) == [])
    #expect(court.say(state, action: action) == ["not_followed cleared warning"])
  }

  @Test func `a generator that a command holds back has not tripped and is not derated`() {
    for isHeld in [false, true] {
      var script = AlertScript()
      script.live([("pv1.power", 70), ("pv1.irradiance", 800)], times: 30)
      script.limits = isHeld ? [AssetIndex(0): 0] : [:]
      script.live([("pv1.power", 0), ("pv1.irradiance", 800)], times: 30)
      #expect(script.changes().contains("trip pv1 power raised critical") == !isHeld)
    }
    for isHeld in [false, true] {
      var script = AlertScript()
      script.limits = isHeld ? [AssetIndex(0): 40] : [:]
      script.live([("pv1.power", 40), ("pv1.irradiance", 800)], times: 60, quality: .stuck)
      #expect(script.changes().contains("derating pv1 power raised warning") == !isHeld)
    }
  }

  @Test func `a trip of what was shut down is over when a person has acknowledged it, not before`() throws {
    var script = AlertScript()
    script.live([("pv1.power", 70), ("pv1.irradiance", 800)], times: 30)
    script.live([("pv1.power", 0), ("pv1.irradiance", 800)], times: 5)
    script.limits = [AssetIndex(0): 0]
    script.live([("pv1.power", 0), ("pv1.irradiance", 800)], times: 60)
    #expect(script.changes() == ["trip pv1 power raised critical"])
    let id = try #require(script.stage.standing.first { $0.rule.name == "trip" }).id
    #expect(script.instruct(["id": id, "action": "acknowledge"]) == .taken)
    script.live([("pv1.power", 0), ("pv1.irradiance", 800)], times: 3)
    #expect(script.changes().last == "trip pv1 power cleared critical")
  }
}
