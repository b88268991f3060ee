import PlantModel
import WattlineTime

/// Usual places of values and times in a JSON object.
enum UsualPlaces {
  private static let valueNames = ["value", "Value", "val", "v", "state", "State", "reading"]
  private static let timeNames = ["ts", "time", "timestamp", "t", "Time", "Timestamp", "datetime", "last_seen"]

  /// Usual places of a lone value's unit beside it.
  static let units = ["unit", "units", "unit_of_measurement"]

  /// Name of an unnamed value.
  static let loneName = Array("value".utf8)[...]

  /// Returns the places of values: the listed ones, or the document and the usual names in it.
  static func values(_ plan: ReadingPlan, isSensorNamed: Bool = false) -> [String] {
    if !plan.rule.values.isEmpty { return plan.rule.values.map(\.path) }
    return plan.naming == .single || isSensorNamed ? [""] + valueNames : []
  }

  /// Returns the places of the time.
  static func times(_ rule: TopicRule) -> [String] { rule.time.map { [$0] } ?? timeNames }
}
