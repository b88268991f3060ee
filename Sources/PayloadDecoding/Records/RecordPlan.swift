import PlantModel

/// What a rule takes from each record: places, and what is done with what stands there.
struct RecordPlan {
  /// Where each place is looked for, by its position.
  private(set) var places: [String] = []
  /// Places of values, by the rule's values, or the usual ones.
  private(set) var values: [Int] = []
  /// Places of powers of ten, by the rule's values; -1 without one.
  private(set) var powers: [Int] = []
  /// Places of units, by the rule's values; -1 without one.
  private(set) var unitPlaces: [Int] = []
  /// Usual places of a unit beside a value whose place is usual too.
  private(set) var usualUnits: [Int] = []
  private(set) var conditions: [(place: Int, texts: [[UInt8]], allowsAbsent: Bool)] = []
  private(set) var asset: TextSource?
  private(set) var sensor: TextSource?
  private(set) var unit: TextSource?
  /// The time, if its text is made of names.
  private(set) var timeText: TextSource?
  /// Places of the time, the first that has one counts.
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

  /// A sensor that the record names takes the usual places, as one that the topic names does.
  private static func valuePlaces(_ plan: ReadingPlan) -> [String] {
    if !plan.rule.values.isEmpty { return plan.rule.values.map(\.path) }
    guard plan.naming == .single || plan.rule.sensor.map(TextSource.isOfRecord) ?? false else { return [] }
    return UsualPlaces.values(plan, isSensorNamed: true)
  }
}

/// What a format shows of a payload that has been taken apart into records.
protocol RecordSource {
  /// The start of the record at hand in the payload, by which it is known.
  var recordStart: Int { get }
  /// What stands at a place of the plan.
  /// - Parameters:
  ///   - place: The place.
  ///   - outwards: Whether to look around the record too where it has none.
  mutating func value(at place: Int, outwards: Bool) -> JSONValue
  /// The name of the nearest member at or around the record, or of the one around that; `missing` without one.
  func memberName(level: Int) -> JSONValue
  /// A tag of line protocol, and the measurement for an empty name; `missing` in other formats.
  func tag(_ name: String) -> JSONValue
  /// Shows every number and truth value of the record with its name.
  func forEachLeaf(_ body: (UnsafeRawBufferPointer, JSONValue) -> Void)
  /// The bytes of a range.
  func bytes(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void)
}
