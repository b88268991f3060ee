import PlantModel

/// Where values and times usually stand in a JSON object.
enum UsualPlaces {
  private static let valueNames = ["value", "Value", "val", "v", "state", "State", "reading"]
  private static let timeNames = ["ts", "time", "timestamp", "t", "Time", "Timestamp", "datetime", "last_seen"]

  /// Where the unit of a lone value usually stands beside it.
  static let units = ["unit", "units", "unit_of_measurement"]

  /// The name of a value that nothing names.
  static let loneName = Array("value".utf8)[...]

  /// Where values are looked for: those that are listed, or the document and the usual names in it.
  static func values(_ plan: ReadingPlan, isSensorNamed: Bool = false) -> [String] {
    if !plan.rule.values.isEmpty { return plan.rule.values.map(\.path) }
    return plan.naming == .single || isSensorNamed ? [""] + valueNames : []
  }

  /// Where the time is looked for.
  static func times(_ rule: TopicRule) -> [String] { rule.time.map { [$0] } ?? timeNames }
}
