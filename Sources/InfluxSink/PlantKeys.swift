import PlantModel

/// The keys (measurement and tags) of one plant's series, rendered once.
struct PlantKeys: Sendable {
  /// A series' keys of `raw` and `clean`, and how its own unit becomes the canonical one.
  struct SeriesKeys: Sendable {
    var raw: Range<Int>
    var clean: Range<Int>
    /// Where in `clean` the unit's tag begins; its end where there is none.
    var unit: Int
    var scale: Double
    var offset: Double
  }

  /// How many keys of points about anything but a series are kept; beyond that, all are forgotten and rendered again as
  /// they come.
  static let mostKeys = 65_536

  /// The plant they were rendered for.
  let plant: Plant
  /// The text of all keys.
  private(set) var text: [UInt8] = []
  /// By ``SeriesIndex``.
  private(set) var series: [SeriesKeys] = []
  private var points: [PointKey: Range<Int>] = [:]

  init(plant: Plant) { self.plant = plant }

  /// Renders the keys of series that were admitted since the last call.
  mutating func extend(to register: PlantRegister) {
    guard series.count < register.series.count else { return }
    for position in series.count..<register.series.count {
      let subject = Subject.series(SeriesIndex(position))
      let raw = render(PointKey(.raw, subject), in: register)
      let clean = render(PointKey(.clean, subject), in: register)
      let profile = register.series[position].profile
      var unitTag: [UInt8] = []
      LineText.appendTag("unit", profile.canonicalUnit?.symbol ?? "", to: &unitTag)
      series.append(
        SeriesKeys(
          raw: raw, clean: clean, unit: clean.upperBound - unitTag.count, scale: profile.unit?.scale ?? 1,
          offset: profile.unit?.offset ?? 0))
    }
  }

  /// Appends a point's key; `false` where the register does not know its subject.
  mutating func append(_ key: PointKey, of register: PlantRegister, to bytes: inout [UInt8]) -> Bool {
    guard Self.knows(key.subject, register) else { return false }
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

  /// A series is the same tags in every measurement, so that its keys need not be kept for each.
  private func append(_ key: PointKey, of series: SeriesKeys, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: key.measurement.rawValue.utf8)
    let tags = series.clean.lowerBound + Measurement.clean.rawValue.utf8.count
    bytes.append(contentsOf: text[tags..<(key.measurement.hasUnitTag ? series.clean.upperBound : series.unit)])
    KeyText.appendQualifiers(key, to: &bytes)
  }

  private mutating func forgetPoints(_ register: PlantRegister) {
    points.removeAll(keepingCapacity: true)
    text.removeAll(keepingCapacity: true)
    series.removeAll(keepingCapacity: true)
    extend(to: register)
  }

  private static func knows(_ subject: Subject, _ register: PlantRegister) -> Bool {
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

/// Renders measurement and tags in the order plant, asset, sensor, unit, then the measurement's own.
enum KeyText {
  /// Appends a key whose subject the register knows; without a register, only what is about the process.
  static func append(_ key: PointKey, of register: PlantRegister?, to text: inout [UInt8]) {
    LineText.appendName(key.measurement.rawValue, to: &text)
    if let register { appendSubject(key, of: register, to: &text) }
    appendQualifiers(key, to: &text)
  }

  /// Appends the measurement's own tags.
  static func appendQualifiers(_ key: PointKey, to text: inout [UInt8]) {
    let tags = key.measurement.qualifierTags
    if let first = tags.first { LineText.appendTag(first, key.qualifiers.0, to: &text) }
    if tags.count > 1 { LineText.appendTag(tags[1], key.qualifiers.1, to: &text) }
  }

  private static func appendSubject(_ key: PointKey, of register: PlantRegister, to text: inout [UInt8]) {
    if key.subject != .process { LineText.appendTag("plant", register.plant.name, to: &text) }
    switch key.subject {
    case .process, .plant: break
    case .asset(let index): LineText.appendTag("asset", register.assets[index.position].name, to: &text)
    case .series(let index):
      let series = register.series[index.position]
      LineText.appendTag("asset", register.assets[series.asset.position].name, to: &text)
      LineText.appendTag("sensor", series.sensor, to: &text)
      guard key.measurement.hasUnitTag else { return }
      let unit = key.measurement == .raw ? series.profile.unit : series.profile.canonicalUnit
      LineText.appendTag("unit", unit?.symbol ?? "", to: &text)
    case .wholePlant(let sensor):
      LineText.appendTag("asset", Plant.wholePlant, to: &text)
      LineText.appendTag("sensor", sensor, to: &text)
    }
  }
}
