/// Reason why a message gave no reading. The raw value is the name in counters and the dead-letter file, and never
/// changes.
public enum RefusalReason: String, Sendable, CaseIterable {
  /// No rule of any plant matches the topic.
  case unmatchedTopic = "unmatched_topic"
  /// The message was retained by the broker, and the rule ignores retained messages.
  case retained
  /// The topic, or a payload that is not a number, is not valid UTF-8, as in protobuf and other binary formats.
  case notUTF8 = "not_utf8"
  /// The name of an asset or sensor is empty, longer than 1,024 bytes, or contains control characters.
  case invalidName = "invalid_name"
  /// The payload is empty or consists of white space.
  case emptyPayload = "empty_payload"
  /// The payload, or its number of values, exceeds the limits of ``MessageDecoder``.
  case tooLarge = "too_large"
  /// The payload contains control characters, so it is not text.
  case unknownFormat = "unknown_format"
  /// The text is neither a number nor a switch word.
  case notANumber = "not_a_number"
  /// The number is not finite, before or after scaling.
  case notFinite = "not_finite"
  /// The payload is not JSON (RFC 8259). The bare words `NaN` and `Infinity` are accepted as missing values.
  case malformedJSON = "malformed_json"
  /// The JSON is nested deeper than 64 levels.
  case tooDeep = "too_deep"
  /// The payload is not InfluxDB line protocol.
  case malformedLine = "malformed_line"
  /// The payload is not a Protocol Buffers message.
  case malformedProtobuf = "malformed_protobuf"
  /// The Sparkplug edge node or device has no birth since its last death. A rebirth is requested.
  case noBirth = "no_birth"
  /// None of the wanted values is present, or they are null.
  case missingValue = "missing_value"
  /// The word is in no map of the rule.
  case unknownWord = "unknown_word"
  /// The unit is unknown, or belongs to another quantity than the sensor.
  case unknownUnit = "unknown_unit"
  /// The name of the asset or sensor is missing at the place given by the rule.
  case missingName = "missing_name"
  /// No record satisfies the conditions of any matching rule.
  case leftOut = "left_out"
  /// The compressed payload is damaged or of an unsupported form.
  case badCompression = "bad_compression"
  /// The sensor is derived from others by the plant's file, so no message may provide it.
  case derivedSensor = "derived_sensor"
  /// The time is unreadable, or outside the years 1970 to 2200.
  case badTime = "bad_time"
  /// The plant has reached its limit of series.
  case tooManySensors = "too_many_sensors"
  /// The plant has reached its limit of assets.
  case tooManyAssets = "too_many_assets"
}

/// Result of decoding a message; every message has exactly one.
public enum DecodeOutcome: Hashable, Sendable {
  /// The plant of the message belongs to another share, and only that share counts the outcome.
  case elsewhere
  /// `count` readings, at least one, were appended to the batch of the plant with that index.
  case readings(plant: Int, count: Int)
  /// The message is valid but has no reading: it reports availability or is addressed to others.
  case understood(plant: Int)
  /// No reading was appended, for the given reason.
  case refused(RefusalReason)
}
