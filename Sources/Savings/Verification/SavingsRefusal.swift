/// Reason why data carry no baseline.
public struct SavingsRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// The reason in words, with the remedy.
  public let description: String

  /// Creates a refusal.
  init(_ description: String) { self.description = description }

  /// Least number of complete days.
  static let leastDays = 330

  /// Checks that the days of a baseline cover a year of use and weather.
  static func check(_ days: [MeterDay], complete: [MeterDay]) throws(SavingsRefusal) {
    let metered = days.count(where: \.use.isFinite)
    guard metered > 0 else { throw SavingsRefusal("the baseline has no day with readings") }
    guard days.contains(where: \.temperature.isFinite) else {
      throw SavingsRefusal("no day of the baseline has an outdoor temperature; give it as a column or by --weather")
    }
    guard complete.count >= leastDays else {
      let variables = days.contains { !$0.variables.isEmpty } ? ", temperature and all variables" : " and temperature"
      throw SavingsRefusal(
        "the baseline has \(complete.count) days with readings\(variables) (\(metered) with readings); "
          + "a model of all seasons needs \(leastDays) of a year")
    }
    let months = Set(complete.map { $0.month % 12 })
    if let missing = (0..<12).first(where: { !months.contains($0) }) {
      throw SavingsRefusal("month \(missing + 1) of the year is missing in the baseline; it needs every season")
    }
    let mean = complete.reduce(0) { $0 + $1.use } / Double(complete.count)
    guard complete.contains(where: { $0.use != complete[0].use }), mean != 0 else {
      throw SavingsRefusal("use is the same on every day of the baseline, which a meter in service does not show")
    }
  }

  /// Checks that the bills of a baseline cover a year of use and weather.
  static func check(_ bills: MeterBills, complete: [MeterBills.Bill]) throws(SavingsRefusal) {
    let metered = bills.bills.count(where: \.use.isFinite)
    guard metered > 0 else { throw SavingsRefusal("the baseline has no bill with use") }
    guard bills.bills.contains(where: { $0.days.contains(where: \.temperature.isFinite) }) else {
      throw SavingsRefusal("no day of the baseline has an outdoor temperature; give it by --weather")
    }
    let days = complete.reduce(0) { $0 + $1.days.count }
    guard complete.count >= 6, days >= leastDays else {
      throw SavingsRefusal(
        "the baseline has \(complete.count) bills with use and temperature, over \(days) days; a model of all seasons "
          + "needs 6 over \(leastDays) days")
    }
  }
}
