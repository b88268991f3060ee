import Alerts
import PlantModel
import StreamCore
import Testing
import WattlineTime

@Suite("Rules about assets")
struct AssetRuleTests {
  private func withVoltage() -> AlertScript {
    var script = AlertScript()
    script.live([("grid.voltage", 230)], times: 30)
    return script
  }

  @Test func `a voltage outside a tenth of what is usual is told within two readings, and over when it is back`() {
    var script = withVoltage()
    script.live([("grid.voltage", 250)], times: 5)
    #expect(script.changes().isEmpty)
    script.live([("grid.voltage", 265)], times: 2)
    #expect(script.changes() == ["voltage grid - raised warning"])
    script.live([("grid.voltage", 250)], times: 5)
    #expect(script.changes().isEmpty)
    script.live([("grid.voltage", 231)], times: 2)
    #expect(script.changes() == ["voltage grid - cleared warning"])
  }

  @Test func `a voltage that has collapsed is an outage and nothing else`() {
    var script = withVoltage()
    script.live([("grid.voltage", 0)], times: 5)
    #expect(script.changes() == ["outage grid - raised critical"])
    script.live([("grid.voltage", 230)], times: 2)
    #expect(script.changes() == ["outage grid - cleared critical"])
  }

  @Test(
    "a battery that warms up fast is told within ten minutes, at 55 °C it is critical, and one that works hard is not")
  func aBatteryThatWarmsUpFastIsToldWithinTenMinutesAt55CItIsCriticalAndOneThat() {
    var script = AlertScript()
    // 12 K/h under load, and an odd reading.
    for minute in 0..<30 { script.live([("bess.temperature", 25 + 0.2 * Double(minute))], every: 60, times: 1) }
    script.live([("bess.temperature", 11)], every: 1, times: 1, quality: .spike)
    #expect(script.changes().isEmpty)
    for minute in 0..<15 { script.live([("bess.temperature", 31 + 40 / 60 * Double(minute))], every: 60, times: 1) }
    #expect(script.changes() == ["heat bess - raised warning"])
    script.live([("bess.temperature", 56)], every: 60, times: 1)
    #expect(script.changes() == ["heat bess - escalated critical"])
    script.live([("bess.temperature", 43.5)], every: 60, times: 30)
    #expect(script.changes().isEmpty)
    script.live([("bess.temperature", 41)], every: 60, times: 5)
    #expect(script.changes() == ["heat bess - cleared critical"])
  }

  @Test func `a battery above 45 °C is told, and a temperature that cannot be is not taken for heat`() {
    var script = AlertScript()
    script.live([("bess.temperature", 46)], every: 60, times: 5)
    #expect(script.changes() == ["heat bess - raised warning"])
    var broken = AlertScript()
    broken.live([("bess.temperature", 25_000)], every: 60, times: 4, quality: .outOfRange)
    #expect(broken.changes().isEmpty)
  }

  @Test func `a generator that stops in the light has tripped, however little it gave; in the dark it rests`() {
    for (light, changes) in [(150.0, ["trip pv1 power raised critical"]), (40, [])] {
      var script = AlertScript()
      script.live([("pv1.irradiance", light), ("pv1.power", 9)], every: 10, times: 20)
      script.live([("pv1.irradiance", light), ("pv1.power", 0)], every: 10, times: 3)
      #expect(script.changes() == changes)
    }
  }

  @Test func `a generator that is held below what its light gives is derated, until it gives more again`() {
    var script = AlertScript()
    script.live([("pv1.irradiance", 950), ("pv1.power", 70)], every: 10, times: 10)
    script.live([("pv1.power", 70)], every: 5, times: 5, quality: .stuck)
    #expect(script.transitions.first?.title == "pv1 is held at 70.0 kW")
    #expect(script.changes() == ["derating pv1 power raised warning"])
    // Neither a cloud nor the same level again end it.
    script.live([("pv1.irradiance", 400), ("pv1.power", 33)], every: 10, times: 10)
    script.live([("pv1.irradiance", 950), ("pv1.power", 70)], every: 10, times: 20)
    #expect(script.changes().isEmpty)
    script.live([("pv1.irradiance", 950), ("pv1.power", 81)], every: 10, times: 5)
    #expect(script.changes() == ["derating pv1 power cleared warning"])
  }

  @Test(
    "a generator whose power stands still while its light falls below it is stuck, and one at its rating is neither")
  func aGeneratorWhosePowerStandsStillWhileItsLightFallsBelowItIsStuckAndOneAt() {
    var script = AlertScript()
    script.live([("pv1.irradiance", 950), ("pv1.power", 70)], every: 10, times: 1)
    script.live([("pv1.power", 70)], every: 10, times: 5, quality: .stuck)
    #expect(script.changes() == ["derating pv1 power raised warning"])
    script.live([("pv1.irradiance", 500)], every: 10, times: 1)
    script.live([("pv1.power", 70)], every: 10, times: 1, quality: .stuck)
    #expect(script.changes() == ["derating pv1 power cleared warning", "stuck pv1 power raised warning"])
    script.live([("pv1.irradiance", 500), ("pv1.power", 45)], every: 10, times: 5)
    #expect(script.changes() == ["stuck pv1 power cleared warning"])
    script.live([("pv1.irradiance", 1100), ("pv1.power", 99)], every: 10, times: 1)
    script.live([("pv1.power", 99)], every: 10, times: 8, quality: .stuck)
    #expect(script.changes().isEmpty)
  }

  @Test func `a car that is connected and gets nothing is told, one that is full is not`() {
    var script = AlertScript()
    var charger = Asset(name: "car", kind: .evCharger)
    charger.powerKilowatts = 22
    let location = Location(latitude: 34, longitude: -117, timezone: "UTC")
    script.register = PlantRegister(plant: Plant(name: "p", location: location, assets: [charger]))
    script.live([("car.connected", 1), ("car.power", 22)], every: 10, times: 20)
    script.live([("car.connected", 1), ("car.power", 2)], every: 10, times: 20)
    script.live([("car.connected", 1), ("car.power", 0)], every: 10, times: 60)
    #expect(script.changes().isEmpty)
    script.live([("car.connected", 0), ("car.power", 0)], every: 10, times: 3)
    script.live([("car.connected", 1), ("car.power", 0)], every: 10, times: 29)
    #expect(script.changes().isEmpty)
    script.live([("car.connected", 1), ("car.power", 0)], every: 10, times: 3)
    #expect(script.changes() == ["charger car - raised warning"])
    script.live([("car.connected", 1), ("car.power", 11)], every: 10, times: 1)
    #expect(script.changes() == ["charger car - cleared warning"])
    script.live([("car.connected", 1), ("car.power", 0)], every: 10, times: 14)
    #expect(script.changes() == ["charger car - raised warning"])
    // One that a command holds back waits, but not with half of the power that it may have.
    script.limits = [AssetIndex(0): 0]
    script.live([("car.connected", 1), ("car.power", 0)], every: 10, times: 90)
    #expect(script.changes() == ["charger car - cleared warning"])
    script.limits = [AssetIndex(0): 11]
    script.live([("car.connected", 1), ("car.power", 0)], every: 10, times: 90)
    #expect(script.changes() == ["charger car - raised warning"])
  }

  @Test func `odd values that come one at a time are told after the fourth, and over when it has been quiet`() {
    var script = AlertScript()
    for spike in 1...4 {
      #expect(script.changes().isEmpty, "before spike \(spike)")
      script.live([("load.power", 20)], every: 10, times: 12)
      script.read([("load.power", 900)], quality: .spike)
    }
    script.live([("load.power", 900)], every: 10, times: 3, quality: .spike)
    #expect(script.changes().first == nil)
    script.live([("load.power", 20)], every: 10, times: 12)
    script.live([("load.power", 900)], every: 10, times: 1, quality: .spike)
    #expect(script.changes() == ["spikes load power raised warning"])
    script.live([("load.power", 20)], every: 10, times: 6 * 120)
    #expect(script.changes().last == "spikes load power cleared warning")
  }

  @Test func `a counter whose glitches come again and again is told as erratic, and of nothing else`() {
    var script = AlertScript()
    for glitch in 1...4 {
      #expect(script.changes().isEmpty, "before glitch \(glitch)")
      script.live([("load.energy", 100)], every: 10, times: 12)
      // As cleaning gives it again: without its raw value.
      script.read([("load.energy", .nan)], quality: .spike)
    }
    script.live([("load.energy", 100)], every: 10, times: 12)
    script.read([("load.energy", .nan)], quality: .spike)
    #expect(script.changes() == ["spikes load energy raised warning"])
  }

  @Test func `a clock that is behind those of the other assets is told, one late plant is not`() {
    var script = AlertScript()
    let others: [(String, Double)] = [("load.power", 5), ("pv1.irradiance", 100)]
    for _ in 0..<10 {
      script.tick(seconds: 10)
      script.read(others)
      script.read([("bess.soc", 50)], clock: script.now - .minutes(10))
    }
    #expect(script.changes() == ["clock bess - raised warning"])
    for _ in 0..<6 {
      script.tick(seconds: 10)
      script.read(others)
      script.read([("bess.soc", 50)])
    }
    #expect(script.changes() == ["clock bess - cleared warning"])
    for _ in 0..<10 {
      script.tick(seconds: 10)
      script.read(others + [("bess.soc", 50)], clock: script.now - .minutes(10))
    }
    #expect(script.changes().filter { $0.hasPrefix("clock") }.isEmpty)
  }
}
