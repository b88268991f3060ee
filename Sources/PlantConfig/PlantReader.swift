import PayloadDecoding
import PlantModel
import WattlineTime

/// Reader of a plant's file.
final class PlantReader {
  private let reading: ConfigurationContext
  /// Position of the plant's name.
  private(set) var namePlace = Mark(line: 1, column: 1)
  /// Position of each topic's pattern, in the order of the plant's topics.
  private(set) var topicPlaces: [Mark] = []

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// Returns the plant; `nil` if the file names none. Mistakes are recorded in the reading.
  func plant(_ root: YAMLNode) -> Plant? {
    let section = Section(root, name: "the plant's file", reading: reading)
    let name = section.requiredText("plant", example: "plant: riverside")
    namePlace = section.place(of: "plant")
    if let wrong = name.flatMap(Words.mistake(inName:)) {
      reading.mistake(namePlace, "'plant' \(wrong); it names the plant in every series")
    }
    if let part = name?.split(separator: "/").first(where: { $0 == "." || $0 == ".." }) {
      reading.mistake(namePlace, "'plant' has the part '\(part)', with which an address means another plant")
    }
    var plant = Plant(name: name ?? "", location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
    if let node = section.node("location") {
      plant.location = location(Section(node, name: "location", reading: reading))
    } else {
      let example = "location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}"
      reading.mistake(section.mark, "the plant's file needs 'location', such as \(example)")
    }
    if let text = section.text("currency") {
      plant.currency = text
      if let odd = CurrencyHint.words(text) { reading.warning(section.place(of: "currency"), odd) }
    }
    if let node = section.node("assets") { plant.assets = assets(Section(node, name: "assets", reading: reading)) }
    let assets = Dictionary(plant.assets.map { ($0.name, $0) }) { first, _ in first }
    plant.sensors = list(section, key: "sensors", example: "{match: pv1.power, unit: W}").compactMap {
      sensor($0, currency: plant.currency, assets: assets)
    }
    topics(list(section, key: "topics", example: "match: \"riverside/{asset}/{sensor}\""), into: &plant)
    plant.sources = SourceReader(reading, currency: plant.currency).sources(
      list(
        section, key: "sources", example: "{name: logger, file: {path: \"inbox/*.csv\"}, values: {roof.power: P_AC}}"))
    if let node = section.node("keepalive") {
      plant.keepalives = KeepaliveReader(reading, plant: plant).requests(node)
    }
    if let node = section.node("derive") {
      DerivationReader(reading).read(Section(node, name: "derive", reading: reading), into: &plant)
    }
    let zone = plant.location.timezone
    if let node = section.node("tariff") {
      plant.tariff = TariffReader(reading, currency: plant.currency, zone: zone).tariff(node)
    }
    if let node = section.node("weather") {
      plant.weather = weather(Section(node, name: "weather", reading: reading), zone: zone)
    }
    plant.holidays = list(section, key: "holidays", example: "2024-12-27").compactMap(holiday)
    plant.faults = list(section, key: "faults", example: "\"pv1:derating=70@2h\"").compactMap {
      fault($0, plant: plant)
    }
    if let node = section.node("alerts") {
      AlertReader(reading).read(Section(node, name: "alerts", reading: reading), into: &plant)
    }
    if let span = span(section, key: "late", range: .hour ... .days(7), meaning: "a time from 1h to 7d, such as 1d") {
      plant.late = span
    }
    if let node = section.node("limits") { plant.limits = limits(Section(node, name: "limits", reading: reading)) }
    if let node = section.node("commands") {
      plant.commands = commands(Section(node, name: "commands", reading: reading))
    }
    if let node = section.node("savings") { plant.savings = SavingsReader(reading, plant: plant).plans(node) }
    section.finish()
    return name == nil || name == "" ? nil : plant
  }

  /// Reports units of another quantity than the sensor's, which would leave the sensor without values.
  ///
  /// - Parameters:
  ///   - rule: The topic.
  ///   - place: Position of its pattern.
  ///   - plant: The plant, with its assets and sensors.
  private func checkUnits(_ rule: TopicRule, at place: Mark, plant: Plant) {
    let assets = Dictionary(plant.assets.map { ($0.name, $0) }) { first, _ in first }
    let names = Set(assets.keys)
    for value in rule.values {
      let name = rule.rename[value.name] ?? value.name
      if name.contains("{") { continue }
      guard let unit = value.detail.unit else {
        checkSuffix(WrittenName.split(name, assets: names)?.sensor ?? name, at: place, plant: plant)
        continue
      }
      let parts = WrittenName.split(name, assets: names)
      let owner = parts?.asset ?? (rule.match.contains("{asset}") ? nil : rule.asset)
      let (asset, sensor) = (owner.flatMap { assets[$0] }, parts?.sensor ?? name)
      let isOverridden = plant.sensors.contains {
        $0.unit != nil && $0.matches(asset: asset?.name ?? "*", sensor: sensor)
      }
      let known = SensorCatalogue.profile(sensor: sensor, of: asset ?? Asset(name: "", kind: .generic)).unit
      guard !isOverridden, let known, known.quantity != unit.quantity else { continue }
      reading.mistake(
        place,
        "'\(name)' is a \(known.quantity.rawValue), and its unit \(unit.symbol) measures \(unit.quantity.rawValue); "
          + "write a unit such as \(known.symbol), or call the sensor by another name")
    }
  }

  /// Reports a sensor name whose end may mean two units, unless the plant states the sensor's unit.
  ///
  /// - Parameters:
  ///   - sensor: Name of the sensor.
  ///   - place: Position of the name.
  ///   - plant: Plant with sensor overrides; `nil` if there are none to consider.
  private func checkSuffix(_ sensor: String, at place: Mark, plant: Plant? = nil) {
    guard let units = SensorCatalogue.ambiguousUnits(ofSensor: sensor) else { return }
    let isSaid = plant?.sensors.contains { override in
      override.unit != nil && (override.match.hasSuffix(sensor) || override.match.hasSuffix("*"))
    }
    if isSaid ?? false { return }
    reading.mistake(
      place,
      "the end of '\(sensor)' may mean \(units.0) or \(units.1); write {at: …, unit: \(units.1)} or unit: \(units.0), "
        + "or call the sensor by another name")
  }

  private func topics(_ nodes: [YAMLNode], into plant: inout Plant) {
    var patterns: [(pattern: TopicPattern, decidesAlone: Bool, place: Mark)] = []
    for (rule, place) in nodes.flatMap(TopicReader(reading, currency: plant.currency).topics) {
      plant.topics.append(rule)
      topicPlaces.append(place)
      checkUnits(rule, at: place, plant: plant)
      guard let pattern = try? TopicPattern(rule.match) else { continue }
      patterns.append((pattern, rule.conditions.isEmpty, place))
    }
    let index = PatternIndex(patterns.map(\.pattern))
    for (position, rule) in patterns.enumerated() {
      let before = index.overlaps(position).sorted()
        .first { patterns[$0].decidesAlone && patterns[$0].pattern.covers(rule.pattern) }
      guard let before else { continue }
      reading.mistake(
        rule.place,
        "'\(rule.pattern.text)' is never reached, because '\(patterns[before].pattern.text)' before it takes all its "
          + "topics; put it before that, or give that a 'where'")
    }
  }

  private func limits(_ section: Section) -> PlantLimits {
    var limits = PlantLimits()
    if let count = section.number("assets", in: 1...100_000, meaning: "a number of assets from 1 to 100000") {
      limits.assets = Int(count)
    }
    if let count = section.number("sensors", in: 1...1_000_000, meaning: "a number of sensors from 1 to 1000000") {
      limits.sensors = Int(count)
    }
    section.finish()
    return limits
  }

  private func weather(_ section: Section, zone: String) -> WeatherForecast {
    defer { section.finish() }
    guard let name = section.requiredText("forecast", example: "forecast: riverside-weather.csv") else {
      return WeatherForecast()
    }
    let source = DatedFile.Source(
      name, at: section.place(of: "forecast"), key: "forecast", columns: WeatherFileReader.columns, zone: zone,
      told: section)
    return WeatherFileReader.forecast(source, reading: reading)
  }

  private func commands(_ section: Section) -> CommandSettings {
    var commands = CommandSettings()
    commands.mode = section.choice("mode") ?? commands.mode
    commands.minimumOn =
      span(section, key: "min_on", range: .zero ... .day, meaning: "a time up to 24h, such as 15m")
      ?? commands.minimumOn
    commands.minimumOff =
      span(section, key: "min_off", range: .zero ... .day, meaning: "a time up to 24h, such as 10m")
      ?? commands.minimumOff
    commands.validity =
      span(section, key: "valid", range: .minute ... .day, meaning: "a time from 1m to 24h, such as 15m")
      ?? commands.validity
    commands.response =
      span(section, key: "response", range: .minute ... .hour, meaning: "a time from 1m to 1h, such as 2m")
      ?? commands.response
    section.finish()
    return commands
  }

  private func list(_ section: Section, key: String, example: String) -> [YAMLNode] {
    guard let node = section.node(key) else { return [] }
    if case .sequence(let elements) = node.content { return elements }
    let hint = EntrySlip.list(meantBy: node).map { "; \($0)" } ?? ""
    reading.mistake(node.mark, "'\(key)' must be a list, such as '- \(example)', not \(node.form)\(hint)")
    return []
  }

  private func fault(_ node: YAMLNode, plant: Plant) -> FaultSpecification? {
    guard let text = node.text else {
      reading.mistake(node.mark, "a fault is text such as \"pv1:derating=70@2h+1d\", not \(node.form)")
      return nil
    }
    do throws(FaultError) {
      let fault = try FaultSpecification.parse(text)
      let isKnown = plant.assets.contains { fault.target == $0.name || fault.target.hasPrefix($0.name + ".") }
      if !isKnown {
        let names = plant.assets.map(\.name)
        let hint = NearName.hint(String(fault.target.prefix { $0 != "." }), of: names)
        reading.mistake(
          node.mark, "there is no asset for '\(fault.target)'; the plant has \(Words.list(names))\(hint)")
      }
      return fault
    } catch {
      reading.mistake(node.mark, error.description)
      return nil
    }
  }

  private func holiday(_ node: YAMLNode) -> Int? {
    let numbers = (node.text ?? "").split(separator: "-").compactMap { Int($0) }
    if numbers.count == 3, CivilTime(year: numbers[0], month: numbers[1], day: numbers[2]).isValid {
      return CivilTime.daysSinceEpoch(year: numbers[0], month: numbers[1], day: numbers[2])
    }
    reading.mistake(node.mark, "'\(node.text ?? node.form)' is not a date; write a holiday as 2024-12-27")
    return nil
  }

  private func location(_ section: Section) -> Location {
    var place = Location(latitude: 0, longitude: 0, timezone: "UTC")
    if let value = section.number("latitude", in: -90...90, meaning: "degrees north from -90 to 90") {
      place.latitude = value
    } else if !section.has("latitude") {
      reading.mistake(section.mark, "location needs 'latitude', degrees north from -90 to 90")
    }
    if let value = section.number("longitude", in: -180...180, meaning: "degrees east from -180 to 180") {
      place.longitude = value
    } else if !section.has("longitude") {
      reading.mistake(section.mark, "location needs 'longitude', degrees east from -180 to 180")
    }
    place.country = section.text("country")
    if let country = place.country, !HolidayCalendar.countries.contains(country) {
      reading.mistake(
        section.place(of: "country"),
        "no holidays are known of '\(country)'; "
          + (HolidayCalendar.countries.contains(country.uppercased())
            ? "write \(country.uppercased())"
            : "known are \(HolidayCalendar.countries.joined(separator: ", ")); others can be listed under 'holidays'"))
    }
    place.elevation = section.number("elevation", in: -500...9_000, meaning: "metres above the sea, -500 to 9000") ?? 0
    if let zone = section.requiredText("timezone", example: "timezone: Europe/Berlin") {
      if LocalCalendar(identifier: zone) == nil {
        let hint = ZoneHint(place, writtenAs: zone).words
        reading.mistake(section.place(of: "timezone"), "there is no time zone '\(zone)'; \(hint)")
      } else {
        place.timezone = zone
      }
    }
    section.finish()
    LocationPlausibility(place, in: section).check()
    return place
  }

  private func sensor(_ node: YAMLNode, currency: String, assets: [String: Asset]) -> SensorOverride? {
    let section = Section(node, name: "the sensor", reading: reading)
    guard let match = section.requiredText("match", example: "match: \"pv1.temperature\"") else { return nil }
    if !match.contains(where: { ".*".contains($0) }) {
      reading.mistake(
        section.place(of: "match"),
        "'\(match)' fits no sensor; write asset.sensor, such as \"pv1.power\" or \"*.power\"")
    }
    var override = SensorOverride(match: match)
    if let name = section.text("unit") {
      override.unit = Unit.named(name, currency: currency)
      checkUnit(override, name: name, in: section, assets: assets)
    }
    if override.unit == nil, !section.has("unit"), let dot = match.lastIndex(of: ".") {
      checkSuffix(String(match[match.index(after: dot)...]), at: section.place(of: "match"))
    }
    override.range = range(section)
    override.maximumRate = section.number(
      "max_rate", in: 0...Double.greatestFiniteMagnitude, meaning: "a change a second from 0")
    override.sampling = section.choice("sampling")
    override.reports = section.choice("reports")
    override.longestSilence = span(
      section, key: "longest_silence", range: .minute ... .days(7), meaning: "a time from 1m to 7d, such as 24h")
    override.forecast = section.boolean("forecast")
    section.finish()
    return override
  }

  /// Reports an unknown unit, and a unit of another quantity than the catalogue has for exactly this sensor.
  ///
  /// - Parameters:
  ///   - override: The sensor override.
  ///   - name: The unit as written.
  ///   - section: Section of the override.
  ///   - assets: Assets by name.
  private func checkUnit(_ override: SensorOverride, name: String, in section: Section, assets: [String: Asset]) {
    var symbols = Unit.symbols
    for dot in override.match.indices where override.match[dot] == "." {
      guard let asset = assets[String(override.match[..<dot])] else { continue }
      let sensor = String(override.match[override.match.index(after: dot)...])
      guard let known = SensorCatalogue.profile(sensor: sensor, of: asset).unit,
        known.quantity != override.unit?.quantity
      else { continue }
      symbols = Unit.symbols.filter { Unit.named($0)?.quantity == known.quantity }
      guard let unit = override.unit else { break }
      let fitting = symbols.joined(separator: ", ")
      reading.mistake(
        section.place(of: "unit"),
        "'\(override.match)' is a \(known.quantity.rawValue), and \(unit.symbol) measures \(unit.quantity.rawValue); "
          + "it can be \(fitting)")
    }
    if override.unit == nil {
      let known = symbols.joined(separator: ", ")
      reading.mistake(section.place(of: "unit"), "there is no unit '\(name)'; known are \(known)")
    }
  }

  /// Returns the time span of a key; `nil` if the key is absent or its value was refused.
  ///
  /// - Parameters:
  ///   - section: The section.
  ///   - key: The key.
  ///   - range: Accepted spans.
  ///   - meaning: Description of the accepted spans, for messages.
  private func span(
    _ section: Section, key: String, range: ClosedRange<TimeSpan>, meaning: String
  ) -> TimeSpan? {
    guard let text = section.text(key) else { return nil }
    if let span = TimeSpan(text), range.contains(span) { return span }
    reading.mistake(section.place(of: key), "'\(key)' is '\(text)'; write \(meaning)")
    return nil
  }

  private func range(_ section: Section) -> ClosedRange<Double>? {
    guard let node = section.node("range") else { return nil }
    guard case .sequence(let ends) = node.content, ends.count == 2 else {
      reading.mistake(node.mark, "'range' must be two numbers, such as [-40, 95], not \(node.form)")
      return nil
    }
    let all = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    guard
      let low = Section.number(ends[0], key: "range", in: all, meaning: "the least plausible value", reading: reading),
      let high = Section.number(
        ends[1], key: "range", in: all, meaning: "the greatest plausible value", reading: reading)
    else { return nil }
    guard low <= high else {
      reading.mistake(node.mark, "'range' is upside down; write the lower end first: [\(high), \(low)]")
      return nil
    }
    return low...high
  }
}

// MARK: - Assets

extension PlantReader {
  private func assets(_ section: Section) -> [Asset] {
    let entries = section.entries
    let names = entries.map(\.key)
    let known = Set(names)
    var assets: [Asset] = []
    var sections: [Section] = []
    for entry in entries {
      if entry.key == Plant.wholePlant {
        reading.mistake(entry.mark, "an asset cannot be called '\(entry.key)'; choose another name")
      } else if let wrong = Words.mistake(inName: entry.key) {
        reading.mistake(entry.mark, "the name of asset '\(entry.key.prefix(60))' \(wrong); choose another name")
      }
      if let brace = entry.key.firstIndex(of: "{") {
        let name = entry.key[..<brace].filter { $0 != ":" && $0 != " " }
        reading.mistake(entry.mark, "'\(entry.key)' is no name; write '\(name): {kind: …}', with a colon and a blank")
        continue
      }
      let section = Section(entry.value, name: "asset '\(entry.key)'", reading: reading)
      var asset = asset(entry.key, in: section)
      if let within = asset.within, !known.contains(within) {
        reading.mistake(
          section.place(of: "within"),
          "there is no asset '\(within)'; 'within' names one of \(Words.list(names))\(NearName.hint(within, of: names))"
        )
        asset.within = nil
      }
      assets.append(asset)
      sections.append(section)
    }
    AssetPlausibility.checkLimits(assets, sections: sections, reading: reading)
    let nested = cycles(Dictionary(assets.map { ($0.name, $0.within) }) { first, _ in first })
    for (position, asset) in assets.enumerated() where nested.contains(asset.name) {
      reading.mistake(entries[position].mark, "asset '\(asset.name)' is within itself; let one of them stand alone")
    }
    return assets
  }

  private func asset(_ name: String, in section: Section) -> Asset {
    var asset = Asset(name: name, kind: .generic)
    if let kind: AssetKind = section.choice("kind") {
      asset.kind = kind
    } else if section.node("kind") == nil {
      let kinds = AssetKind.allCases.map(\.rawValue).joined(separator: ", ")
      reading.mistake(section.mark, "asset '\(name)' needs 'kind', one of \(kinds)")
    }
    asset.within = section.text("within")
    let size = 0...1e9
    asset.capacityKilowatts = section.number("capacity_kw", in: size, meaning: "kW from 0")
    asset.tiltDegrees = section.number("tilt", in: 0...90, meaning: "degrees from 0 (flat) to 90 (upright)")
    asset.azimuthDegrees = section.number("azimuth", in: 0...360, meaning: "degrees from north, 0 to 360; south is 180")
    asset.energyKilowattHours = section.number("energy_kwh", in: size, meaning: "kWh from 0")
    asset.powerKilowatts = section.number("power_kw", in: size, meaning: "kW from 0")
    let plausibility = AssetPlausibility(section)
    asset.efficiency = plausibility.share(
      "efficiency", least: 0.01, meaning: "a round-trip share above 0, at most 1, such as 0.92")
    asset.minimumStateOfCharge = plausibility.share("soc_min", meaning: "a share from 0 to 1")
    asset.maximumStateOfCharge = plausibility.share("soc_max", meaning: "a share from 0 to 1")
    asset.importLimitKilowatts = section.number("import_limit_kw", in: size, meaning: "kW from 0")
    asset.exportLimitKilowatts = section.number("export_limit_kw", in: size, meaning: "kW from 0")
    asset.reserveStateOfCharge = plausibility.share("reserve", meaning: "a share of the charge from 0 to 1")
    asset.rampKilowattsPerMinute = section.number("ramp_kw_per_minute", in: 0.001...1e9, meaning: "kW a minute above 0")
    asset.wearPrice = section.number("wear_price", in: 0...1e6, meaning: "a price a kWh of throughput from 0")
    if asset.kind.role == .storage {
      plausibility.check(battery: asset)
    } else {
      plausibility.check(other: asset)
      checkBatteryKeys(asset, in: section)
    }
    section.finish()
    return asset
  }

  /// Reports battery keys on other assets, where they would have no effect.
  private func checkBatteryKeys(_ asset: Asset, in section: Section) {
    for key in ["reserve", "ramp_kw_per_minute", "wear_price"] where section.node(key) != nil {
      reading.mistake(section.place(of: key), "'\(key)' is for batteries; '\(asset.name)' is a \(asset.kind.rawValue)")
    }
  }

  /// Returns the assets that are nested in themselves, found by walks from each asset to its parents.
  private func cycles(_ parents: [String: String?]) -> Set<String> {
    var walks: [String: Int] = [:]
    var found: Set<String> = []
    for (walk, start) in parents.keys.enumerated() {
      var next: String? = start
      while let name = next, walks[name] == nil {
        walks[name] = walk
        next = parents[name] ?? nil
      }
      while let name = next, walks[name] == walk, found.insert(name).inserted { next = parents[name] ?? nil }
    }
    return found
  }
}
