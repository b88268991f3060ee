import PlantModel

/// The places that a rule reads from each record, and the use of their values.
struct RecordPlan {
  let plan: ReadingPlan
  /// Paths of the places, by position.
  let places: [String]
  let conditions: [RecordCondition]
  let names: RecordNamePlan
  let time: RecordTimePlan
  let units: RecordUnitPlan
  let values: RecordValuePlan

  init(_ plan: ReadingPlan) {
    self.plan = plan
    var table = RecordPlaceTable()
    names = RecordNamePlan(plan, places: &table)
    units = RecordUnitPlan(plan.rule, places: &table)
    values = RecordValuePlan(plan, places: &table)
    conditions = plan.rule.conditions.map { RecordCondition($0, places: &table) }
    time = RecordTimePlan(plan, places: &table)
    places = table.paths
  }
}

/// Positions of the places that a plan reads; equal paths share one.
struct RecordPlaceTable {
  /// Paths of the places, by position.
  private(set) var paths: [String] = []
  private var positions: [String: Int] = [:]

  /// Returns the position of a path, added if it is new.
  mutating func position(of path: String) -> Int {
    if let known = positions[path] { return known }
    positions[path] = paths.count
    paths.append(path)
    return paths.count - 1
  }
}

/// A condition of a rule on each record.
struct RecordCondition {
  let place: Int
  /// Texts of which the value must be one.
  let texts: [[UInt8]]
  /// Whether a record without a value satisfies the condition.
  let allowsAbsent: Bool

  init(_ condition: TopicRule.Condition, places: inout RecordPlaceTable) {
    place = places.position(of: condition.path)
    texts = condition.texts.map { Array($0.utf8) }
    allowsAbsent = condition.allowsAbsent
  }
}

/// Sources of the names that records provide.
struct RecordNamePlan {
  /// Whether slots depend on the record.
  let dependOnRecord: Bool
  let asset: TextSource?
  let sensor: TextSource?
  /// Names that depend on topic or record, by value; `nil` for the others.
  let values: [TextSource?]
  /// Prefix that is removed from names.
  private let prefix: [UInt8]

  init(_ plan: ReadingPlan, places: inout RecordPlaceTable) {
    func source(_ text: String?) -> TextSource? {
      text.flatMap { TextSource.isOfRecord($0) ? TextSource($0) { places.position(of: $0) } : nil }
    }
    let rule = plan.rule
    dependOnRecord = plan.hasRecordNames
    asset = source(rule.asset)
    sensor = source(rule.sensor)
    values = rule.values.map { $0.name.contains("{") ? TextSource($0.name) { _ in -1 } : nil }
    prefix = rule.strip.map { Array($0.utf8) } ?? []
  }

  /// Removes the rule's prefix from a name, unless the name has nothing else.
  func strip(_ name: inout [UInt8]) {
    guard !prefix.isEmpty, name.count > prefix.count, name.starts(with: prefix) else { return }
    name.removeSubrange(..<prefix.count)
  }
}

/// Source of a record's time.
struct RecordTimePlan {
  let form: TimeForm
  /// The time's text, if it is composed of names.
  let text: TextSource?
  /// Places of the time; the first that has a value counts.
  let places: [Int]

  init(_ plan: ReadingPlan, places table: inout RecordPlaceTable) {
    form = TimeForm(plan)
    if let time = plan.rule.time, !time.hasPrefix("/"), time.contains("{") {
      text = TextSource(time) { table.position(of: $0) }
      places = []
    } else {
      text = nil
      places = UsualPlaces.times(plan.rule).map { table.position(of: $0) }
    }
  }
}

/// Sources of the units of a record's values.
struct RecordUnitPlan {
  /// Unit of all values of the record.
  let record: TextSource?
  /// Usual places of a unit beside a value at a usual place.
  let usual: [Int]
  /// Places of units, by the rule's values; -1 if there is none.
  let values: [Int]

  init(_ rule: TopicRule, places: inout RecordPlaceTable) {
    record = rule.unit.map { TextSource($0) { places.position(of: $0) } }
    values = rule.values.map { $0.detail.unitPlace.map { places.position(of: $0) } ?? -1 }
    let hasUsual = rule.values.isEmpty && rule.unit == nil && rule.detail.unit == nil
    usual = hasUsual ? UsualPlaces.units.map { places.position(of: $0) } : []
  }
}

/// Places of a record's values.
struct RecordValuePlan {
  /// Places of values: those of the rule, or the usual ones.
  let places: [Int]
  /// Places of powers of ten, by the rule's values; -1 if there is none.
  private let powers: [Int]
  /// Conversions, by the rule's values.
  private let details: [CompiledDetail?]

  init(_ plan: ReadingPlan, places table: inout RecordPlaceTable) {
    places = RecordValuePlan.paths(plan).map { table.position(of: $0) }
    let rule = plan.rule
    let stated = rule.values.isEmpty ? [rule.detail] : rule.values.map(\.detail)
    powers = stated.map { $0.scalePlace.map { table.position(of: $0) } ?? -1 }
    details = plan.details
  }

  /// Returns the paths of values. A sensor named by the record uses the usual places, like one named by the topic.
  private static func paths(_ plan: ReadingPlan) -> [String] {
    if !plan.rule.values.isEmpty { return plan.rule.values.map(\.path) }
    guard plan.naming == .single || plan.rule.sensor.map(TextSource.isOfRecord) ?? false else { return [] }
    return UsualPlaces.values(plan, isSensorNamed: true)
  }

  /// Returns the place of a value's power of ten, -1 if there is none. A rule without values has one for all.
  func power(of value: Int) -> Int { powers[min(value, powers.count - 1)] }

  /// Returns the conversion of a value, if any. A rule without values has one for all.
  func detail(of value: Int) -> CompiledDetail? { details[min(value, details.count - 1)] }
}
