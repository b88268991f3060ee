public import PlantModel

extension Tag {
  /// The running process.
  public static let instance = Tag("instance", meaning: "client ID of the process at the broker")
  /// Stage of the process.
  public static let stage = Tag(
    "stage",
    meaning:
      "`source`, `journal`, `decode`, `cleaning`, `sink`, `readings`, `alerts`, `backup`, `retention`, `broker`, `interface`, "
      + "`process`, `configuration` or `refusal`")
}

extension FieldKey where Value == Double {
  /// Age of the newest processed record [s].
  public static var lag: Self { Self("lag_s") }
  /// Age of the last backup [s].
  public static var age: Self { Self("age_s") }
  /// Processor time since the start [s].
  public static var processorTime: Self { Self("cpu_s") }
  /// Duration of the last deletion of old points [s].
  public static var lastSeconds: Self { Self("last_s") }
}

extension FieldKey where Value == Int64 {
  /// Items that entered a stage.
  public static var input: Self { Self("in") }
  /// Items that left a stage.
  public static var output: Self { Self("out") }
  /// Bytes received or journaled.
  public static var bytes: Self { Self("bytes") }
  /// Connections to the broker after the first.
  public static var reconnects: Self { Self("reconnects") }
  /// 1 while connected, else 0.
  public static var connected: Self { Self("connected") }
  /// Items that wait before a stage.
  public static var queue: Self { Self("queue") }
  /// Decoded messages or readings.
  public static var decoded: Self { Self("decoded") }
  /// Refused messages.
  public static var refused: Self { Self("refused") }
  /// Messages that were delivered again.
  public static var duplicates: Self { Self("duplicates") }
  /// Readings beyond the limit of assets or sensors.
  public static var readingsBeyondLimits: Self { Self("readings_beyond_limits") }
  /// Readings whose time could not be used.
  public static var timesUnusable: Self { Self("times_unusable") }
  /// Values that messages lacked.
  public static var valuesMissing: Self { Self("values_missing") }
  /// Places of topic rules that messages lack.
  public static var placesUnseen: Self { Self("places_unseen") }
  /// Points or readings that wait in memory.
  public static var queued: Self { Self("queued") }
  /// Points or readings that wait on disk.
  public static var spooled: Self { Self("spooled") }
  /// Size of what waits on disk [bytes].
  public static var spoolBytes: Self { Self("spool_bytes") }
  /// Points or readings that the database refused for good.
  public static var deadLetters: Self { Self("dead_letters") }
  /// Points or readings that were lost.
  public static var dropped: Self { Self("dropped") }
  /// Requests to the database, or to the HTTP interface.
  public static var requests: Self { Self("requests") }
  /// Repeated requests to the database.
  public static var retries: Self { Self("retries") }
  /// Requests that took longer than half a second.
  public static var slow: Self { Self("slow") }
  /// Requests that failed for the server's reasons.
  public static var failed: Self { Self("failed") }
  /// Readings handed to the sink again after a crash.
  public static var redelivered: Self { Self("redelivered") }
  /// Readings in the database.
  public static var written: Self { Self("written") }
  /// Resident memory [bytes].
  public static var residentBytes: Self { Self("resident_bytes") }
  /// 1 if the last attempt of a backup succeeded, else 0.
  public static var backupSucceeded: Self { Self("ok") }
  /// Number of plants.
  public static var plants: Self { Self("plants") }
  /// Number of series.
  public static var series: Self { Self("series") }
  /// Time of a report [ms since 1970].
  public static var reported: Self { Self("reported_ms") }
  /// Critical alerts of all plants that are active and not set aside.
  public static var critical: Self { Self("critical") }
  /// Other alerts of all plants that are active and not set aside.
  public static var warnings: Self { Self("warnings") }
  /// Free space [bytes].
  public static var freeBytes: Self { Self("free_bytes") }
}

extension FieldKey where Value == String {
  /// The content of a new configuration.
  public static var configuration: Self { Self("configuration") }
  /// Address of the HTTP interface, with a slash at its end.
  public static var url: Self { Self("url") }
  /// Topic of a message.
  public static var topic: Self { Self("topic") }
}

extension FieldKey where Value == Int64 {
  /// Items dropped for a reason, or by a channel.
  public static func dropped(for reason: String) -> Self { Self("dropped_\(reason)") }
  /// Values refused for a reason.
  public static func values(for reason: String) -> Self { Self("values_\(reason)") }
  /// Points that the database refused for a reason.
  public static func dead(for reason: String) -> Self { Self("dead_\(reason)") }
  /// Readings of a quality.
  public static func quality(_ quality: Quality) -> Self { Self("quality_\(quality)") }
}

extension Measurement {
  /// Counters of the process.
  public static let pipeline = Measurement(
    "pipeline",
    contents:
      "every ten seconds; counts are since the start, and a field is in the stages named",
    tags: [.instance, .stage],
    fields: [
      .integer(
        .input, "messages, readings, points or alerts taken in",
        when: "in `source`, `decode`, `cleaning`, `sink`, `alerts`"),
      .integer(
        .output, "what was given out of them; days that were deleted",
        when: "in `source`, `decode`, `cleaning`, `sink`, `alerts`, `retention`"),
      .integer(
        .bytes, "bytes received, end of the journal, or size of the last backup [bytes]",
        when: "in `source`, `journal`, `backup`"),
      .integer(.reconnects, "connections after the first", when: "in `source`"),
      .integer(.connected, "1 while connected, else 0", when: "in `source`, `sink`"),
      .integer(.queue, "bytes, batches or alerts that wait", when: "in `journal`, `sink`, `alerts`"),
      .integer(.decoded, "messages decoded, or readings", when: "in `decode`, `readings`"),
      .integer(
        .refused, "messages refused", when: "in `decode`; by the broker's log in `broker`; logins in `interface`"),
      .integer(.duplicates, "messages delivered again", when: "in `decode`"),
      .integer(.readingsBeyondLimits, "readings beyond the limit of assets or sensors", when: "in `decode`"),
      .integer(.timesUnusable, "readings whose time could not be used", when: "in `decode`"),
      .integer(.valuesMissing, "values that messages lacked", when: "in `decode`"),
      .integer(.placesUnseen, "places of topic rules that messages lack", when: "in `decode`"),
      .integer(.values(for: FieldDeclaration.anyEnd), "values refused, by reason", when: "in `decode`"),
      .integer(
        .dropped(for: FieldDeclaration.anyEnd), "what was dropped, by reason or channel",
        when: "in `source`, `decode`, `sink`, `readings`, `alerts`, `retention`"),
      .integer(FieldKey("quality_" + FieldDeclaration.anyEnd), "readings by quality", when: "in `cleaning`"),
      .integer(.queued, "what waits in memory", when: "in `sink`, `readings`"),
      .integer(.spooled, "what waits on disk", when: "in `sink`, `readings`"),
      .integer(.spoolBytes, "size of what waits on disk [bytes]", when: "in `sink`"),
      .integer(.deadLetters, "what the database refused for good", when: "in `sink`, `readings`"),
      .integer(
        .dead(for: FieldDeclaration.anyEnd), "what the database refused, by reason", when: "in `sink`, `readings`"),
      .integer(.dropped, "what was lost", when: "in `sink`, `readings`"),
      .integer(
        .requests, "requests to the database, or to the HTTP interface", when: "in `sink`, `interface`"),
      .integer(.slow, "requests that took longer than half a second", when: "in `interface`"),
      .integer(.failed, "requests that failed for the server's reasons", when: "in `interface`"),
      .text(.url, "address of the HTTP interface", when: "in `interface`"),
      .integer(.retries, "repeated requests", when: "in `sink`"),
      .float(.lag, "age of the newest processed record [s]", when: "in `sink`"),
      .integer(.redelivered, "readings handed to the sink again after a crash", when: "in `readings`"),
      .integer(.written, "readings in the database", when: "in `readings`"),
      .integer(.backupSucceeded, "1 if the last attempt of a backup succeeded, else 0", when: "in `backup`"),
      .float(.age, "time since the last backup was begun [s]", when: "in `backup`"),
      .float(.lastSeconds, "duration of the last deletion of old points [s]", when: "in `retention`"),
      .float(.processorTime, "processor time [s]", when: "in `process`"),
      .integer(.residentBytes, "resident memory [bytes]", when: "in `process`"),
      .integer(.plants, "number of plants", when: "in `process`"),
      .integer(.series, "number of series", when: "in `process`"),
      .integer(.reported, "time of the report [ms since 1970]", when: "in `process`"),
      .integer(.critical, "critical alerts of all plants that are active", when: "in `process`"),
      .integer(.warnings, "other alerts of all plants that are active", when: "in `process`"),
      .integer(.freeBytes, "free space of the journal's disk [bytes]", when: "in `journal`"),
      .text(
        .configuration, "what the configuration has, when it is first taken and whenever it has changed",
        when: "in `configuration`"),
      .text(.topic, "topic of a refused message; the first of each topic and reason is told", when: "in `refusal`"),
      .text(.reason, "reason for which it was refused", when: "in `refusal`"),
      .text(.text, "the message and its reason, for people", when: "in `refusal`"),
    ])
}
