import PayloadDecoding
import PlantConfig
import PlantModel
import StreamCore
import WattlineTime

/// Result of trying a draft: whether it is a valid plant file, and the readings of every sample.
public struct DraftTrial: Sendable {
  /// A sensor with readings.
  public struct Series: Sendable, Equatable {
    /// Name of the asset.
    public var asset: String
    /// Name of the sensor.
    public var sensor: String
    /// Symbol of the unit; `nil` if it is unknown.
    public var unit: String?
    /// The first 32 values, as received.
    public var numbers: [Double]
    /// Index of the first topic with a reading of this sensor.
    public var topic: Int
    /// First levels of all topics with readings of this sensor.
    var roots: Set<String> = []
  }

  /// Mistakes of the file, as `wattline check` prints them; empty for a valid draft.
  public private(set) var mistakes: [String] = []
  /// Sensors in the order of their first reading.
  public private(set) var series: [Series] = []
  /// Number of topics with at least one reading.
  public private(set) var landed = 0
  /// Topics that seemed to have numbers but gave no reading, with the reason.
  public private(set) var failures: [(topic: String, reason: String)] = []

  private var positions: [String: Int] = [:]

  init(text: String, survey: TopicSurvey, topics: [ShapedTopic]) {
    let loaded = ConfigurationLoader.load(files: [("draft.yaml", Array(text.utf8))], environment: [:]) { _ in nil }
    mistakes = loaded.diagnostics.map { "\($0)" }
    guard let plant = loaded.plants.first else { return }
    var decoder = MessageDecoder(plants: [plant])
    var registers = [PlantRegister(plant: plant)]
    var batches = [ReadingBatch()]
    for topic in topics where topic.isRead {
      var reason: String?
      var hasReadings = false
      for sample in survey.topics[topic.position].samples {
        batches[0].removeAll()
        let outcome = Self.decode(topic.name, payload: sample, decoder: &decoder, registers: &registers, into: &batches)
        if case .refused(let refusal) = outcome { reason = reason ?? refusal.rawValue }
        guard !batches[0].isEmpty else { continue }
        hasReadings = true
        record(batches[0], in: registers[0], topic: topic)
      }
      if hasReadings { landed += 1 } else { failures.append((topic.name, reason ?? "no value came")) }
    }
  }

  private static func decode(
    _ topic: String, payload: [UInt8], decoder: inout MessageDecoder, registers: inout [PlantRegister],
    into batches: inout [ReadingBatch]
  ) -> DecodeOutcome {
    var frame = MessageFrameBuilder()
    Array(topic.utf8).withUnsafeBytes { topic in
      payload.withUnsafeBytes { frame.append(topic: topic, payload: $0, packetID: 0, retained: false) }
    }
    return frame.bytes.withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      guard let message = cursor.next() else { return .refused(.emptyPayload) }
      // The receive time is arbitrary, since the times of readings are not used.
      return decoder.decode(
        message, received: Timestamp(seconds: 1_700_000_000), registers: &registers, into: &batches)
    }
  }

  private mutating func record(_ batch: ReadingBatch, in register: PlantRegister, topic: ShapedTopic) {
    for row in 0..<batch.count {
      let found = register.series[batch.series[row].position]
      let asset = register.assets[found.asset.position].name
      let key = asset + "\0" + found.sensor
      if let known = positions[key] {
        series[known].roots.insert(topic.levels[0])
        if series[known].numbers.count < 32 { series[known].numbers.append(batch.raw[row]) }
      } else {
        positions[key] = series.count
        series.append(
          Series(
            asset: asset, sensor: found.sensor, unit: found.profile.unit?.symbol, numbers: [batch.raw[row]],
            topic: topic.position, roots: [topic.levels[0]]))
      }
    }
  }
}
