/// Why a message gave no reading. The raw value is the name in counters and in the dead-letter file, and never changes.
public enum RefusalReason: String, Sendable, CaseIterable {
  /// No rule of any plant matches the topic.
  case unmatchedTopic = "unmatched_topic"
  /// The broker had kept the message, and the rule does not accept that.
  case retained
  /// The topic, or a payload that is no number, is not valid UTF-8: protobuf and other binary formats among them.
  case notUTF8 = "not_utf8"
  /// An asset's or sensor's name is empty, longer than 1,024 bytes, or has control characters.
  case invalidName = "invalid_name"
  /// Nothing but white space.
  case emptyPayload = "empty_payload"
  /// The payload, or the number of its values, is beyond ``MessageDecoder``'s bounds.
  case tooLarge = "too_large"
  /// Control characters: the payload is no text.
  case unknownFormat = "unknown_format"
  /// A text that is neither a number nor a switch word.
  case notANumber = "not_a_number"
  /// A number that is not finite, before or after scaling.
  case notFinite = "not_finite"
  /// Not JSON as RFC 8259 has it; the bare words `NaN` and `Infinity` are read as missing values.
  case malformedJSON = "malformed_json"
  /// JSON nested deeper than 64 levels.
  case tooDeep = "too_deep"
  /// Not InfluxDB line protocol.
  case malformedLine = "malformed_line"
  /// Not a Protocol Buffers message.
  case malformedProtobuf = "malformed_protobuf"
  /// A Sparkplug edge node or device that has not announced itself since it was last gone; it is asked to.
  case noBirth = "no_birth"
  /// None of the values wanted is there, or they are null.
  case missingValue = "missing_value"
  /// A word that is in no map of the rule.
  case unknownWord = "unknown_word"
  /// A unit that is not known, or is of another quantity than the sensor.
  case unknownUnit = "unknown_unit"
  /// The asset or sensor is not named where the rule says.
  case missingName = "missing_name"
  /// No record passes the conditions of any rule that matches.
  case leftOut = "left_out"
  /// Compressed, and damaged or of a form that cannot be unpacked.
  case badCompression = "bad_compression"
  /// The sensor is derived from others by the plant's file, so no message may bring it.
  case derivedSensor = "derived_sensor"
  /// The time is not readable, or not within the years 1970 to 2200.
  case badTime = "bad_time"
  /// The plant has as many series as it may have.
  case tooManySensors = "too_many_sensors"
  /// The plant has as many assets as it may have.
  case tooManyAssets = "too_many_assets"
}

/// What became of a message: every message ends as exactly one of these.
public enum DecodeOutcome: Hashable, Sendable {
  /// The message belongs to another share of the plants: there, and there only, it has its outcome.
  case elsewhere
  /// `count` readings, at least one, were appended to the batch of the plant with that index.
  case readings(plant: Int, count: Int)
  /// The message was understood and has no reading: it says who of the plant came and went, or is meant for others.
  case understood(plant: Int)
  /// No reading was appended.
  case refused(RefusalReason)
}
