import PayloadDecoding
import PlantConfig
import PlantModel
import StreamCore

/// What comes of a draft: whether it is a valid plant file, and what becomes of every sample of the survey.
public struct DraftTrial: Sendable {
  /// A sensor that had readings.
  public struct Series: Sendable, Equatable {
    /// The asset's name.
    public var asset: String
    /// The sensor's name.
    public var sensor: String
    /// The symbol of its unit; `nil` if none is known.
    public var unit: String?
    /// Values as they came, a few.
    public var numbers: [Double]
    /// Position of the topic that brought it first.
    public var topic: Int
    /// The first levels of all topics that brought it.
    var roots: Set<String> = []
  }

  /// Mistakes of the file, as `wattline check` would tell them; none if the draft is as it should be.
  public private(set) var mistakes: [String] = []
  /// Sensors in the order in which they came.
  public private(set) var series: [Series] = []
  /// Topics of which at least one sample became readings.
  public private(set) var landed = 0
  /// Topics that looked as if they had numbers, and none became a reading, with the reason.
  public private(set) var failures: [(topic: String, reason: String)] = []

  private var positions: [String: Int] = [:]

  init(text: String, _ survey: TopicSurvey, _ topics: [ShapedTopic]) {
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
        let outcome = Self.decode(topic.name, sample, &decoder, &registers, &batches)
        if case .refused(let refusal) = outcome { reason = reason ?? refusal.rawValue }
        guard !batches[0].isEmpty else { continue }
        hasReadings = true
        note(batches[0], registers[0], topic)
      }
      if hasReadings { landed += 1 } else { failures.append((topic.name, reason ?? "no value came")) }
    }
  }

  private static func decode(
    _ topic: String, _ payload: [UInt8], _ decoder: inout MessageDecoder, _ registers: inout [PlantRegister],
    _ batches: inout [ReadingBatch]
  ) -> DecodeOutcome {
    var frame = MessageFrameBuilder()
    Array(topic.utf8).withUnsafeBytes { topic in
      payload.withUnsafeBytes { frame.append(topic: topic, payload: $0, packetID: 0, retained: false) }
    }
    return frame.bytes.withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      guard let message = cursor.next() else { return .refused(.emptyPayload) }
      // Readings without a time of their own have any; it is not looked at.
      return decoder.decode(
        message, received: Timestamp(seconds: 1_700_000_000), registers: &registers, into: &batches)
    }
  }

  private mutating func note(_ batch: ReadingBatch, _ register: PlantRegister, _ topic: ShapedTopic) {
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
