import PayloadDecoding
public import PlantConfig
public import PlantModel
import StreamCore
public import WattlineTime

/// The load of all benchmarks: plants with sensors that each report a value a second as `{"value":…,"ts":…}`.
public struct SensorLoad: Sendable {
  /// Number of sensors of all plants.
  public let sensors: Int
  /// Number of passes over all sensors; each is one second of the load, unless another spacing is given.
  public let passes: Int
  /// Configuration of the plants.
  public let sources: PlantSources
  /// The plants.
  public let plants: [Plant]
  /// Messages by pass, as bodies of journal records.
  let frames: [[UInt8]]
  private let spacing: TimeSpan
  /// Time of the first pass.
  static let start = Timestamp(seconds: 1_790_000_000)

  /// Creates a load.
  ///
  /// - Parameters:
  ///   - count: Number of plants, with 100 sensors each.
  ///   - passes: Number of passes over all sensors.
  ///   - spacing: Time between passes.
  public init(plants count: Int = 10, passes: Int = 186, spacing: TimeSpan = .second) {
    var sources = PlantSources()
    for plant in 0..<count {
      let text = """
        plant: plant\(plant)
        location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
        topics: [{match: "plant\(plant)/{asset}/{sensor}"}]
        """
      sources.files.append(("plant\(plant).yaml", Array(text.utf8)))
    }
    self.sources = sources
    self.plants = sources.plants
    self.passes = passes
    self.spacing = spacing
    sensors = count * 100
    var state: UInt64 = 1
    frames = (0..<passes).map { pass in
      var builder = MessageFrameBuilder()
      let timestamp = (Self.start + TimeSpan(nanoseconds: Int64(pass) * spacing.nanoseconds)).milliseconds
      for sensor in 0..<count * 100 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let value = Double(sensor) + Double(state >> 54) / 100
        Self.append(
          "plant\(sensor / 100)/asset\(sensor / 10 % 10)/s\(sensor % 10)", value: value, timestamp: timestamp,
          to: &builder)
      }
      return builder.bytes
    }
  }

  private static func append(_ topic: String, value: Double, timestamp: Int64, to builder: inout MessageFrameBuilder) {
    Array(topic.utf8).withUnsafeBytes { topic in
      Array("{\"value\":\(value),\"ts\":\(timestamp)}".utf8).withUnsafeBytes {
        builder.append(topic: topic, payload: $0, packetID: 1, retained: false)
      }
    }
  }

  /// Returns the receive time of a pass.
  func received(_ pass: Int) -> Timestamp {
    Self.start + TimeSpan(nanoseconds: Int64(pass) * spacing.nanoseconds) + .milliseconds(20)
  }

  /// Calls `body` for each message of a pass.
  func forEachMessage(_ pass: Int, body: (MessageView) -> Void) {
    frames[pass].withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      while let message = cursor.next() { body(message) }
    }
  }

  /// Returns the readings of each pass by plant, and the registers that they refer to.
  func decoded() -> (passes: [[ReadingBatch]], registers: [PlantRegister]) {
    var decoder = MessageDecoder(plants: plants)
    var registers = plants.map(PlantRegister.init)
    let readings = (0..<passes).map { pass in
      var batches = plants.map { _ in ReadingBatch() }
      forEachMessage(pass) {
        _ = decoder.decode($0, received: received(pass), registers: &registers, into: &batches)
      }
      return batches
    }
    return (readings, registers)
  }
}
