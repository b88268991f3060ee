extension Tag {
  /// Length of a window.
  public static let window = Tag("window", meaning: "`1m`, `15m` or `1h`")
}

extension FieldKey where Value == Double {
  /// Population standard deviation [canonical unit].
  public static var standardDeviation: Self { Self("std") }
  /// Least-squares slope [canonical unit/h].
  public static var slope: Self { Self("slope") }
}

extension FieldKey where Value == Int64 {
  /// Number of readings used.
  public static var count: Self { Self("count") }
}

extension Measurement {
  /// Windows of series.
  public static let feature = Measurement(
    "feature",
    contents: "windows of a series; time is the window's start",
    tags: [.plant, .asset, .sensor, .unit, .window],
    fields: [
      .float(.mean, "mean [canonical unit]"),
      .float(.minimum, "minimum [canonical unit]"),
      .float(.maximum, "maximum [canonical unit]"),
      .float(.standardDeviation, "population standard deviation [canonical unit]"),
      .float(.slope, "least-squares slope [canonical unit/h]", when: "if the readings have two times or more"),
      .integer(.count, "readings used"),
      .float(.p10, "10 % quantile [canonical unit]", when: "not in late corrections of old windows"),
      .float(.p50, "median [canonical unit]", when: "not in late corrections of old windows"),
      .float(.p90, "90 % quantile [canonical unit]", when: "not in late corrections of old windows"),
      .float(.energy, "energy [kWh]", when: "of a power or an energy counter"),
    ])
}
