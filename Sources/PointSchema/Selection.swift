// Names in InfluxQL, the query language of the database.

extension FieldKey {
  /// The name in double quotes.
  public var quoted: String { "\"\(name)\"" }
}

extension Tag {
  /// The name in double quotes.
  public var quoted: String { "\"\(name)\"" }
}

extension Measurement {
  /// The name in double quotes.
  public var quoted: String { "\"\(name)\"" }

  /// Returns what follows `SELECT`. Example: `"mean", "sensor" FROM "feature"`.
  ///
  /// - Parameters:
  ///   - fields: Fields to select.
  ///   - tags: Tags to select.
  /// - Returns: The columns and the measurement.
  public func selection(of fields: [FieldKey<Double>], tags: [Tag] = []) -> String {
    (fields.map(\.quoted) + tags.map(\.quoted)).joined(separator: ", ") + " FROM " + quoted
  }
}
