import PlantModel
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import DispatchPolicy

/// A plant with a battery, PV, load and grid that is told minute by minute and commanded.
private struct Control {
  var script: Script
  /// Values of the sensors, every minute.
  var values: [String: Double] = [
    "load.power": 30, "pv.power": 10, "bess.soc": 50, "bess.power": 0, "grid.power": 20,
  ]
  /// How far the plant's clock is behind.
  var behind = TimeSpan.seconds(15)
  var commands: [Command] = []
  private var all: [Command] = []
  var lastFields: [String: FieldValue] = [:]

  init(
    _ mode: CommandSettings.Mode, importLimit: Double? = nil, exportLimit: Double? = nil, valid: TimeSpan = .minutes(15)
  ) {
    var plant = Script.plant(importLimit: importLimit, exportLimit: exportLimit)
    plant.commands.mode = mode
    plant.commands.validity = valid
    plant.assets[3].capacityKilowatts = 40
    script = Script(plant)
    // Noon: the sun shines. Five past: dispatch has just decided.
    script.clock = script.clock + .hours(12) + .minutes(5)
  }

  mutating func minutes(_ count: Int) {
    for _ in 0..<count {
      script.clock = script.clock + .minute
      for (name, value) in values.sorted(by: { $0.key < $1.key }) { script.say(name, value: value) }
      step(.minute)
    }
  }

  mutating func step(
    _ cause: Trigger, alerts: [AlertTransition] = [], health: [AssetHealth] = [], instructions: [Instruction] = []
  ) {
    var frame = Frame(cause: cause, received: script.clock + behind, clock: script.clock)
    frame.alerts = alerts
    frame.health = health
    frame.instructions = instructions
    script.stage.step(&frame, in: script.register)
    commands += frame.commands
    all += frame.commands
    outcomes += frame.instructions.map(\.outcome)
    for entry in frame.points.entries where entry.key.measurement == .command {
      lastFields = Dictionary(frame.points.fields[entry.fields].map { ($0.name, $0.value) }) { $1 }
    }
  }
  var outcomes: [Instruction.Outcome] = []

  mutating func alert(_ rule: String, asset: String?, status: AlertTransition.Status) {
    let transition = AlertTransition(
      id: "\(rule)/\(asset ?? "")", rule: AlertRuleID(rule, concernsData: ["no_data", "offline"].contains(rule)),
      asset: asset.flatMap { script.register.asset(named: $0) }, series: nil,
      status: status, state: status == .cleared ? .normal : .unacknowledged, severity: .critical, time: script.clock,
      title: "", text: "", value: .nan)
    step(.tick, alerts: [transition])
  }

  mutating func judge(_ asset: String, index: Double) {
    guard let asset = script.register.asset(named: asset) else { return }
    step(
      .tick,
      health: [
        AssetHealth(asset: asset, time: script.clock, index: index, anomaly: 0, drift: 0, contributors: [])
      ])
  }

  mutating func answer(_ members: [String: String]) {
    step(.readings, instructions: [Instruction(subject: "commands", members: members)])
  }

  /// The latest setpoint by asset.
  var setpoints: [String: Double] {
    Dictionary(
      all.compactMap { command in
        command.setpoint.map { (script.register.assets[command.asset.position].name, $0) }
      }
    ) { $1 }
  }

  /// The commands of an asset since the last time, as text.
  mutating func told(_ asset: String) -> [String] {
    defer { commands.removeAll { script.register.assets[$0.asset.position].name == asset } }
    return commands.filter { script.register.assets[$0.asset.position].name == asset }.map {
      "\($0.action.rawValue) \($0.state.rawValue)"
    }
  }
}

@Suite("Commands")
struct CommandTests {
  @Test("a critical alert shuts its asset down at once; it starts when all is clear and the least time off is over")
  func aCriticalAlertShutsItsAssetDownAtOnceItStartsWhenAllIsClearAndTheLeast() throws {
    var control = Control(.automatic)
    control.minutes(1)
    control.alert("trip", asset: "pv", status: .raised)
    let command = try #require(control.commands.last)
    #expect(control.told("pv") == ["SHUTDOWN issued"])
    #expect(command.reason == "alert: trip" && command.setpoint == 0)
    #expect(command.issued == control.script.clock + .seconds(15) && command.expires == command.issued + .minutes(15))
    // 10 kW less of PV are 10 kW more of import, at 0.20 for a quarter of an hour.
    #expect(command.effect.power == 0 && command.effect.exchange == 30 && abs(command.effect.cost - 0.5) < 1e-9)
    control.values["pv.power"] = 0
    control.minutes(3)
    #expect(control.told("pv") == ["SHUTDOWN followed", "HOLD issued"])
    control.alert("outage", asset: "grid", status: .raised)
    control.alert("trip", asset: "pv", status: .cleared)
    control.minutes(12)
    #expect(control.told("pv") == ["HOLD issued"])
    #expect(control.commands.isEmpty || control.lastFields["reason"] != .text("interlock: critical alert trip"))
    control.alert("outage", asset: "grid", status: .cleared)
    control.minutes(1)
    #expect(control.told("pv") == ["STARTUP issued"])
    control.values["pv.power"] = 12
    control.minutes(2)
    #expect(control.told("pv") == ["STARTUP followed"])
  }

  @Test func `after it was shut down nothing starts before the least time off, though all is clear`() throws {
    var control = Control(.automatic)
    control.minutes(1)
    control.alert("trip", asset: "pv", status: .raised)
    control.values["pv.power"] = 0
    control.alert("trip", asset: "pv", status: .cleared)
    control.minutes(10)
    #expect(
      control.told("pv") == ["SHUTDOWN issued", "SHUTDOWN followed", "HOLD issued"])
    control.minutes(1)
    #expect(control.told("pv") == ["STARTUP issued"])
  }

  @Test
  func `an asset that does not go off is told again when the command's time is over, and is not held to be off`() {
    var control = Control(.automatic)
    control.minutes(1)
    control.alert("trip", asset: "pv", status: .raised)
    control.minutes(17)
    #expect(control.told("pv") == ["SHUTDOWN issued", "SHUTDOWN not_followed", "SHUTDOWN issued"])
    #expect(control.script.stage.limits(in: control.script.register) == [AssetIndex(3): 0])
    control.values["pv.power"] = 0
    control.minutes(1)
    #expect(control.told("pv") == ["SHUTDOWN followed", "HOLD issued"])
  }

  @Test func `what was not followed is over when its time is and nothing else is asked`() {
    var control = Control(.automatic)
    control.minutes(14)
    #expect(control.told("bess") == ["OPTIMIZE issued", "OPTIMIZE not_followed"])
    // Demand falls to nothing, and so does what the battery should give.
    control.values["load.power"] = 10
    control.minutes(20)
    #expect(control.told("bess") == ["OPTIMIZE expired"])
  }

  @Test func `what was told to give or take less is told when it may have more again`() {
    var control = Control(.automatic, exportLimit: 5)
    control.values["bess.soc"] = 90
    control.values["pv.power"] = 39
    control.values["grid.power"] = -9
    control.minutes(10)
    #expect(control.told("pv") == ["OPTIMIZE issued"])
    #expect(control.script.stage.limits(in: control.script.register) == [AssetIndex(3): 35])
    control.values["pv.power"] = 35
    control.values["grid.power"] = -5
    control.minutes(15)
    #expect(control.told("pv") == ["OPTIMIZE followed"])
    control.values["load.power"] = 60
    control.values["grid.power"] = 25
    control.minutes(15)
    #expect(control.told("pv") == ["OPTIMIZE issued"])
    #expect(control.script.stage.limits(in: control.script.register) == [:])
    #expect(control.setpoints["pv"] == 40)
  }

  @Test
  func `a confirmation that comes again, late, for another plant's command or in odd words changes nothing`() throws {
    var control = Control(.confirm)
    control.minutes(10)
    let id = try #require(control.commands.last).id
    let before = control.commands
    for members in [
      [:], ["id": id], ["action": "confirm"], ["id": id, "action": "CONFIRM"], ["id": "", "action": "confirm"],
      ["id": String(repeating: "x", count: 4_000), "action": "confirm"], ["id": "\0", "action": "reject"],
      ["id": id + " ", "action": "confirm"],
    ] { control.answer(members) }
    #expect(control.commands == before && control.outcomes.allSatisfy { $0 != .taken })
    control.answer(["id": id, "action": "reject"])
    control.answer(["id": id, "action": "confirm"])
    control.answer(["id": id, "action": "reject"])
    #expect(control.outcomes.suffix(3) == [.taken, .refused(.late), .taken])
    #expect(control.told("bess") == ["OPTIMIZE awaiting", "OPTIMIZE rejected"])
    control.minutes(20)
    // A superseded command is as unknown as one that never was.
    control.answer(["id": id, "action": "confirm"])
    #expect(control.outcomes.last == .refused(.unknown))
    let told = control.told("bess")
    #expect(!told.contains("OPTIMIZE issued"))
  }

  @Test func `what nobody confirms expires once, and is not carried out`() {
    var control = Control(.confirm, valid: .minutes(5))
    control.minutes(17)
    #expect(control.told("bess") == ["OPTIMIZE awaiting", "OPTIMIZE expired"])
    #expect(control.script.stage.limits(in: control.script.register) == [:])
  }

  @Test func `an asset that fails is shut down, but not within the least time on`() {
    var control = Control(.automatic)
    control.minutes(1)
    control.alert("trip", asset: "pv", status: .raised)
    control.values["pv.power"] = 0
    control.minutes(1)
    control.alert("trip", asset: "pv", status: .cleared)
    control.minutes(11)
    control.values["pv.power"] = 12
    control.minutes(1)
    _ = control.told("pv")
    control.judge("pv", index: 5)
    control.minutes(2)
    #expect(control.told("pv") == ["HOLD issued"])
    control.minutes(15)
    #expect(control.told("pv").prefix(2) == ["SHUTDOWN issued", "SHUTDOWN not_followed"])
  }

  @Test(arguments: ["no_data", "offline"])
  func `an alert that doubts the data holds the asset, it does not shut it down`(rule: String) {
    var control = Control(.automatic)
    control.minutes(1)
    control.alert(rule, asset: "pv", status: .raised)
    control.minutes(5)
    #expect(control.told("pv") == ["HOLD issued"])
  }

  @Test("a recommendation becomes a setpoint with its predicted effect; whether it is followed is read back and said")
  func aRecommendationBecomesASetpointWithItsPredictedEffectWhetherItIsFollowed() throws {
    var control = Control(.automatic)
    control.minutes(10)
    let command = try #require(control.commands.last)
    #expect(control.told("bess") == ["OPTIMIZE issued"])
    #expect(command.setpoint == 20 && command.reason == "rule: self-consumption")
    // 20 kW for a quarter of an hour take 5 of 100 kWh and 20 kW of import at 0.20.
    #expect(abs(command.effect.stateOfCharge - 0.45) < 1e-9 && command.effect.exchange == 0)
    #expect(abs(command.effect.cost + 1) < 1e-9)
    control.minutes(4)
    #expect(control.told("bess") == ["OPTIMIZE not_followed"])
    #expect(control.lastFields["state"] == .text("not_followed") && control.lastFields["actual_kw"] == .float(0))
    control.minutes(11)
    #expect(control.told("bess") == ["OPTIMIZE issued"])
    control.values["bess.power"] = 19.6
    control.minutes(1)
    #expect(control.told("bess") == ["OPTIMIZE followed"])
    control.minutes(14)
    #expect(control.told("bess") == [])
  }

  @Test func `advice is told and ends; nobody is blamed for not following it`() {
    var control = Control(.advise)
    control.minutes(10)
    #expect(control.told("bess") == ["OPTIMIZE advised"])
    control.minutes(14)
    #expect(control.told("bess") == [])
    control.minutes(1)
    #expect(control.told("bess") == ["OPTIMIZE expired", "OPTIMIZE advised"])
  }

  @Test func `a command waits for a person's yes or no, and every other answer is refused with its reason`() throws {
    var control = Control(.confirm)
    control.minutes(10)
    let id = try #require(control.commands.last).id
    #expect(control.told("bess") == ["OPTIMIZE awaiting"])
    control.answer(["id": id])
    control.answer(["id": id, "action": "perhaps"])
    control.answer(["id": "bess-1", "action": "confirm"])
    control.answer(["id": id, "action": "confirm", "by": "Ada"])
    control.answer(["id": id, "action": "confirm"])
    control.answer(["id": id, "action": "reject"])
    #expect(
      control.outcomes == [
        .refused(.notUnderstood), .refused(.notUnderstood), .refused(.unknown), .taken, .taken, .refused(.late),
      ])
    #expect(control.told("bess") == ["OPTIMIZE issued"])
    control.minutes(15)
    let second = try #require(control.commands.last { $0.state == .awaiting }).id
    control.answer(["id": second, "action": "reject"])
    #expect(control.told("bess").suffix(2) == ["OPTIMIZE awaiting", "OPTIMIZE rejected"])
    control.minutes(15)
    let third = try #require(control.commands.last { $0.state == .awaiting }).id
    control.script.clock = control.script.clock + .minutes(20)
    control.answer(["id": third, "action": "confirm"])
    #expect(control.outcomes.last == .refused(.late))
  }

  @Test func `a command that the twin shows to break a limit is refused and not given`() throws {
    var control = Control(.automatic, importLimit: 100)
    // The meter sees 99 kW where the sum of what is measured is a surplus: something is not measured.
    control.values["pv.power"] = 35
    control.values["grid.power"] = 99
    control.minutes(10)
    let command = try #require(control.commands.last)
    #expect(control.told("bess") == ["OPTIMIZE refused"])
    #expect(command.setpoint == -5 && command.reason == "rule: self-consumption, twin: import")
  }

  @Test func `a plant that catches up with its past is not commanded`() {
    var control = Control(.automatic)
    control.minutes(1)
    let alert = AlertTransition(
      id: "1", rule: AlertRuleID("trip"), asset: control.script.register.asset(named: "pv"), series: nil,
      status: .raised,
      state: .unacknowledged, severity: .critical, time: control.script.clock, title: "", text: "", value: .nan)
    control.behind = .hours(2)
    control.step(.minute, alerts: [alert])
    #expect(control.commands.isEmpty)
    control.behind = .seconds(15)
    control.minutes(1)
    #expect(control.told("pv") == ["SHUTDOWN issued"])
  }

  @Test(arguments: [(3, ["OPTIMIZE issued"]), (14, ["OPTIMIZE issued"]), (16, [])] as [(Int64, [String])])
  func `what was decided while a plant caught up is commanded when it is at the present, unless its time is over`(
    minutes: Int64, told: [String]
  ) throws {
    var control = Control(.automatic)
    control.behind = .hours(2)
    // A quarter past, when dispatch decides.
    control.minutes(10)
    #expect(control.commands.isEmpty)
    control.script.stage = try DispatchStage(plant: control.script.register.plant).resumed(from: control.script.stage)
    control.behind = .seconds(15)
    // The clock comes to the present at once.
    control.script.clock = control.script.clock + .minutes(minutes - 1)
    control.minutes(2)
    #expect(control.told("bess") == told)
  }

  @Test("an asset's time to respond begins when it could hear of its command, also where the plant's clock was behind")
  func anAssetsTimeToRespondBeginsWhenItCouldHearOfItsCommandAlsoWhereThePlants() {
    var control = Control(.automatic)
    control.minutes(9)
    control.behind = .minutes(4)
    control.minutes(1)
    #expect(control.told("bess") == ["OPTIMIZE issued"])
    control.behind = .seconds(15)
    control.minutes(7)
    #expect(control.told("bess") == [])
    control.minutes(1)
    #expect(control.told("bess") == ["OPTIMIZE not_followed"])
  }

  @Test func `an asset's time to respond begins when a person has said yes`() throws {
    var control = Control(.confirm)
    control.minutes(20)
    let id = try #require(control.commands.last).id
    control.answer(["id": id, "action": "confirm"])
    control.minutes(3)
    #expect(control.told("bess") == ["OPTIMIZE awaiting", "OPTIMIZE issued"])
    control.minutes(1)
    #expect(control.told("bess") == ["OPTIMIZE not_followed"])
  }

  @Test func `a restored stage goes on with its commands as the one that was saved`() throws {
    var control = Control(.confirm)
    control.minutes(10)
    control.alert("trip", asset: "pv", status: .raised)
    var copy = control
    copy.script.stage = try DispatchStage(plant: control.script.register.plant).resumed(from: control.script.stage)
    control.minutes(40)
    copy.minutes(40)
    #expect(control.commands.count > 6)
    #expect(copy.commands == control.commands)
  }
}
