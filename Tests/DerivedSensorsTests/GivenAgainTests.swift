import DerivedSensors
import PlantModel
import PlantTesting
import StreamCore
import Testing
import WattlineTime

/// Derived values when cleaning gives a reading again that turned out to be a glitch.
struct GivenAgainTests {
  /// A reading as cleaning gives it; at the second time it is given `again`.
  private struct Reading {
    var sensor: String
    var second: Int64
    var value: Double
    var quality = Quality.good
    var again = false

    init(_ sensor: String, second: Int64, value: Double, quality: Quality = .good, again: Bool = false) {
      (self.sensor, self.second, self.value, self.quality, self.again) = (sensor, second, value, quality, again)
    }
  }

  /// A plant whose `grid.total` is the sum of two counters, `grid.tenth` a tenth of that, and `grid.ratio` that of two
  /// instants.
  private struct Site {
    var register: PlantRegister
    var stage: DerivationStage
    /// The rows of each derived sensor, in the order in which they were given.
    var rows: [String: [(second: Int64, value: Double, quality: Quality)]] = [:]
    var now = Site.start
    static let start = Timestamp(seconds: 1_800_000_000)

    init() throws {
      let plant = try DerivedPlant.make([
        ("total", "grid.energy_import + grid.energy_export"), ("tenth", "grid.total / 10"),
        ("ratio", "grid.x / grid.y"),
      ])
      register = PlantRegister(plant: plant)
      register.admitDerived()
      stage = DerivationStage(plant: plant)
    }

    /// Readings, each a record of its own and a time after the one before.
    mutating func send(_ readings: [Reading], every step: TimeSpan = .milliseconds(100)) {
      for reading in readings {
        now = now + step
        settle()
        var frame = Frame(cause: .readings, received: now, clock: now)
        frame.readings.append(
          series: register.admit(asset: "grid", sensor: reading.sensor), time: Site.start + .seconds(reading.second),
          raw: reading.again ? .nan : reading.value, value: reading.value, hasSourceTime: true)
        frame.readings.quality[0] = reading.quality
        frame.readings.flags[0] = QualityFlags(reading.quality)
        stage.step(&frame, in: register)
        note(frame.readings, from: 1)
      }
    }

    /// Has what waits given.
    mutating func settle(after time: TimeSpan = .zero) {
      now = now + time
      var frame = Frame(cause: .readings, received: now, clock: now)
      frame.waitEnd = .tick(now)
      stage.step(&frame, in: register)
      note(frame.readings, from: 0)
    }

    private mutating func note(_ batch: ReadingBatch, from first: Int) {
      for row in first..<batch.count {
        rows[register.series[batch.series[row].position].sensor, default: []].append(
          ((batch.time[row] - Site.start).nanoseconds / 1_000_000_000, batch.value[row], batch.quality[row]))
      }
    }

    /// The last value of each time.
    func last(_ name: String) -> [String] {
      var last: [Int64: String] = [:]
      for row in rows[name] ?? [] { last[row.second] = "\(row.second): \(row.value) \(row.quality)" }
      return last.sorted { $0.key < $1.key }.map(\.value)
    }
  }

  private static let imports: [Reading] = [
    Reading("energy_import", second: 0, value: 100), Reading("energy_import", second: 60, value: 0),
    Reading("energy_import", second: 60, value: 100, quality: .spike, again: true),
    Reading("energy_import", second: 120, value: 100.5),
  ]
  private static let exports: [Reading] = [
    Reading("energy_export", second: 0, value: 50), Reading("energy_export", second: 70, value: 51),
    Reading("energy_export", second: 80, value: 52),
    Reading("energy_export", second: 120, value: 53),
  ]
  private static let corrected = [
    "0: 150.0 good", "60: 150.0 spike", "70: 151.0 spike", "80: 152.0 spike", "120: 153.5 good",
  ]

  /// All orders in which two senders' readings may come, each of them in its own order.
  private static func orders(_ one: ArraySlice<Reading>, other: ArraySlice<Reading>) -> [[Reading]] {
    guard let first = one.first, let second = other.first else { return [Array(one + other)] }
    return orders(one.dropFirst(), other: other).map { [first] + $0 }
      + orders(one, other: other.dropFirst()).map { [second] + $0 }
  }

  @Test
  func `in whatever order two counters come, their sum is at last that of what the readings turned out to be`() throws {
    for order in Self.orders(Self.imports.dropFirst(), other: Self.exports.dropFirst()) {
      var site = try Site()
      site.send([Self.imports[0], Self.exports[0]] + order)
      site.settle(after: .seconds(2))
      #expect(site.last("total") == Self.corrected)
      #expect(site.last("tenth").count == 5 && site.last("tenth")[2] == "70: 15.1 spike")
    }
  }

  @Test
  func `values that were given before the glitch was known become those that are given where it is known at once`()
    throws
  {
    for order in Self.orders(Self.imports.dropFirst(), other: Self.exports.dropFirst()) {
      var (site, other) = (try Site(), try Site())
      for reading in [Self.imports[0], Self.exports[0]] + order {
        site.send([reading], every: .seconds(2))
        var known = reading
        if reading.sensor == "energy_import", reading.second == 60 { (known.value, known.quality) = (100, .spike) }
        if reading.again { other.now = other.now + .seconds(2) } else { other.send([known], every: .seconds(2)) }
      }
      site.settle(after: .seconds(2))
      other.settle(after: .seconds(2))
      #expect(site.last("total") == other.last("total") && site.last("tenth") == other.last("tenth"))
    }
  }

  @Test
  func `a counter that has fallen and may be a glitch gives no good value, so that nothing is counted as a reset`()
    throws
  {
    var site = try Site()
    site.send([Self.imports[0], Self.exports[0], Self.imports[1]] + Self.exports.dropFirst(), every: .seconds(2))
    site.settle(after: .seconds(2))
    #expect(site.rows["total"]?.filter { $0.quality == .good }.allSatisfy { $0.value >= 150 } == true)
    #expect(site.last("total").suffix(2) == ["80: 152.0 spike", "120: 153.0 spike"])
    #expect(site.last("tenth").count == 5)
  }

  @Test func `a fall that was a reset is given again as what it was`() throws {
    var site = try Site()
    site.send([Self.imports[0], Self.exports[0], Self.imports[1], Self.exports[1]])
    site.settle(after: .seconds(2))
    #expect(site.last("total") == ["0: 150.0 good", "60: 150.0 spike", "70: 151.0 spike"])
    site.send([Reading("energy_import", second: 120, value: 0.5)])
    site.settle(after: .seconds(2))
    #expect(site.last("total") == ["0: 150.0 good", "60: 50.0 good", "70: 51.0 good", "120: 51.5 good"])
    #expect(site.last("tenth").suffix(2) == ["70: 5.1 good", "120: 5.15 good"])
  }

  @Test func `a counter that rests where it fell to is open for ten minutes, and then reset`() throws {
    func fallen(_ seconds: [Int64]) -> [Reading] { seconds.map { Reading("energy_import", second: $0, value: 0) } }
    var site = try Site()
    site.send([Self.imports[0], Self.exports[0]] + fallen([60, 120, 180]))
    site.send([
      Reading("energy_import", second: 60, value: 100, quality: .spike, again: true),
      Reading("energy_import", second: 240, value: 100.5),
    ])
    site.settle(after: .seconds(2))
    #expect(site.last("total").dropFirst().allSatisfy { $0.hasSuffix("150.0 spike") || $0.hasPrefix("240") })
    site = try Site()
    for minute in Int64(0)...12 {
      site.send([
        Reading("energy_export", second: 60 * minute, value: 50),
        Reading("energy_import", second: 60 * minute, value: minute == 0 ? 100 : 0),
      ])
      site.settle(after: .seconds(2))
    }
    #expect(site.last("total").dropFirst() == (1...12).map { "\(60 * $0): 50.0 good" }[...])
  }

  @Test func `any reading that is given again corrects what was derived from it, and a value that was none`() throws {
    var site = try Site()
    site.send([
      Reading("x", second: 0, value: 8), Reading("y", second: 0, value: 2), Reading("x", second: 10, value: 9),
      Reading("y", second: 10, value: 0), Reading("x", second: 20, value: 6),
      Reading("y", second: 10, value: 3, quality: .spike, again: true), Reading("y", second: 30, value: 2),
    ])
    site.settle(after: .seconds(2))
    #expect(site.last("ratio") == ["0: 4.0 good", "10: 3.0 spike", "20: 2.0 spike", "30: 3.0 good"])
    #expect(site.rows["ratio"]?.count == 4)
    // Of what is not known nothing can be corrected.
    site.send([Reading("y", second: 5, value: 3, quality: .spike, again: true)])
    #expect(site.rows["ratio"]?.count == 4)
  }

  @Test(arguments: 1..<8)
  func `a snapshot taken at any reading goes on alike`(_ count: Int) throws {
    let all = [
      Self.imports[0], Self.exports[0], Self.imports[1], Self.exports[1], Self.imports[2], Self.exports[2],
      Self.imports[3], Self.exports[3],
    ]
    var site = try Site()
    site.send(Array(all.prefix(count)))
    site.stage = try DerivationStage(plant: site.register.plant).resumed(from: site.stage)
    site.send(Array(all.dropFirst(count)))
    site.settle(after: .seconds(2))
    #expect(site.last("total") == Self.corrected)
  }
}
