extension FieldKey where Value == String {
  /// How a sensor reports.
  public static var reports: Self { Self("reports") }
}

extension Measurement {
  /// How sensors report, as learned.
  public static let reporting = Measurement(
    "reporting",
    contents: "when a sensor's readings show that it reports otherwise than assumed so far",
    tags: [.plant, .asset, .sensor],
    fields: [
      .text(.reports, "`on_change` or `interval`")
    ])
}
