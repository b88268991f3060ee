extension FieldKey where Value == Double {
  /// Share of good readings, 0...1.
  public static var goodShare: Self { Self("good_share") }
}

extension Measurement {
  /// Hours of series by the plant's clock.
  public static let cleanHourly = Measurement(
    "clean_1h", contents: "hours of a series by the plant's clock; time is the start",
    tags: [.plant, .asset, .sensor, .unit], fields: rollup)

  /// Days of series by the plant's clock.
  public static let cleanDaily = Measurement(
    "clean_1d", contents: "days of a series by the plant's clock; time is the start",
    tags: [.plant, .asset, .sensor, .unit], fields: rollup)

  private static let rollup: [FieldDeclaration] = [
    .float(.mean, "mean [canonical unit]"),
    .float(.minimum, "minimum [canonical unit]"),
    .float(.maximum, "maximum [canonical unit]"),
    .float(.energy, "energy [kWh]", when: "of a power or an energy counter"),
    .float(.goodShare, "share of good readings, 0 to 1"),
  ]
}
