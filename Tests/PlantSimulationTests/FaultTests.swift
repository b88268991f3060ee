import PlantModel
import PlantSimulation
import Testing
import WattlineTime

/// A plant with an asset of every kind that can break, under a clear sky at 40 °N.
private func plant() -> Plant {
  var pv = Asset(name: "pv1", kind: .pv)
  pv.capacityKilowatts = 120
  var bess = Asset(name: "bess", kind: .battery)
  bess.energyKilowattHours = 250
  bess.powerKilowatts = 100
  let others = [("load", AssetKind.load), ("grid", .grid), ("car", .evCharger), ("wind", .wind)]
  return Plant(
    name: "p", location: Location(latitude: 34, longitude: -117, timezone: "America/Los_Angeles"),
    assets: [pv, bess] + others.map { Asset(name: $0.0, kind: $0.1) })
}

private func simulator(seed: UInt64 = 1) -> PlantSimulator {
  PlantSimulator(
    plant: plant(), seed: seed, start: CivilTime(year: 2026, month: 6, day: 1, hour: 14).utc, step: .minute)
}

/// Values of each sensor at each of some steps.
private func course(_ simulator: inout PlantSimulator, steps: Int) -> [[String: SimulatedReading]] {
  (0..<steps).map { step in
    // Two hours of each day it is told what to do.
    simulator.obey(step % 1440 < 120 ? .optimize : .startup, setpoint: 5, asset: "bess")
    return Dictionary(uniqueKeysWithValues: simulator.advance().map { ("\($0.asset).\($0.sensor)", $0) })
  }
}

/// The sensor at which each kind is looked at, and the target that it is given.
private func target(_ kind: FaultKind) -> (target: String, sensor: String) {
  switch kind {
  case .shading, .stringLoss, .derating, .soiling, .trip, .clockSkew: ("pv1", "pv1.power")
  case .socMisreport, .capacityFade: ("bess", "bess.soc")
  case .cellImbalance: ("bess", "bess.cell_min_v")
  case .coolingFailure: ("bess", "bess.temperature")
  case .stuck, .drift, .spikes, .dropout, .unitMixup: ("load.power", "load.power")
  case .voltageSpike, .outage: ("grid", "grid.voltage")
  case .contactor: ("car", "car.power")
  case .deaf: ("bess", "bess.power")
  }
}

@Suite("Faults")
struct FaultTests {
  static let mistakes: [(String, String)] = [
    ("pv1.power:stuck", "@onset"), ("pv1.power@2h", "asset.sensor:"), ("pv1.power:broken@2h", "stuck, drift"),
    ("pv1.power:stuck@2x", "s, m, h or d"), ("pv1.power:stuck@2h+", "s, m, h or d"), ("", "@onset"),
    ("pv1.power:stuck@1h+1h+1h", "more than one"), ("pv1.power:stuck@1e300d", "s, m, h or d"),
    ("pv1.power:stuck@-1h", "s, m, h or d"), (":stuck@1h", "asset.sensor:"), ("pv1:derating=x@1h", "% of the rating"),
    ("pv1:derating=170@1h", "0.0 to 100.0"), ("pv1:derating=nan@1h", "0.0 to 100.0"),
  ]

  @Test func `a specification is read with its severity and times`() throws {
    let fault = try FaultSpecification.parse("odd:name.power:drift=-0.5@1.5h+90s")
    #expect(
      fault
        == FaultSpecification(
          target: "odd:name.power", kind: .drift, severity: -0.5, onset: .minutes(90), duration: .seconds(90)))
    let trip = try FaultSpecification.parse("bess:trip@0s")
    #expect(trip.duration == nil && trip.severity == FaultKind.trip.defaultSeverity)
  }

  @Test(arguments: mistakes)
  func `a mistake is answered with what would be right`(text: String, hint: String) {
    let error = #expect(throws: FaultError.self) { try FaultSpecification.parse(text) }
    #expect(error?.description.contains(hint) == true)
  }

  @Test(arguments: [("pv9.power:stuck@0s", "pv1.power"), ("bess:shading@0s", "pv1"), ("pv1:contactor@0s", "car")])
  func `a target that cannot have the fault is answered with those that can`(text: String, hint: String) throws {
    var simulator = simulator()
    let fault = try FaultSpecification.parse(text)
    let error = #expect(throws: FaultError.self) { try simulator.add(fault) }
    #expect(error?.description.contains(hint) == true)
  }

  @Test(arguments: FaultKind.allCases)
  func `every kind's default lies in its range`(kind: FaultKind) {
    #expect(kind.severityRange.contains(kind.defaultSeverity))
  }

  @Test(arguments: FaultKind.allCases)
  func `each kind shows after its onset, by day or when it is used, and never before`(kind: FaultKind) throws {
    let (name, sensor) = target(kind)
    var seen = false
    for seed in 1...4 as ClosedRange<UInt64> where !seen {
      var sound = simulator(seed: seed)
      var faulty = sound
      try faulty.add(FaultSpecification(target: name, kind: kind, onset: .minutes(60), duration: .hours(20)))
      let expected = course(&sound, steps: 60 * 20)
      let found = course(&faulty, steps: 60 * 20)
      for minute in 0..<60 { #expect(expected[minute] == found[minute]) }
      seen = (60..<60 * 20).contains { expected[$0][sensor] != found[$0][sensor] }
    }
    #expect(seen)
  }

  /// The sensor with and without a fault, from its onset at noon on, ten hours.
  private func compare(_ text: String, sensor: String) throws -> [(sound: Double, faulty: Double)] {
    var sound = simulator()
    var faulty = sound
    try faulty.add(try FaultSpecification.parse(text))
    return zip(course(&sound, steps: 600), course(&faulty, steps: 600)).map {
      ($0[sensor]?.value ?? .nan, $1[sensor]?.value ?? .nan)
    }
  }

  @Test func `severities are what their units say`() throws {
    for (sound, faulty) in try compare("pv1:derating=70@0s", sensor: "pv1.power") { #expect(faulty == min(sound, 84)) }
    for (sound, faulty) in try compare("pv1:string_loss=0.25@0s", sensor: "pv1.power") where sound > 20 && sound < 80 {
      #expect(abs(faulty / sound - 0.75) < 0.01)
    }
    for (minute, (sound, faulty)) in try compare("load.power:drift=24@0s", sensor: "load.power").enumerated() {
      #expect(abs(faulty - sound - 50 * 0.24 * Double(minute) / 1440) < 1e-9)
    }
    for (sound, faulty) in try compare("grid:voltage_spike=15@0s", sensor: "grid.voltage") {
      #expect(abs(faulty / sound - 1.15) < 1e-9)
    }
    for (sound, faulty) in try compare("bess:cell_imbalance=80@0s", sensor: "bess.cell_max_v") {
      #expect(abs(faulty - sound - 0.04) < 1e-9)
    }
    for (sound, faulty) in try compare("load.power:unit_mixup@0s", sensor: "load.power") {
      #expect(abs(faulty - 1000 * sound) < 1e-6)
    }
    let heat = try compare("bess:cooling_failure=6@0s", sensor: "bess.temperature")
    #expect(heat[599].faulty > heat[599].sound + 20)
  }

  @Test func `a clock that is behind sends times that are, and an outage takes all power away`() throws {
    var late = simulator()
    try late.add(try FaultSpecification.parse("pv1:clock_skew=600@0s"))
    let now = late.now
    let readings = course(&late, steps: 1)[0]
    #expect(readings["pv1.power"]?.time == now - .minutes(10) && readings["load.power"]?.time == now)
    var dark = simulator()
    try dark.add(try FaultSpecification.parse("grid:outage@0s+1h"))
    for readings in course(&dark, steps: 60) {
      for (name, reading) in readings where name.hasSuffix(".power") { #expect(reading.value == 0) }
      #expect(readings["grid.frequency"]?.value == 0)
    }
    #expect((course(&dark, steps: 1)[0]["load.power"]?.value ?? 0) > 0)
  }
}
