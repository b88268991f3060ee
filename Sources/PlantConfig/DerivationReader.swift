import PlantModel

/// Reader of the sensors that a plant derives from others.
struct DerivationReader {
  private let reading: ConfigurationContext

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// A sensor whose expression has been parsed.
  private struct Entry {
    var sensor: DerivedSensor
    var mark: Mark
    var place: Mark
  }

  /// Reads `derive` into a plant whose topics, assets and sensors have been read.
  func read(_ section: Section, into plant: inout Plant) {
    let all = section.entries
    if all.count > DerivedSensor.most {
      reading.mistake(
        section.mark, "'derive' has \(all.count) sensors; a plant may have \(DerivedSensor.most) derived ones")
      return
    }
    let names = ExpressionNames(assets: plant.assets.map(\.name), sensors: writtenNames(plant, targets: all.map(\.key)))
    let entries = all.compactMap { entry(key: $0.key, mark: $0.mark, value: $0.value, names: names, plant: plant) }
    plant.derived = settle(sorted(entries), plant: plant)
  }

  private func entry(
    key: String, mark: Mark, value: YAMLNode, names: ExpressionNames, plant: Plant
  ) -> Entry? {
    guard let name = target(key, at: mark, names: names, plant: plant) else { return nil }
    guard let text = value.text.map({ reading.expanded($0, at: value.mark) }), !text.allSatisfy(\.isWhitespace) else {
      reading.mistake(
        value.mark, "'\(key)' must be an expression over sensors, such as grid.import - grid.export, not \(value.form)")
      return nil
    }
    do throws(ExpressionMistake) {
      let expression = try DerivedExpression(parsing: text, names: names)
      for input in expression.inputs {
        guard let asset = plant.assets.first(where: { $0.name == input.asset }),
          plant.profile(of: input.sensor, at: asset).profile.isForecast
        else { continue }
        throw ExpressionMistake(
          message: "'\(input)' is what is expected, with times ahead; derive from sensors that measure")
      }
      return Entry(sensor: DerivedSensor(name: name, expression: expression), mark: mark, place: value.mark)
    } catch {
      reading.mistake(value.mark, "'\(key)': \(error)")
      return nil
    }
  }

  private func target(_ key: String, at mark: Mark, names: ExpressionNames, plant: Plant) -> SensorName? {
    guard let name = names.split(key) else {
      let asset = key.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? key
      let hint = NearestName.hint(asset, of: plant.assets.map(\.name))
      reading.mistake(mark, "'\(key)' is no sensor of a declared asset; write asset.sensor: \(hint)")
      return nil
    }
    if let wrong = Words.mistake(inName: name.sensor) {
      reading.mistake(mark, "the sensor of '\(key)' \(wrong); choose another name")
      return nil
    }
    let asset = plant.assets.first { $0.name == name.asset }
    if let asset, plant.profile(of: name.sensor, at: asset).profile.isForecast {
      reading.mistake(mark, "'\(key)' is called as what is expected; choose a name without '_forecast'")
      return nil
    }
    if let rule = plant.topics.first(where: { delivers(name, rule: $0) }) {
      reading.mistake(mark, "'\(key)' is derived and also taken from the topic '\(rule.match)'; keep one of them")
      return nil
    }
    return name
  }

  /// Returns whether a topic provides a sensor under an asset and sensor name written in the file.
  private func delivers(_ name: SensorName, rule: TopicRule) -> Bool {
    let listed =
      rule.values.isEmpty ? [rule.sensor].compactMap(\.self) : rule.values.map { rule.rename[$0.name] ?? $0.name }
    return listed.contains { $0 == "\(name)" || (rule.asset == name.asset && $0 == name.sensor) }
  }

  /// Returns all sensor names written in the file; needed because a name may contain `-`.
  private func writtenNames(_ plant: Plant, targets: [String]) -> [String] {
    let assets = ExpressionNames(assets: plant.assets.map(\.name))
    let topics = plant.topics.flatMap { rule in
      [rule.sensor].compactMap(\.self) + rule.values.map(\.name) + rule.rename.values
    }
    let whole = targets + plant.sensors.map(\.match) + topics
    return whole.compactMap { assets.split($0)?.sensor } + topics
  }

  /// Returns the sensors so that each follows its inputs, otherwise in the file's order. Reports and leaves out cycles.
  private func sorted(_ entries: [Entry]) -> [Entry] {
    let positions = Dictionary(entries.enumerated().map { ($1.sensor.name, $0) }) { first, _ in first }
    let needs = entries.map { $0.sensor.expression.inputs.compactMap { positions[$0] } }
    var order: [Int] = []
    var isPlaced = [Bool](repeating: false, count: entries.count)
    // The first unplaced sensor without unplaced inputs; at most a thousand passes over a thousand sensors.
    while let next = entries.indices.first(where: { !isPlaced[$0] && needs[$0].allSatisfy { isPlaced[$0] } }) {
      isPlaced[next] = true
      order.append(next)
    }
    for start in entries.indices where !isPlaced[start] {
      // Each remaining sensor needs another remaining one, so this walk ends in a cycle.
      var walk = [start]
      while let next = needs[walk[walk.count - 1]].first(where: { !isPlaced[$0] }) {
        if let seen = walk.firstIndex(of: next) {
          let names = (walk[seen...] + [next]).map { "\(entries[$0].sensor.name)" }.joined(separator: " ← ")
          let key = entries[start].sensor.name
          reading.mistake(entries[start].mark, "'\(key)' cannot be derived, because of the circle \(names)")
          break
        }
        walk.append(next)
      }
    }
    return order.map { entries[$0] }
  }

  /// Derives the unit and sampling of each sensor from its inputs, which must precede it.
  private func settle(_ entries: [Entry], plant: Plant) -> [DerivedSensor] {
    let assets = Dictionary(plant.assets.map { ($0.name, $0) }) { first, _ in first }
    var settled: [SensorName: SensorProfile] = [:]
    func profile(_ name: SensorName) -> SensorProfile {
      settled[name] ?? assets[name.asset].map { plant.profile(of: name.sensor, at: $0).profile } ?? SensorProfile()
    }
    var sensors: [DerivedSensor] = []
    for entry in entries {
      var sensor = entry.sensor
      var own = profile(sensor.name)
      let inputs = sensor.expression.inputs.map(profile)
      do throws(ExpressionMistake) {
        sensor.unit = try sensor.expression.program(inputs: inputs.map(\.unit), target: own.unit).unit
      } catch {
        reading.mistake(entry.place, "'\(sensor.name)': \(error)")
      }
      let isSaid = plant.sensors.contains {
        $0.sampling != nil && $0.matches(asset: sensor.name.asset, sensor: sensor.name.sensor)
      }
      if !isSaid { sensor.sampling = sampling(of: sensor.expression, inputs: inputs, own: own) }
      own.unit = own.unit ?? sensor.unit
      own.sampling = sensor.sampling ?? own.sampling
      settled[sensor.name] = own
      sensors.append(sensor)
    }
    return sensors
  }

  /// Returns the sampling of a derived sensor; `nil` leaves that of the sensor's own profile.
  ///
  /// Interval means give interval means. Counters give a counter if the expression cannot fall while they rise.
  ///
  /// - Parameters:
  ///   - expression: The expression.
  ///   - inputs: Profiles of the expression's inputs.
  ///   - own: Profile of the derived sensor.
  private func sampling(
    of expression: DerivedExpression, inputs: [SensorProfile], own: SensorProfile
  ) -> Sampling? {
    guard let first = inputs.first?.sampling, inputs.allSatisfy({ $0.sampling == first }) else {
      return own.sampling == .counter ? .instant : nil
    }
    switch first {
    case .intervalStart, .intervalEnd: return first
    case .counter where expression.isIncreasing: return .counter
    case .counter, .instant: return own.sampling == .counter && !expression.isIncreasing ? .instant : nil
    }
  }
}
