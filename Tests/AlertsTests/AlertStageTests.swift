import Alerts
import PlantModel
import PointSchema
import StreamCore
import Testing
import WattlineTime

@Suite("Alerts")
struct AlertStageTests {
  var script = AlertScript()

  @Test
  mutating func `one silent sensor is warned of after 30 s, critical after ten times that, and cleared by data`() {
    script.live([("pv1.power", 50), ("pv1.temperature", 40), ("load.power", 9)], times: 20)
    script.live([("pv1.power", 50), ("load.power", 9)], times: 30)
    #expect(script.changes().isEmpty)
    script.live([("pv1.power", 50), ("load.power", 9)], times: 1)
    #expect(script.changes() == ["no_data pv1 temperature raised warning"])
    script.live([("pv1.power", 50), ("load.power", 9)], times: 280)
    #expect(script.changes() == ["no_data pv1 temperature escalated critical"])
    script.read([("pv1.temperature", 40)])
    script.tick(seconds: 1)
    #expect(script.changes() == ["no_data pv1 temperature cleared critical"])
  }

  @Test
  mutating func `a sensor that speaks every minute is not silent before five minutes`() {
    script.live([("load.energy", 1)], every: 60, times: 10)
    script.tick(seconds: 300)
    #expect(script.changes().isEmpty)
    script.tick(seconds: 1)
    #expect(script.changes() == ["no_data load energy raised warning"])
  }

  @Test(arguments: [(10, "several times a second"), (1, "every 1.0 s")])
  mutating func `how often a silent sensor usually speaks is told in words where a number would be none`(
    perSecond: Int, words: String
  ) throws {
    for _ in 0..<200 {
      for _ in 0..<perSecond {
        script.now += .milliseconds(Int64(1_000 / perSecond))
        script.read([("load.energy", 1)])
      }
    }
    script.live([("load.power", 9)], times: 40)
    let text = try #require(script.transitions.first { "\($0.rule)" == "no_data" }?.text)
    #expect(text.contains("it usually does \(words)."), "\(text)")
  }

  @Test
  mutating func `a silent asset makes one alert, a silent plant one, and a return of one asset leaves the rest`() {
    let pv = [("pv1.power", 50.0), ("pv1.temperature", 40.0)]
    let load = [("load.power", 9.0), ("load.voltage", 230.0)]
    script.live(pv + load, times: 20)
    script.live(load, times: 31)
    #expect(script.changes() == ["no_data pv1 - raised warning"])
    script.tick(seconds: 31)
    #expect(script.changes() == ["no_data pv1 - cleared warning", "no_data - - raised warning"])
    script.read(load)
    script.tick(seconds: 1)
    #expect(script.changes() == ["no_data pv1 - raised warning", "no_data - - cleared warning"])
  }

  @Test
  mutating func `nothing is silent while catching up, nor right after a pause of the pipeline`() {
    script.live([("pv1.power", 50), ("load.power", 9)], times: 20)
    for _ in 0..<60 {
      script.read([("pv1.power", 50)], clock: script.now - .hours(5))
      script.tick(seconds: 1, clock: script.now - .hours(5))
    }
    #expect(script.changes().isEmpty)
    script.now += .hours(3)
    script.tick(seconds: 30)
    #expect(script.changes().isEmpty)
    script.tick(seconds: 2)
    #expect(script.changes() == ["no_data - - raised warning"])
  }

  @Test
  mutating func `a silent plant is told of though its clock stands for more than an hour`() {
    script.live([("load.energy", 1)], every: 900, times: 5)
    let clock = script.now
    script.tick(seconds: 4_600, clock: clock)
    #expect(script.changes() == ["no_data load energy raised warning"])
    // The minute marks come from the receive clock meanwhile.
    #expect(script.states("no_data").count >= 2)
  }

  @Test("a generator that falls to nothing has tripped at the second reading, and is back at the second above 5 kW")
  mutating func aGeneratorThatFallsToNothingHasTrippedAtTheSecondReadingAndIsBackAtThe() {
    script.live([("pv1.power", 60)], times: 5)
    script.live([("pv1.power", 0.5)], times: 1)
    #expect(script.changes().isEmpty)
    script.live([("pv1.power", 0)], times: 1, quality: .rate)
    #expect(script.changes() == ["trip pv1 power raised critical"])
    script.live([("pv1.power", 6), ("pv1.power", 4), ("pv1.power", 6)], times: 1)
    #expect(script.changes().isEmpty)
    script.live([("pv1.power", 30)], times: 1)
    #expect(script.changes() == ["trip pv1 power cleared critical"])
  }

  @Test(arguments: [
    ("a dip of one reading", "pv1.power", [60, 0, 60, 60], 60), ("dusk", "pv1.power", [30, 15, 5, 1, 0, 0], 900),
    ("an hourly series at sunset", "pv1.power", [25, 0, 0, 0], 3_600), ("a cloud", "pv1.power", [90, 20, 8, 9], 10),
    ("a battery that stops", "bess.power", [80, 0, 0, 0], 1),
    ("a load in its first day", "load.power", [80, 0, 0], 1),
    ("night", "pv1.power", [0, 0, 0, 0], 60),
  ])
  mutating func `what is no trip`(_ what: String, sensor: String, values: [Double], interval: Int) {
    for value in values { script.live([(sensor, value)], every: interval, times: 1) }
    #expect(script.changes().filter { $0.hasPrefix("trip") }.isEmpty, "\(what)")
  }

  @Test
  mutating func `a load that never rests trips when it falls to nothing`() {
    script.live([("load.power", 80)], every: 300, times: 300)
    script.live([("load.power", 0)], every: 1, times: 2)
    #expect(script.changes() == ["trip load power raised critical"])
  }

  @Test
  mutating func `import above the limit is warned of, far above is critical, and 5 % below clears`() {
    script.live([("grid.power", 301)], times: 1)
    script.live([("grid.power", 299)], times: 5)
    #expect(script.changes().isEmpty)
    script.live([("grid.power", 301)], times: 1)
    #expect(script.changes() == ["limit grid power raised warning"])
    script.live([("grid.power", 331)], times: 1)
    #expect(script.changes() == ["limit grid power escalated critical"])
    script.live([("grid.power", 286)], times: 9)
    #expect(script.changes().isEmpty)
    script.live([("grid.power", 284)], times: 2)
    #expect(script.changes() == ["limit grid power cleared critical"])
  }

  @Test
  mutating func `export has its own limit`() {
    script.live([("grid.power", -151)], times: 2)
    #expect(script.changes() == ["limit grid power raised warning"])
    script.live([("grid.power", 200)], times: 2)
    #expect(script.changes() == ["limit grid power cleared warning"])
  }

  @Test(arguments: [Quality.outOfRange, .stuck])
  mutating func `five readings of a bad quality make an alert, and five without it end it`(_ quality: Quality) {
    let rule = quality == .stuck ? "stuck" : "range"
    script.live([("load.voltage", 230)], times: 4, quality: quality)
    script.live([("load.voltage", 231)], times: 1)
    script.live([("load.voltage", 230)], times: 4, quality: quality)
    #expect(script.changes().isEmpty)
    script.live([("load.voltage", 230)], times: 2, quality: quality)
    #expect(script.changes() == ["\(rule) load voltage raised warning"])
    script.live([("load.voltage", 231)], times: 5)
    #expect(script.changes() == ["\(rule) load voltage cleared warning"])
  }

  @Test("a sensor that sends W for kW is told to be in the wrong unit, and one that is out of range otherwise is not")
  mutating func aSensorThatSendsWForKWIsToldToBeInTheWrongUnitAndOneThatIsOutOfRange() {
    script.live([("pv1.power", 52.3)], times: 3)
    script.live([("pv1.power", 51_900)], times: 5, quality: .outOfRange)
    #expect(script.transitions.first?.text.contains("a thousand times the 52.3 kW of before: it sends W.") == true)
    #expect(script.changes() == ["unit pv1 power raised warning"])
    script.live([("pv1.power", 52)], times: 5)
    #expect(script.changes() == ["unit pv1 power cleared warning"])
    for value in [400.0, 5_000, 900_000, -52_000] {
      var other = AlertScript()
      other.live([("pv1.power", 52)], times: 3)
      other.live([("pv1.power", value)], times: 5, quality: .outOfRange)
      let text = other.transitions.first?.text ?? ""
      #expect(text.contains(", the last \(value) kW at "), "\(text)")
      #expect(other.changes() == ["range pv1 power raised warning"])
    }
  }

  @Test
  mutating func
    `a sensor that sends kW for W is told to be in the wrong unit, and is why its asset seems to have tripped`()
  {
    // Half a minute apart for a day, from which it is known how low the load goes.
    for step in 0..<2_900 { script.live([("load.power", 50 + Double(step % 7))], every: 30, times: 1) }
    script.live([("load.power", 0.0519)], every: 10, times: 6)
    let unit = script.transitions.first { $0.rule.name == "unit" }
    #expect(unit?.text.contains("load power reports 0.0519 at") == true)
    #expect(unit?.text.contains("a thousandth of the 51.0 kW of before: it sends MW.") == true, "\(unit?.text ?? "")")
    #expect(script.transitions.contains { $0.rule.name == "trip" && $0.cause == unit?.id })
    script.live([("load.power", 52)], every: 10, times: 6)
    #expect(script.changes().contains("unit load power cleared warning"))
  }

  @Test
  mutating func `what falls to a thousandth every day, to nothing, or to another level is in its unit`() {
    for step in 0..<2_900 {
      let isAtRest = step % 400 > 300
      let values = [("a.power", isAtRest ? 0.007 : 7), ("b.power", isAtRest ? 0 : 7), ("c.power", 7.0)]
      script.live(values, every: 30, times: 1)
    }
    script.live([("a.power", 0.007), ("b.power", 0), ("c.power", 0.1)], every: 30, times: 20)
    #expect(!script.changes().contains { $0.hasPrefix("unit") })
  }

  @Test
  mutating func `an asset that has no data is no case of low health`() {
    for _ in 0..<4 { script.judge("pv1", index: 25, hasData: false) }
    #expect(script.changes().isEmpty)
  }

  @Test
  mutating func `a trip is a fault of its asset while it stands, and no second alert about health`() {
    script.live([("pv1.power", 60)], times: 5)
    #expect(script.stage.faults.isEmpty)
    script.live([("pv1.power", 0)], times: 2)
    #expect(script.stage.faults == [AssetIndex(0): StandingFault(name: "trip", severity: .critical)])
    for _ in 0..<3 { script.judge("pv1", index: 25, withoutFault: 90) }
    #expect(script.changes() == ["trip pv1 power raised critical"])
    script.live([("pv1.power", 60)], times: 2)
    #expect(script.stage.faults.isEmpty)
  }

  @Test
  mutating func `low health is warned of at the second judgement, critical below 30, and cleared at 70`() {
    for index in [59.0, 61, 59] { script.judge("pv1", index: index) }
    #expect(script.changes().isEmpty)
    script.judge("pv1", index: 58)
    #expect(script.changes() == ["health pv1 - raised warning"])
    for index in [29.0, 69, 20] { script.judge("pv1", index: index) }
    #expect(script.changes() == ["health pv1 - escalated critical"])
    script.judge("pv1", index: .nan)
    script.judge("pv1", index: 70)
    #expect(script.changes() == ["health pv1 - cleared critical"])
  }

  @Test("the state is written when an alert is raised, every minute while it is active, and once when it is cleared")
  mutating func theStateIsWrittenWhenAnAlertIsRaisedEveryMinuteWhileItIsActiveAndOnce() {
    script.live([("grid.power", 400)], times: 2)
    script.minute()
    script.minute()
    script.live([("grid.power", 1)], times: 2)
    script.minute()
    #expect(script.states("limit") == [String](repeating: "1 critical unacknowledged", count: 3) + ["0 info returned"])
  }

  @Test
  mutating func `an alert keeps its id from raising to clearing, and its points have the fields of the contract`()
    throws
  {
    script.live([("grid.power", 310)], times: 2)
    let raised = try #require(script.transitions.first)
    script.live([("grid.power", 1)], times: 2)
    let cleared = try #require(script.transitions.last)
    #expect(raised.id == "riverside/grid/power/limit/\(raised.time.milliseconds)")
    #expect(cleared.id == raised.id)
    let entry = try #require(script.points.entries.first { $0.key.measurement == .alerts })
    let series = try #require(script.register.series(asset: "grid", sensor: "power"))
    #expect(entry.key == PointKey(.alerts, .series(series), "limit"))
    let fields = script.points.fields[entry.fields]
    #expect(
      fields.map(\.name) == [
        "status", "severity", "id", "title", "text", "state", "cause", "cause_title", "value", "rank", "since_ms",
      ])
    // Every transition tells since when the alert stands, and how severe it is as a number.
    for entry in script.points.entries where entry.key.measurement == .alerts {
      let since = script.points.fields[entry.fields].first { $0.name == "since_ms" }?.value
      #expect(since == .integer(raised.time.milliseconds))
    }
  }

  @Test
  mutating func `a stage restored from its snapshot goes on as the original does`() throws {
    script.live([("pv1.power", 60), ("load.power", 9), ("grid.power", 310)], times: 10)
    script.live([("pv1.power", 0), ("grid.power", 310)], times: 1)
    var writer = SnapshotWriter()
    script.stage.snapshot(into: &writer)
    var copy = script
    copy.stage = AlertStage()
    var reader = SnapshotReader(writer.bytes)
    try copy.stage.restore(from: &reader)
    #expect(reader.isAtEnd)
    for length in 0..<writer.bytes.count {
      var short = SnapshotReader(Array(writer.bytes.prefix(length)))
      var stage = AlertStage()
      #expect(throws: SnapshotError.self) { try stage.restore(from: &short) }
    }
    script.live([("pv1.power", 0), ("grid.power", 10)], times: 40)
    copy.live([("pv1.power", 0), ("grid.power", 10)], times: 40)
    #expect(copy.transitions == script.transitions)
    #expect(
      script.changes() == [
        "limit grid power raised warning", "trip pv1 power raised critical", "limit grid power cleared warning",
        "no_data load power raised warning",
      ])
  }
}
