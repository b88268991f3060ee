import Cleaning
import FeatureWindows
import HealthIndex
import PlantModel
import StreamCore

/// What a sensor costs in memory: live blocks of the heap before and after stages have worked for ten thousand sensors.
public struct SensorMemory: Sendable, Encodable {
  /// Cleaning [bytes a sensor].
  public var cleaning: Double
  /// Windows of all lengths, their sketches, local hours and days [bytes a sensor].
  public var windows: Double
  /// What is usual and how it strays [bytes a sensor].
  public var health: Double

  /// All three [bytes a sensor].
  public var total: Double { cleaning + windows + health }

  enum CodingKeys: String, CodingKey {
    case cleaning = "cleaning_bytes"
    case windows = "windows_bytes"
    case health = "health_bytes"
  }

  /// Measures a hundred plants of a hundred sensors that speak every twenty seconds for an hour and ten minutes.
  public static func measure(plants: Int = 100) -> SensorMemory {
    // The frame is the worker's, not the sensor's: the first run is for it to grow.
    var frame = Frame()
    _ = run(plants: 1, &frame)
    let bytes = run(plants: plants, &frame)
    let sensors = Double(plants * 100)
    return SensorMemory(
      cleaning: Double(bytes.cleaning) / sensors, windows: Double(bytes.windows) / sensors,
      health: Double(bytes.health) / sensors)
  }

  private static func run(plants count: Int, _ frame: inout Frame) -> (cleaning: Int, windows: Int, health: Int) {
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
    for pass in 0..<210 {
      for plant in registers.indices {
        fill(&frame, pass: pass)
        step(plant)
        guard pass % 3 == 2 else { continue }
        let moment = moment(pass + 1)
        frame.reset(cause: .minute, received: moment, clock: moment.floored(to: .minute))
        step(plant)
      }
    }
    return withExtendedLifetime((cleaning, windows, health)) { bytes }
  }

  private static func moment(_ pass: Int) -> Timestamp { SensorLoad.start + .seconds(20 * Int64(pass)) }

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

  private static func fill(_ frame: inout Frame, pass: Int) {
    let moment = moment(pass)
    frame.reset(cause: .readings, received: moment, clock: moment.floored(to: .minute))
    for sensor in 0..<100 {
      let value = Double(sensor) + Double((pass * 37 + sensor * 11) % 100) / 10
      frame.readings.append(series: SeriesIndex(sensor), time: moment, raw: value, value: value, hasSourceTime: true)
    }
  }
}
