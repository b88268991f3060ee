public import PlantModel
public import WattlineTime

/// A reading that came over HTTP or WebSocket instead of MQTT.
public struct PostedReading: Sendable, Hashable {
  /// Asset of the sensor.
  public var asset: String
  /// Name of the sensor.
  public var sensor: String
  /// Time of measurement; `nil` for the receive time.
  public var time: Timestamp?
  /// The value, in ``unit`` or in the sensor's own.
  public var value: Double
  /// Unit of the value, as the sender spells it; `nil` for the sensor's own.
  public var unit: String?

  /// Creates a reading.
  ///
  /// - Parameters:
  ///   - asset: Asset of the sensor.
  ///   - sensor: Name of the sensor.
  ///   - time: Time of measurement; `nil` for the receive time.
  ///   - value: The value.
  ///   - unit: Unit of the value, as the sender spells it.
  public init(asset: String, sensor: String, time: Timestamp?, value: Double, unit: String? = nil) {
    (self.asset, self.sensor, self.time, self.value, self.unit) = (asset, sensor, time, value, unit)
  }
}

/// A row of posted readings that cannot be taken.
public struct RowError: Error, Sendable, Equatable {
  /// Number of the row, from 1: of the array's element, or of the text's line.
  public var row: Int
  /// The error, and what would be right.
  public var reason: String

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - row: Number of the row, from 1.
  ///   - reason: What is wrong and what would be right.
  public init(row: Int, reason: String) { (self.row, self.reason) = (row, reason) }
}

/// Why posted readings are refused as a whole, of which none is taken.
public enum PostedRefusal: Error, Sendable, Equatable {
  /// The body has a media type that is not read.
  case mediaType(String)
  /// The body cannot be read at all, as a whole.
  case malformed(String)
  /// Rows are wrong: the first ``PostedReadings/mostErrors``, and the number of all.
  case rows([RowError], count: Int)
}

/// The internal form of posted readings in the journal, and the rule by which they are decoded.
///
/// The topic begins with `$`, so that no rule of a plant matches it by a wildcard, and no broker delivers it. The
/// payload is a list of JSON with a line for each reading, which identifies it when it is posted again.
public enum PostedTopic {
  private static let prefix: StaticString = "$wattline/readings/"
  private static let fetchedPrefix: StaticString = "$wattline/source/"

  /// Returns the topic of a plant's posted readings.
  public static func topic(plant: String) -> String { "\(prefix)" + TopicName.encode(plant) }

  /// Returns the topic of what a source of a plant has fetched. No message of MQTT has it.
  ///
  /// - Parameters:
  ///   - plant: Name of the plant.
  ///   - source: Name of the source.
  public static func topic(plant: String, source: String) -> String {
    "\(fetchedPrefix)" + TopicName.join([plant, source])
  }

  /// Returns whether a topic is one of posted or fetched readings, at the cost of one comparison for every other.
  public static func isPosted(_ topic: UnsafeRawBufferPointer) -> Bool {
    guard topic.first == UInt8(ascii: "$") else { return false }
    return begins(topic, with: prefix) || begins(topic, with: fetchedPrefix)
  }

  /// Returns whether a topic is one of fetched readings.
  public static func isFetched(_ topic: UnsafeRawBufferPointer) -> Bool { begins(topic, with: fetchedPrefix) }

  private static func begins(_ topic: UnsafeRawBufferPointer, with prefix: StaticString) -> Bool {
    topic.starts(with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
  }

  /// Returns a plant whose only rules read posted and fetched readings.
  public static func reader(of plant: Plant) -> Plant {
    var reader = plant
    let fetched = "\(fetchedPrefix)" + TopicName.encode(plant.name) + "/+"
    reader.topics = [topic(plant: plant.name), fetched].map { match in
      TopicRule(
        match: match, payload: .json, each: "/", asset: "/asset", sensor: "/sensor",
        unit: "/unit", time: "/time", timeUnit: .nanoseconds, retained: .accept)
    }
    return reader
  }

  /// Returns the line of a reading.
  ///
  /// - Parameters:
  ///   - reading: The reading.
  ///   - now: Time of a reading without one.
  public static func line(of reading: PostedReading, at now: Timestamp) -> String {
    var line = "{\"asset\":\(quoted(reading.asset)),\"sensor\":\(quoted(reading.sensor))"
    line += ",\"time\":\((reading.time ?? now).nanoseconds),\"value\":\(reading.value)"
    return line + (reading.unit.map { ",\"unit\":\(quoted($0))" } ?? "") + "}"
  }

  /// Returns the payload with some lines.
  public static func payload(of lines: [String]) -> [UInt8] {
    Array(("[\n" + lines.joined(separator: ",\n") + "\n]").utf8)
  }

  /// Calls `body` with each line of a payload.
  public static func forEachLine(of payload: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    for line in payload.split(separator: 0x0A) where line.first == UInt8(ascii: "{") {
      let end = line.last == UInt8(ascii: ",") ? line.endIndex - 1 : line.endIndex
      body(UnsafeRawBufferPointer(rebasing: payload[line.startIndex..<end]))
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        quoted += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
