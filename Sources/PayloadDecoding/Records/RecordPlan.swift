import PlantModel

/// The places that a rule reads from each record, and the use of their values.
struct RecordPlan {
  /// Paths of the places, by position.
  private(set) var places: [String] = []
  /// Places of values: those of the rule, or the usual ones.
  private(set) var values: [Int] = []
  /// Places of powers of ten, by the rule's values; -1 if there is none.
  private(set) var powers: [Int] = []
  /// Places of units, by the rule's values; -1 if there is none.
  private(set) var unitPlaces: [Int] = []
  /// Usual places of a unit beside a value at a usual place.
  private(set) var usualUnits: [Int] = []
  private(set) var conditions: [(place: Int, texts: [[UInt8]], allowsAbsent: Bool)] = []
  private(set) var asset: TextSource?
  private(set) var sensor: TextSource?
  private(set) var unit: TextSource?
  /// Source of the time, if its text is composed of names.
  private(set) var timeText: TextSource?
  /// Places of the time; the first that has a value counts.
  private(set) var times: [Int] = []
  let details: [CompiledDetail?]
  let form: TimeForm
  let plan: ReadingPlan
  /// Whether slots depend on the record.
  let hasRecordNames: Bool
  private(set) var strip: [UInt8]

  init(_ plan: ReadingPlan) {
    self.plan = plan
    let rule = plan.rule
    details = plan.details
    form = TimeForm(rule)
    strip = rule.strip.map { Array($0.utf8) } ?? []
    hasRecordNames = plan.hasRecordNames
    var known: [String: Int] = [:]
    var places: [String] = []
    func place(_ text: String) -> Int {
      if let position = known[text] { return position }
      known[text] = places.count
      places.append(text)
      return places.count - 1
    }
    asset = rule.asset.flatMap { TextSource.isOfRecord($0) ? TextSource($0, place: place) : nil }
    sensor = rule.sensor.flatMap { TextSource.isOfRecord($0) ? TextSource($0, place: place) : nil }
    unit = rule.unit.map { TextSource($0, place: place) }
    values = RecordPlan.valuePlaces(plan).map(place)
    powers =
      rule.values.isEmpty
      ? [rule.detail.scalePlace.map(place) ?? -1] : rule.values.map { $0.detail.scalePlace.map(place) ?? -1 }
    unitPlaces = rule.values.map { $0.detail.unitPlace.map(place) ?? -1 }
    if rule.values.isEmpty, rule.unit == nil, rule.detail.unit == nil { usualUnits = UsualPlaces.units.map(place) }
    conditions = rule.conditions.map { (place($0.path), $0.texts.map { Array($0.utf8) }, $0.allowsAbsent) }
    if let time = rule.time, !time.hasPrefix("/"), time.contains("{") {
      timeText = TextSource(time, place: place)
    } else {
      times = UsualPlaces.times(rule).map(place)
    }
    self.places = places
  }

  /// Returns the places of values. A sensor named by the record uses the usual places, like one named by the topic.
  private static func valuePlaces(_ plan: ReadingPlan) -> [String] {
    if !plan.rule.values.isEmpty { return plan.rule.values.map(\.path) }
    guard plan.naming == .single || plan.rule.sensor.map(TextSource.isOfRecord) ?? false else { return [] }
    return UsualPlaces.values(plan, isSensorNamed: true)
  }
}

/// Access to a payload that a format has split into records.
protocol RecordSource {
  /// Position of the current record in the payload, which identifies it.
  var recordStart: Int { get }
  /// Returns the value at a place of the plan.
  ///
  /// - Parameters:
  ///   - place: the position of the place.
  ///   - outwards: whether to search the enclosing containers too if the record has no value.
  mutating func value(at place: Int, outwards: Bool) -> JSONValue
  /// Returns the name of the nearest member at or around the record, or of the next enclosing one; `missing` if none
  /// exists.
  func memberName(level: Int) -> JSONValue
  /// Returns a tag of line protocol, or the measurement for an empty name; `missing` in other formats.
  func tag(_ name: String) -> JSONValue
  /// Calls `body` with every number and truth value of the record and its name.
  func forEachLeaf(_ body: (UnsafeRawBufferPointer, JSONValue) -> Void)
  /// Calls `body` with the bytes of a range.
  func bytes(_ range: Range<Int>, body: (UnsafeRawBufferPointer) -> Void)
}
