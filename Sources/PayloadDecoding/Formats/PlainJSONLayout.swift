import PlantModel

/// The places that a rule reads from plain JSON, and the values found at them: first the values, then the times, then
/// the units beside a lone value.
struct PlainJSONLayout {
  let pointers: JSONPointers
  /// Number of pointers to values; pointers to times follow.
  let valueCount: Int
  /// Position of the first pointer to a unit, after those to times.
  let firstUnit: Int
  /// Whether the only value belongs to the sensor named by topic or rule.
  let isSingle: Bool

  init(_ plan: ReadingPlan) {
    let values = UsualPlaces.values(plan)
    let times = UsualPlaces.times(plan.rule)
    isSingle = plan.naming == .single
    // A lone value may have its unit beside it; a unit or scale in the rule takes precedence.
    let isBare = isSingle && plan.rule.detail.unit == nil && plan.rule.detail.scale == nil
    let units = isBare ? UsualPlaces.units : []
    valueCount = values.count
    firstUnit = values.count + times.count
    pointers = JSONPointers(values + times + units)
  }

  /// Positions of the units beside a lone value.
  var units: Range<Int> { firstUnit..<pointers.count }

  /// The places in use for texts of one form; they depend only on the kinds of the values found.
  struct Selection {
    /// Position of a lone value.
    var value = 0
    /// Position of the first possible time.
    var time = 0
    var hasUnit = false
  }

  /// Returns the places in use: the document itself if it is a lone value, else the first of the usual names that
  /// exists.
  func selection(of found: [JSONValue]) -> Selection {
    var selection = Selection()
    if isSingle, found[0].kind == .container {
      selection.value = 1
      while selection.value < valueCount - 1, found[selection.value].kind == .missing { selection.value += 1 }
    }
    selection.time = valueCount
    while selection.time < firstUnit, found[selection.time].kind == .missing || found[selection.time].kind == .null {
      selection.time += 1
    }
    selection.hasUnit = units.contains { found[$0].kind == .string }
    return selection
  }
}

/// The remembered form of a rule's texts.
///
/// Every eighth text of another form replaces it, so that rules with differing devices do not relearn with every
/// message.
struct JSONShapeMemory {
  private(set) var shape: JSONShape?
  /// Values found by scanning the text of ``shape``.
  private(set) var found: [JSONValue] = []
  private var misses = 0

  /// Records a scanned text of another form.
  ///
  /// - Parameters:
  ///   - payload: the text.
  ///   - scalars: its numbers and strings, in order.
  ///   - found: the value at each place.
  mutating func learn(_ payload: UnsafeRawBufferPointer, scalars: [JSONValue], found: [JSONValue]) {
    if misses % 8 == 0 {
      shape = JSONShape(payload, scalars: scalars, found: found)
      self.found = found
    }
    misses &+= 1
  }
}
