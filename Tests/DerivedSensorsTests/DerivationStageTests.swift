import DerivedSensors
import PlantModel
import PlantTesting
import StreamCore
import Testing
import WattlineTime

/// When a derived value is given, and what it is.
struct DerivationStageTests {
  /// A plant whose `grid.power` is `grid.a - grid.b`, and whose `grid.twice` is twice that.
  private struct Site {
    var register: PlantRegister
    var stage: DerivationStage
    var given: [(time: Int64, name: String, value: Double, quality: Quality)] = []
    var now = Timestamp(seconds: 1_800_000_000)
    static let start = Timestamp(seconds: 1_800_000_000)

    init() throws {
      let plant = try DerivedPlant.make([("power", "grid.a - grid.b"), ("twice", "2 * grid.power")])
      register = PlantRegister(plant: plant)
      register.admitDerived()
      stage = DerivationStage(plant: plant)
    }

    /// Readings of one record: input, seconds since the start, value.
    mutating func send(_ readings: (String, Int64, Double)..., quality: Quality = .good) {
      var frame = Frame(cause: .readings, received: now, clock: now)
      for (sensor, second, value) in readings {
        let series = register.admit(asset: "grid", sensor: sensor)
        frame.readings.append(
          series: series, time: Site.start + .seconds(second), raw: value, value: value, hasSourceTime: true)
        let row = frame.readings.count - 1
        frame.readings.quality[row] = quality
        frame.readings.flags[row] = QualityFlags(quality)
      }
      let own = frame.readings.count
      stage.step(&frame, in: register)
      note(frame.readings, from: own)
    }

    mutating func tick(after seconds: Int64) {
      now = now + .seconds(seconds)
      var frame = Frame(cause: .readings, received: now, clock: now)
      frame.waitEnd = .tick(now)
      stage.step(&frame, in: register)
      note(frame.readings, from: 0)
    }

    private mutating func note(_ batch: ReadingBatch, from first: Int) {
      for row in first..<batch.count {
        #expect(batch.raw[row].isNaN)
        given.append(
          (
            (batch.time[row] - Site.start).nanoseconds / 1_000_000_000,
            register.series[batch.series[row].position].sensor,
            batch.value[row], batch.quality[row]
          ))
      }
    }

    /// Values of one derived sensor by time.
    func values(_ name: String = "power") -> [String] {
      given.filter { $0.name == name }.map { "\($0.time): \($0.value)" }
    }
  }

  @Test("readings of one time make one value at once, in one record or in two, and what is derived from it as well")
  func readingsOfOneTimeMakeOneValueAtOnceInOneRecordOrInTwoAndWhatIsDerived() throws {
    for isSplit in [false, true] {
      var site = try Site()
      if isSplit {
        site.send(("a", 0, 5))
        #expect(site.given.isEmpty)
        site.send(("b", 0, 3))
      } else {
        site.send(("a", 0, 5), ("b", 0, 3))
      }
      #expect(site.values() == ["0: 2.0"] && site.values("twice") == ["0: 4.0"])
      site.tick(after: 5)
      #expect(site.given.count == 2)
    }
  }

  @Test(
    "an input that speaks alone makes a value with the other's last one, once a later reading or a tick says that it is alone"
  )
  func anInputThatSpeaksAloneMakesAValueWithTheOthersLastOneOnceALaterReadingOr() throws {
    var site = try Site()
    site.send(("a", 0, 5), ("b", 0, 3))
    site.send(("a", 10, 7))
    #expect(site.values() == ["0: 2.0"])
    site.tick(after: 1)
    #expect(site.values() == ["0: 2.0", "10: 4.0"])
    site.send(("b", 20, 1))
    site.send(("a", 30, 8))
    site.tick(after: 2)
    #expect(site.values() == ["0: 2.0", "10: 4.0", "20: 6.0", "30: 7.0"])
  }

  @Test func `an input that has been silent for long stands for nothing`() throws {
    var site = try Site()
    site.send(("a", 0, 5), ("b", 0, 3))
    site.send(("a", 300, 7))
    site.tick(after: 2)
    #expect(site.values() == ["0: 2.0"])
  }

  @Test
  func `the quality is the worst of the inputs', and a value without an estimate makes a gap that is seen`() throws {
    var site = try Site()
    site.send(("a", 0, 5), quality: .late)
    site.send(("b", 0, 3))
    site.send(("a", 60, .nan), quality: .outOfRange)
    site.send(("b", 60, 3))
    let power = site.given.filter { $0.name == "power" }
    #expect(power.map(\.quality) == [.late, .outOfRange])
    #expect(power[0].value == 2 && power[1].value.isNaN)
  }

  @Test func `a backlog whose messages have all inputs gives its values, though later ones were given`() throws {
    var site = try Site()
    site.send(("a", 1_000, 5), ("b", 1_000, 3))
    for second in stride(from: Int64(0), to: 100, by: 10) {
      site.send(("a", second, Double(second)), ("b", second, 1), quality: .late)
    }
    #expect(site.values().count == 11 && site.values().last == "90: 89.0")
  }

  @Test func `a snapshot goes on with what waits and what is held`() throws {
    var site = try Site()
    site.send(("a", 0, 5), ("b", 0, 3))
    site.send(("a", 10, 7))
    var restored = site
    restored.stage = try DerivationStage(plant: site.register.plant).resumed(from: site.stage)
    for second in [20, 30, 35] as [Int64] {
      site.send(("b", second, Double(second)))
      restored.send(("b", second, Double(second)))
      site.tick(after: 1)
      restored.tick(after: 1)
    }
    #expect(site.given.map(\.value) == restored.given.map(\.value) && site.values().count == 5)
  }

  @Test(arguments: 0..<20)
  func `however messages are batched, the same values are given`(_ seed: Int) throws {
    var generator = SplitMix(state: UInt64(seed))
    var messages: [(String, Int64, Double)] = []
    for second in stride(from: Int64(0), to: 600, by: 10) {
      for name in ["a", "b"] {
        // Neither is silent for longer than it holds at the least.
        let isDue = messages.last { $0.0 == name }.map { second - $0.1 >= 50 } ?? false
        guard isDue || Bool.random(using: &generator) else { continue }
        messages.append((name, second, Double.random(in: 0..<9, using: &generator)))
      }
    }
    // By hand: at each time the last of each that is at most a minute old.
    var wanted: [String] = []
    for second in Set(messages.map(\.1)).sorted() {
      func last(_ name: String) -> (Int64, Double)? {
        messages.last { $0.0 == name && $0.1 <= second }.map { ($0.1, $0.2) }
      }
      if let a = last("a"), let b = last("b"), second - a.0 <= 60, second - b.0 <= 60 {
        wanted.append("\(second): \(a.1 - b.1)")
      }
    }
    for isTogether in [false, true] {
      var site = try Site()
      for second in Set(messages.map(\.1)).sorted() {
        let now = messages.filter { $0.1 == second }
        if isTogether, now.count == 2 {
          site.send(now[0], now[1])
        } else {
          for message in now { site.send(message) }
        }
        site.tick(after: 10)
      }
      site.tick(after: 10)
      #expect(site.values() == wanted)
    }
  }
}
