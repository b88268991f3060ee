import Cleaning
import FeatureWindows
import HealthIndex
import PlantModel
import StreamCore
import WattlineTime

/// Memory of a sensor: growth of the heap in the stages.
public struct SensorMemory: Sendable, Encodable {
  /// Cleaning [bytes a sensor].
  public var cleaning: Double
  /// Windows of all lengths, with their sketches, local hours and days [bytes a sensor].
  public var windows: Double
  /// Health index, with its expected values and deviations [bytes a sensor].
  public var health: Double

  /// Sum of all three [bytes a sensor].
  public var total: Double { cleaning + windows + health }

  enum CodingKeys: String, CodingKey {
    case cleaning = "cleaning_bytes"
    case windows = "windows_bytes"
    case health = "health_bytes"
  }

  /// Measures plants of a hundred sensors.
  ///
  /// The sensors report four times an hour for five days, so that all models of a sensor are trained. Then they report
  /// every twenty seconds for an hour and ten minutes.
  public static func measure(plants: Int = 100) -> SensorMemory {
    // The frame belongs to the worker and not to a sensor; it grows during the first run.
    var frame = Frame()
    _ = run(plants: 1, into: &frame)
    let bytes = run(plants: plants, into: &frame)
    let sensors = Double(plants * 100)
    return SensorMemory(
      cleaning: Double(bytes.cleaning) / sensors, windows: Double(bytes.windows) / sensors,
      health: Double(bytes.health) / sensors)
  }

  /// Times at which all sensors report.
  private static let moments: [Timestamp] = {
    let quarters = 5 * QuarterHour.perDay
    let present = QuarterHour.slot(containing: SensorLoad.start)
    let past = (0..<quarters).map { QuarterHour.start(of: present - quarters + $0) + .minutes(5) }
    return past + (0..<210).map { QuarterHour.start(of: present) + .seconds(20 * $0) }
  }()

  private static func run(plants count: Int, into frame: inout Frame) -> (cleaning: Int, windows: Int, health: Int) {
    let registers = registers(count)
    var cleaning = registers.map { _ in CleaningStage() }
    var windows = registers.map { _ in FeatureWindowStage() }
    var health = registers.map { _ in HealthStage() }
    var bytes = (cleaning: 0, windows: 0, health: 0)
    func step(_ plant: Int) {
      bytes.cleaning += AllocationCount.liveBytes { cleaning[plant].step(&frame, in: registers[plant]) }
      bytes.windows += AllocationCount.liveBytes { windows[plant].step(&frame, in: registers[plant]) }
      bytes.health += AllocationCount.liveBytes { health[plant].step(&frame, in: registers[plant]) }
    }
    for (pass, timestamp) in moments.enumerated() {
      let next = pass + 1 < moments.count ? moments[pass + 1] : timestamp + .minute
      for plant in registers.indices {
        fill(&frame, pass: pass, at: timestamp)
        step(plant)
        // The last minute mark before the next report is a quarter-hour mark if one lies between.
        guard next.floored(to: .minute) > timestamp else { continue }
        let mark = QuarterHour.slot(containing: next) > QuarterHour.slot(containing: timestamp)
        let clock = mark ? QuarterHour.start(of: QuarterHour.slot(containing: next)) : next.floored(to: .minute)
        frame.reset(cause: .minute, received: clock, clock: clock)
        step(plant)
      }
    }
    return withExtendedLifetime((cleaning, windows, health)) { bytes }
  }

  private static func registers(_ count: Int) -> [PlantRegister] {
    (0..<count).map { plant in
      var register = PlantRegister(
        plant: Plant(
          name: "plant\(plant)", location: Location(latitude: 48, longitude: 11, timezone: "Europe/Berlin"), assets: [])
      )
      for sensor in 0..<100 { _ = register.admit(asset: "asset\(sensor / 10)", sensor: "s\(sensor % 10)") }
      return register
    }
  }

  private static func fill(_ frame: inout Frame, pass: Int, at timestamp: Timestamp) {
    frame.reset(cause: .readings, received: timestamp, clock: timestamp.floored(to: .minute))
    for sensor in 0..<100 {
      let value = Double(sensor) + Double((pass * 37 + sensor * 11) % 100) / 10
      frame.readings.append(series: SeriesIndex(sensor), time: timestamp, raw: value, value: value, hasSourceTime: true)
    }
  }
}
