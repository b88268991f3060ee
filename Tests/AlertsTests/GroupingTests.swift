import Alerts
import PlantModel
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@Suite("What people are told")
struct GroupingTests {
  var script = AlertScript()

  /// Rules of the alerts of each notice since the last call, with the first one's status.
  private mutating func told() -> [String] {
    defer { script.notices.removeAll() }
    return script.notices.map { notice in
      notice.alerts[0].status.rawValue + " " + notice.alerts.map(\.rule.name).joined(separator: " ")
    }
  }

  private mutating func settle() {
    script.live([("grid.voltage", 230), ("pv1.power", 60), ("load.power", 20)], times: 30)
  }

  @Test
  mutating func `people are told once, when an alert has stood for ten seconds, of its growing worse, and of its end`()
  {
    script.live([("grid.power", 310)], times: 2)
    script.live([("grid.power", 310)], times: 9)
    #expect(told().isEmpty)
    script.live([("grid.power", 310)], times: 30)
    #expect(told() == ["raised limit"])
    script.live([("grid.power", 400)], times: 20)
    #expect(told() == ["escalated limit"])
    script.live([("grid.power", 10)], times: 20)
    #expect(told() == ["cleared limit"])
  }

  @Test
  mutating func `what nobody acknowledges is told again after an hour, then after as long as it has stood`() {
    script.live([("grid.power", 310)], times: 20)
    #expect(told() == ["raised limit"])
    script.live([("grid.power", 310)], every: 10, times: 359)
    #expect(told().isEmpty)
    script.live([("grid.power", 310)], every: 10, times: 3)
    #expect(script.notices.first?.alerts.first?.text.contains("for 60 min and nobody has acknowledged it.") == true)
    #expect(script.notices.first?.severity == .warning)
    #expect(told() == ["escalated limit"])
    script.live([("grid.power", 310)], every: 10, times: 350)
    #expect(told().isEmpty)
    script.live([("grid.power", 310)], every: 10, times: 30)
    #expect(told() == ["escalated limit"])
    #expect(script.changes().count == 3)
    let id = script.stage.standing[0].id
    #expect(script.instruct(["id": id, "action": "acknowledge"]) == .taken)
    script.live([("grid.power", 310)], every: 10, times: 1_500)
    #expect(told().isEmpty)
  }

  @Test
  mutating func `where the plant's file says never, nothing is told again`() {
    var plant = script.register.plant
    plant.alertEscalation = nil
    script.register = PlantRegister(plant: plant)
    script.live([("grid.power", 310)], every: 10, times: 1_000)
    #expect(told() == ["raised limit"])
  }

  @Test("a database that takes nothing is an alert as any other: told, acknowledged, and over when it takes points")
  mutating func aDatabaseThatTakesNothingIsAnAlertAsAnyOtherToldAcknowledgedAndOverWhen() {
    script.note(database: nil)
    #expect(script.changes().isEmpty)
    script.note(database: "limit")
    script.note(database: "limit")
    script.tick(seconds: 12)
    #expect(script.changes() == ["database - - raised critical"])
    #expect(script.notices[0].alerts[0].title == "The database takes nothing: limit")
    #expect(told() == ["raised database"])
    #expect(script.instruct(["id": script.stage.standing[0].id, "action": "acknowledge"]) == .taken)
    script.note(database: "credentials")
    script.tick(seconds: 12)
    script.note(database: nil)
    #expect(told() == ["cleared database", "raised database", "cleared database"])
    #expect(script.stage.activeCount == 0)
  }

  @Test
  mutating func `of what is over within ten seconds people are not told`() {
    script.live([("grid.power", 310)], times: 8)
    script.live([("grid.power", 10)], times: 30)
    #expect(script.changes().count == 2 && told().isEmpty)
  }

  @Test
  mutating func `an outage and what follows from it are one message, whichever is seen first, and each is recorded`()
    throws
  {
    settle()
    // The inverter goes a moment before the voltage is seen to collapse.
    script.live([("grid.voltage", 230), ("pv1.power", 0), ("load.power", 20)], times: 3)
    script.live([("grid.voltage", 0), ("pv1.power", 0), ("load.power", 20)], times: 3)
    let outage = try #require(script.transitions.first { $0.rule.name == "outage" })
    let grouped = try #require(script.transitions.first { $0.status == .grouped })
    #expect(outage.cause == nil && grouped.cause == outage.id && grouped.rule.name == "trip")
    script.live([("grid.voltage", 0), ("pv1.power", 0)], times: 60)
    #expect(told() == ["raised outage trip"])
    let silence = try #require(script.transitions.first { $0.rule.name == "no_data" })
    #expect(silence.cause == outage.id)
    // The trip's point is written again with its cause, and with words for people.
    let causes = script.points.entries.filter { $0.key.measurement == .alerts && $0.key.qualifiers.0 == "trip" }.map {
      let fields = script.points.fields[$0.fields]
      return fields.contains { $0.name == "cause" && $0.value == .text(outage.id) }
        && fields.contains { $0.name == "cause_title" && $0.value == .text(outage.title) }
    }
    #expect(causes == [false, true])
    script.live([("grid.voltage", 230), ("pv1.power", 0), ("load.power", 20)], times: 3)
    #expect(told() == ["cleared outage"])
    // The inverter does not come back with the grid: that is news of its own.
    script.live([("grid.voltage", 230), ("pv1.power", 0), ("load.power", 20)], times: 55)
    #expect(told().isEmpty)
    script.live([("grid.voltage", 230), ("pv1.power", 0), ("load.power", 20)], times: 6)
    #expect(told() == ["raised trip"])
  }

  @Test(
    "an inverter that trips while the grid is sound has tripped by itself, though an outage follows within a minute")
  mutating func anInverterThatTripsWhileTheGridIsSoundHasTrippedByItselfThoughAnOutage() throws {
    settle()
    script.live([("grid.voltage", 230), ("pv1.power", 0), ("load.power", 20)], times: 25)
    script.live([("grid.voltage", 0), ("pv1.power", 0), ("load.power", 20)], times: 20)
    #expect(script.transitions.filter { $0.rule.name == "trip" }.map(\.cause) == [nil])
    #expect(told() == ["raised trip", "raised outage"])
  }

  @Test
  mutating func `of a meter that speaks every half a minute an outage takes with it what fell since it was last sound`()
    throws
  {
    for _ in 0..<25 {
      script.read([("grid.voltage", 230)])
      script.live([("pv1.power", 60)], times: 29)
      script.tick(seconds: 1)
    }
    script.read([("grid.voltage", 230)])
    script.live([("pv1.power", 0)], times: 30)
    script.read([("grid.voltage", 0)])
    script.live([("pv1.power", 0)], times: 30)
    script.read([("grid.voltage", 0)])
    let outage = try #require(script.transitions.first { $0.rule.name == "outage" })
    #expect(script.transitions.last { $0.rule.name == "trip" }?.cause == outage.id)
  }

  @Test
  mutating func
    `a plant that falls silent makes one alert, though some of its sensors speak too seldom to be missed yet`()
  {
    for _ in 0..<10 {
      script.live([("pv1.power", 60), ("load.power", 20), ("grid.power", 5)], times: 59)
      script.live([("pv1.power", 60), ("load.power", 20), ("grid.power", 5), ("bess.soc", 50)], times: 1)
    }
    script.tick(seconds: 200)
    #expect(script.changes().filter { $0.contains("raised") } == ["no_data - - raised warning"])
    #expect(told() == ["raised no_data"])
  }

  @Test
  mutating func `an alert that comes a third time in ten minutes stays until it has been quiet for five`() {
    for _ in 0..<10 {
      script.live([("grid.power", 310)], times: 15)
      script.live([("grid.power", 10)], times: 15)
    }
    let changes = script.changes()
    #expect(changes.count { $0.contains("raised") } == 3 && changes.count { $0.contains("cleared") } == 2)
    script.live([("grid.power", 10)], times: 284)
    #expect(script.changes().isEmpty)
    script.live([("grid.power", 10)], times: 3)
    #expect(script.changes() == ["limit grid power cleared warning"])
  }

  @Test
  mutating func
    `while a plant catches up with its past nothing is published or told, and what still stands then is told`()
  {
    let past = script.now - .hours(30)
    script.read([("grid.power", 310)], clock: past)
    script.read([("grid.power", 310)], clock: past + .second)
    #expect(script.transitions.map(\.isPublished) == [false])
    script.tick(seconds: 20, clock: past + .second)
    #expect(told().isEmpty)
    script.live([("grid.power", 310)], times: 2)
    #expect(told() == ["raised limit"])
  }

  @Test
  mutating func `what an acknowledged alert says is not told anew, and the same is told after a restart as without`()
    throws
  {
    script.live([("grid.power", 310)], times: 2)
    let id = try #require(script.transitions.last).id
    _ = script.instruct(["id": id, "action": "acknowledge"])
    script.live([("grid.power", 310)], times: 30)
    #expect(told().isEmpty)
    script.live([("grid.power", 310), ("grid.voltage", 230)], times: 30)
    script.live([("grid.power", 310), ("grid.voltage", 0)], times: 3)
    var copy = script
    copy.stage = try AlertStage().resumed(from: script.stage)
    #expect(copy.stage.standing == script.stage.standing)
    copy.live([("grid.power", 310), ("grid.voltage", 0)], times: 30)
    script.live([("grid.power", 310), ("grid.voltage", 0)], times: 30)
    #expect(copy.notices == script.notices && script.notices.count == 1)
  }
}

@Suite("Rates of alerts")
struct AlertRateTests {
  @Test("every ten minutes it is written how many were raised, on average and at most in a day, and how many stand")
  func everyTenMinutesItIsWrittenHowManyWereRaisedOnAverageAndAtMostInADayAnd() {
    var script = AlertScript()
    script.now = Timestamp(seconds: 1_700_000_000).floored(to: .hour)
    var times = 0
    func fields() -> [String: FieldValue] {
      let entry = script.points.entries.last { $0.key.measurement == .alertRate }
      return Dictionary(
        uniqueKeysWithValues: (entry.map { Array(script.points.fields[$0.fields]) } ?? []).map { ($0.name, $0.value) })
    }
    func tenMinutes(_ body: () -> Void) {
      body()
      times += 1
      script.now = Timestamp(seconds: 1_700_000_000).floored(to: .hour) + .minutes(Int64(10 * times))
      script.minute()
    }
    tenMinutes { script.live([("grid.power", 310)], times: 2) }
    #expect(fields()["raised"] == .integer(1) && fields()["standing"] == .integer(1))
    #expect(fields()["stale"] == .integer(0) && fields()["unacknowledged"] == .integer(1))
    tenMinutes {}
    #expect(fields()["raised"] == .integer(0) && fields()["average"] == .float(0.5) && fields()["peak"] == .float(1))
    for _ in 0..<143 { tenMinutes {} }
    #expect(fields()["stale"] == .integer(1) && fields()["peak"] == .float(0))
  }
}
