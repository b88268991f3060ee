extension FieldKey where Value == Double {
  /// Standard deviation of an estimate [canonical unit].
  public static var uncertainty: Self { Self("uncertainty") }
}

extension FieldKey where Value == Int64 {
  /// Code of the worst quality; see `Quality`.
  public static var quality: Self { Self("quality") }
  /// Bit mask of all qualities; see `QualityFlags`.
  public static var flags: Self { Self("flags") }
}

extension FieldKey where Value == Bool {
  /// Whether the value is an estimate.
  public static var imputed: Self { Self("imputed") }
}

extension FieldKey where Value == String {
  /// Method of an estimate.
  public static var method: Self { Self("method") }
}

extension Measurement {
  /// Readings after cleaning.
  public static let clean = Measurement(
    "clean",
    contents: "each reading after cleaning",
    tags: [.plant, .asset, .sensor, .unit],
    fields: [
      .float(.value, "best estimate in the canonical unit", when: "unless a refused reading has no estimate"),
      .integer(.quality, "code of the worst quality, 0 is good"),
      .integer(.flags, "bit mask of all quality codes"),
      .boolean(.imputed, "whether the value is an estimate"),
      .text(.method, "`line` or `hold`", when: "of an estimate"),
      .float(
        .uncertainty, "standard deviation of the estimate [canonical unit]",
        when: "of an estimate with a known deviation"),
    ])
}
