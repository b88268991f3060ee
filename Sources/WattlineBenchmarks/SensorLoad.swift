import PayloadDecoding
import PlantConfig
import PlantModel
import StreamCore

/// The load of all benchmarks: plants with sensors that each say a value a second as `{"value":…,"ts":…}`.
public struct SensorLoad: Sendable {
  /// How many sensors over all plants.
  public let sensors: Int
  /// Seconds of the load; each is one pass over all sensors.
  public let passes: Int
  /// What the plants are read from.
  public let sources: PlantSources
  /// The plants.
  public let plants: [Plant]
  /// Messages by pass, as bodies of journal records.
  let frames: [[UInt8]]
  private let spacing: TimeSpan
  /// The load's first moment.
  static let start = Timestamp(seconds: 1_790_000_000)

  /// A load of `plants` times 100 sensors.
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
      let moment = (Self.start + TimeSpan(nanoseconds: Int64(pass) * spacing.nanoseconds)).milliseconds
      for sensor in 0..<count * 100 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let value = Double(sensor) + Double(state >> 54) / 100
        Self.append("plant\(sensor / 100)/asset\(sensor / 10 % 10)/s\(sensor % 10)", value, moment, to: &builder)
      }
      return builder.bytes
    }
  }

  private static func append(_ topic: String, _ value: Double, _ moment: Int64, to builder: inout MessageFrameBuilder) {
    Array(topic.utf8).withUnsafeBytes { topic in
      Array("{\"value\":\(value),\"ts\":\(moment)}".utf8).withUnsafeBytes {
        builder.append(topic: topic, payload: $0, packetID: 1, retained: false)
      }
    }
  }

  /// The moment at which the messages of a pass arrive.
  func received(_ pass: Int) -> Timestamp {
    Self.start + TimeSpan(nanoseconds: Int64(pass) * spacing.nanoseconds) + .milliseconds(20)
  }

  /// Calls `body` for each message of a pass.
  func forEachMessage(_ pass: Int, _ body: (MessageView) -> Void) {
    frames[pass].withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      while let message = cursor.next() { body(message) }
    }
  }

  /// The readings of each pass by plant, and the registers that they refer to.
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
