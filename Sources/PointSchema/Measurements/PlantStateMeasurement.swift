extension FieldKey where Value == Int64 {
  /// Receive time of the latest reading [ms since 1970].
  public static var lastReading: Self { Self("last_reading_ms") }
}

extension Measurement {
  /// State of a plant, as the process reports it.
  public static let plantState = Measurement(
    "plant_state",
    contents: "every ten seconds, for each plant of the process",
    tags: [.plant],
    fields: [
      .integer(.reported, "time of the report [ms since 1970]"),
      .integer(.critical, "critical alerts of the plant that are active and not shelved"),
      .integer(.warnings, "other alerts of the plant that are active and not shelved"),
      .integer(.series, "number of series"),
      .integer(
        .lastReading, "receive time of the latest reading [ms since 1970]", when: "once one came since the start"),
    ], isOfProcess: true)
}
