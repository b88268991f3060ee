extension Tag {
  /// Source that does not come over MQTT.
  public static let source = Tag("source", meaning: "source as the plant's file names it")
}

extension FieldKey where Value == Int64 {
  /// End of the last fetch that came to its end [ms since 1970].
  public static var lastSuccess: Self { Self("last_success_ms") }
  /// Time of the next fetch [ms since 1970].
  public static var nextFetch: Self { Self("next_ms") }
  /// Rows that had something new.
  public static var rows: Self { Self("rows") }
}

extension FieldKey where Value == String {
  /// All that is wrong; empty if nothing is.
  public static var error: Self { Self("error") }
}

extension Measurement {
  /// State of a source that does not come over MQTT, as the process reports it.
  public static let sourceState = Measurement(
    "source_state",
    contents: "every ten seconds, for each source that does not come over MQTT",
    tags: [.plant, .source],
    fields: [
      .integer(.reported, "time of the report [ms since 1970]"),
      .text(.state, "`waiting`, `fetching`, `failing`, `refused` or `stopped`"),
      .integer(.rows, "rows that had something new, since the source is known"),
      .text(.error, "what is wrong; empty if nothing is"),
      .integer(.lastSuccess, "end of the last fetch that came to its end [ms since 1970]", when: "after the first"),
      .integer(.nextFetch, "time of the next fetch [ms since 1970]", when: "if one is planned"),
    ], isOfProcess: true)
}
