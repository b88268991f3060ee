import LineProtocol
import PlantModel
import PointSchema

/// The keys (measurement and tags) of one plant's series, rendered once.
struct PlantKeys: Sendable {
  /// The tags of a series other than the unit, common to all its measurements. Compact, because each sensor has one.
  struct SeriesTags: Sendable {
    private var start: UInt32
    private var count: UInt16
    /// Position in ``PlantKeys/units``.
    fileprivate(set) var unit: UInt16

    fileprivate init(_ range: Range<Int>, unit: Int) {
      start = UInt32(truncatingIfNeeded: range.lowerBound)
      count = UInt16(truncatingIfNeeded: range.count)
      self.unit = UInt16(truncatingIfNeeded: unit)
    }

    /// Range in ``PlantKeys/text``.
    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
  }

  /// The unit tags of a sensor's own unit and of the canonical unit, with the conversion between them.
  struct UnitTags: Sendable {
    fileprivate var unit: Unit?
    var raw: Range<Int>
    var clean: Range<Int>
    var scale: Double
    var offset: Double
  }

  /// Maximum number of cached keys of points that concern no series. Beyond it all are discarded and rendered again on
  /// use.
  static let mostKeys = 65_536

  /// The plant for which the keys were rendered.
  let plant: Plant
  /// Text of all keys, after the names of readings.
  private(set) var text: [UInt8] = []
  /// Names of readings, at the start of ``text``.
  let names: ReadingNames
  /// Tags by ``SeriesIndex``.
  private(set) var series: [SeriesTags] = []
  /// Unit tags by ``SeriesTags/unit``.
  private(set) var units: [UnitTags] = []
  private var points: [PointKey: Range<Int>] = [:]

  init(plant: Plant) {
    self.plant = plant
    names = ReadingNames(startingText: &text)
  }

  /// Renders the keys of series admitted since the last call.
  mutating func extend(to register: PlantRegister) {
    guard series.count < register.series.count else { return }
    series.reserveSparingly(for: register.series.count - series.count)
    for position in series.count..<register.series.count {
      let start = text.count
      // Most keys are as long as the previous one.
      text.reserveSparingly(for: series.last?.range.count ?? 64)
      KeyText.appendTags(of: register.series[position], in: register, to: &text)
      series.append(SeriesTags(start..<text.count, unit: unit(register.series[position].profile.unit)))
    }
  }

  /// Returns the position of a unit's tags, rendering them on first use.
  private mutating func unit(_ unit: Unit?) -> Int {
    if let known = units.firstIndex(where: { $0.unit == unit }) { return known }
    let start = text.count
    LineText.appendTag(Tag.unit.name, value: unit?.symbol ?? "", to: &text)
    let middle = text.count
    LineText.appendTag(Tag.unit.name, value: unit?.canonicalUnit.symbol ?? "", to: &text)
    units.append(
      UnitTags(
        unit: unit, raw: start..<middle, clean: middle..<text.count, scale: unit?.scale ?? 1, offset: unit?.offset ?? 0)
    )
    return units.count - 1
  }

  /// Appends a point's key; `false` if the register does not contain its subject.
  mutating func append(_ key: PointKey, of register: PlantRegister, to bytes: inout [UInt8]) -> Bool {
    guard Self.knows(key.subject, in: register) else { return false }
    if case .series(let index) = key.subject {
      extend(to: register)
      append(key, of: series[index.position], to: &bytes)
    } else if let known = points[key] {
      bytes.append(contentsOf: text[known])
    } else {
      if points.count >= Self.mostKeys { forgetPoints(register) }
      let range = render(key, in: register)
      points[key] = range
      bytes.append(contentsOf: text[range])
    }
    return true
  }

  private func append(_ key: PointKey, of series: SeriesTags, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: key.measurement.name.utf8)
    bytes.append(contentsOf: text[series.range])
    if key.measurement.hasUnitTag {
      let unit = units[Int(series.unit)]
      bytes.append(contentsOf: text[key.measurement == .raw ? unit.raw : unit.clean])
    }
    KeyText.appendQualifiers(key, to: &bytes)
  }

  private mutating func forgetPoints(_ register: PlantRegister) {
    points.removeAll(keepingCapacity: true)
    text.removeAll(keepingCapacity: true)
    _ = ReadingNames(startingText: &text)
    series.removeAll(keepingCapacity: true)
    units.removeAll(keepingCapacity: true)
    extend(to: register)
  }

  private static func knows(_ subject: Subject, in register: PlantRegister) -> Bool {
    switch subject {
    case .process, .plant, .wholePlant: true
    case .asset(let index): register.assets.indices.contains(index.position)
    case .series(let index): register.series.indices.contains(index.position)
    }
  }

  private mutating func render(_ key: PointKey, in register: PlantRegister) -> Range<Int> {
    let start = text.count
    KeyText.append(key, of: register, to: &text)
    return start..<text.count
  }
}

/// Renders the measurement and its tags in the order plant, asset, sensor, unit, then the measurement's own tags.
enum KeyText {
  /// Appends a key whose subject is in the register. Without a register, only points about the process are valid.
  static func append(_ key: PointKey, of register: PlantRegister?, to text: inout [UInt8]) {
    LineText.appendName(key.measurement.name, to: &text)
    if let register { appendSubject(key, of: register, to: &text) }
    appendQualifiers(key, to: &text)
  }

  /// Appends the measurement's own tags.
  static func appendQualifiers(_ key: PointKey, to text: inout [UInt8]) {
    let tags = key.measurement.qualifierTags
    if let first = tags.first { LineText.appendTag(first.name, value: key.qualifiers.0, to: &text) }
    if tags.count > 1 { LineText.appendTag(tags[1].name, value: key.qualifiers.1, to: &text) }
  }

  /// Appends the tags of a series other than its unit.
  static func appendTags(of series: Series, in register: PlantRegister, to text: inout [UInt8]) {
    LineText.appendTag(Tag.plant.name, value: register.plant.name, to: &text)
    LineText.appendTag(Tag.asset.name, value: register.assets[series.asset.position].name, to: &text)
    LineText.appendTag(Tag.sensor.name, value: series.sensor, to: &text)
  }

  private static func appendSubject(_ key: PointKey, of register: PlantRegister, to text: inout [UInt8]) {
    if case .series(let index) = key.subject {
      let series = register.series[index.position]
      appendTags(of: series, in: register, to: &text)
      guard key.measurement.hasUnitTag else { return }
      let unit = key.measurement == .raw ? series.profile.unit : series.profile.canonicalUnit
      return LineText.appendTag(Tag.unit.name, value: unit?.symbol ?? "", to: &text)
    }
    if key.subject != .process { LineText.appendTag(Tag.plant.name, value: register.plant.name, to: &text) }
    switch key.subject {
    case .process, .plant, .series: break
    case .asset(let index): LineText.appendTag(Tag.asset.name, value: register.assets[index.position].name, to: &text)
    case .wholePlant(let sensor):
      LineText.appendTag(Tag.asset.name, value: Plant.wholePlant, to: &text)
      LineText.appendTag(Tag.sensor.name, value: sensor, to: &text)
    }
  }
}
