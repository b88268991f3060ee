import PlantModel

/// Reads the file of a plant.
final class PlantReader {
  private let reading: Reading
  /// Where the plant's name stands.
  private(set) var namePlace = Mark(line: 1, column: 1)
  /// Where each topic's pattern stands.
  private(set) var topicPlaces: [Mark] = []

  init(_ reading: Reading) { self.reading = reading }

  /// The plant, or `nil` where the file does not even name one. Mistakes are in the reading.
  func plant(_ root: YAMLNode) -> Plant? {
    let section = Section(root, "the plant's file", reading)
    let name = section.requiredText("plant", "plant: riverside")
    namePlace = section.place(of: "plant")
    if name == "" { reading.mistake(namePlace, "'plant' must not be empty; it names the plant in every series") }
    var plant = Plant(name: name ?? "", location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
    if let node = section.node("location") {
      plant.location = location(Section(node, "location", reading))
    } else {
      let example = "location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}"
      reading.mistake(section.mark, "the plant's file needs 'location', such as \(example)")
    }
    if let text = section.text("currency") { plant.currency = text }
    plant.topics = list(section, "topics").compactMap(topic)
    if let node = section.node("assets") { plant.assets = assets(Section(node, "assets", reading)) }
    plant.sensors = list(section, "sensors").compactMap { sensor($0, plant) }
    if let node = section.node("tariff") { plant.tariff = TariffReader(reading).tariff(node) }
    plant.holidays = list(section, "holidays").compactMap(holiday)
    plant.faults = list(section, "faults").compactMap { fault($0, plant) }
    if let node = section.node("alerts") {
      AlertReader(reading).read(Section(node, "alerts", reading), into: &plant)
    }
    if let node = section.node("limits") { plant.limits = limits(Section(node, "limits", reading)) }
    if let node = section.node("commands") { plant.commands = commands(Section(node, "commands", reading)) }
    section.finish()
    return name == nil || name == "" ? nil : plant
  }

  private func limits(_ section: Section) -> PlantLimits {
    var limits = PlantLimits()
    if let count = section.number("assets", in: 1...100_000, "a number of assets from 1 to 100000") {
      limits.assets = Int(count)
    }
    if let count = section.number("sensors", in: 1...1_000_000, "a number of sensors from 1 to 1000000") {
      limits.sensors = Int(count)
    }
    section.finish()
    return limits
  }

  private func commands(_ section: Section) -> CommandSettings {
    var commands = CommandSettings()
    commands.mode = section.choice("mode") ?? commands.mode
    func span(_ key: String, _ range: ClosedRange<TimeSpan>, _ meaning: String) -> TimeSpan? {
      guard let text = section.text(key) else { return nil }
      if let span = TimeSpan(text), range.contains(span) { return span }
      reading.mistake(section.place(of: key), "'\(key)' is '\(text)'; write \(meaning)")
      return nil
    }
    commands.minimumOn = span("min_on", .zero ... .day, "a time up to 24h, such as 15m") ?? commands.minimumOn
    commands.minimumOff = span("min_off", .zero ... .day, "a time up to 24h, such as 10m") ?? commands.minimumOff
    commands.validity = span("valid", .minute ... .day, "a time from 1m to 24h, such as 15m") ?? commands.validity
    commands.response = span("response", .minute ... .hour, "a time from 1m to 1h, such as 2m") ?? commands.response
    section.finish()
    return commands
  }

  private func list(_ section: Section, _ key: String) -> [YAMLNode] {
    guard let node = section.node(key) else { return [] }
    if case .sequence(let elements) = node.content { return elements }
    reading.mistake(node.mark, "'\(key)' must be a list, each entry after a '-', not \(node.form)")
    return []
  }

  private func fault(_ node: YAMLNode, _ plant: Plant) -> FaultSpecification? {
    guard let text = node.text else {
      reading.mistake(node.mark, "a fault is text such as \"pv1:derating=70@2h+1d\", not \(node.form)")
      return nil
    }
    do throws(FaultError) {
      let fault = try FaultSpecification.parse(text)
      let isKnown = plant.assets.contains { fault.target == $0.name || fault.target.hasPrefix($0.name + ".") }
      if !isKnown {
        let names = plant.assets.map(\.name).joined(separator: ", ")
        reading.mistake(node.mark, "there is no asset for '\(fault.target)'; the plant has \(names)")
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
    if let value = section.number("latitude", in: -90...90, "degrees north from -90 to 90") {
      place.latitude = value
    } else if section.node("latitude") == nil {
      reading.mistake(section.mark, "location needs 'latitude', degrees north from -90 to 90")
    }
    if let value = section.number("longitude", in: -180...180, "degrees east from -180 to 180") {
      place.longitude = value
    } else if section.node("longitude") == nil {
      reading.mistake(section.mark, "location needs 'longitude', degrees east from -180 to 180")
    }
    place.country = section.text("country")
    if let country = place.country, !HolidayCalendar.countries.contains(country) {
      reading.mistake(
        section.place(of: "country"),
        "no holidays are known of '\(country)'; known are \(HolidayCalendar.countries.joined(separator: ", ")); others "
          + "can be listed under 'holidays'")
    }
    place.elevation = section.number("elevation", in: -500...9_000, "metres above the sea, -500 to 9000") ?? 0
    if let zone = section.requiredText("timezone", "timezone: Europe/Berlin") {
      if LocalCalendar(identifier: zone) == nil {
        reading.mistake(
          section.place(of: "timezone"), "there is no time zone '\(zone)'; write an IANA name such as Europe/Berlin")
      } else {
        place.timezone = zone
      }
    }
    section.finish()
    return place
  }

  private func sensor(_ node: YAMLNode, _ plant: Plant) -> SensorOverride? {
    let section = Section(node, "the sensor", reading)
    guard let match = section.requiredText("match", "match: \"pv1.temperature\"") else { return nil }
    var override = SensorOverride(match: match)
    if let name = section.text("unit") {
      override.unit = Unit.named(name)
      if override.unit == nil {
        reading.mistake(
          section.place(of: "unit"), "there is no unit '\(name)'; known are \(Unit.symbols.joined(separator: ", "))")
      } else {
        checkUnit(override, section, plant)
      }
    }
    override.range = range(section)
    override.maximumRate = section.number(
      "max_rate", in: 0...Double.greatestFiniteMagnitude, "a change a second from 0")
    override.sampling = section.choice("sampling")
    override.forecast = section.boolean("forecast")
    section.finish()
    return override
  }

  /// A unit of another quantity than what the catalogue knows for exactly this sensor is a slip.
  private func checkUnit(_ override: SensorOverride, _ section: Section, _ plant: Plant) {
    for asset in plant.assets where override.match.hasPrefix(asset.name + ".") {
      let sensor = String(override.match.dropFirst(asset.name.count + 1))
      guard let known = SensorCatalogue.profile(sensor: sensor, of: asset).unit, let unit = override.unit,
        known.quantity != unit.quantity
      else { continue }
      let fitting = Unit.symbols.filter { Unit.named($0)?.quantity == known.quantity }.joined(separator: ", ")
      reading.mistake(
        section.place(of: "unit"),
        "'\(override.match)' is a \(known.quantity.rawValue), and \(unit.symbol) measures \(unit.quantity.rawValue); "
          + "it can be \(fitting)")
    }
  }

  private func range(_ section: Section) -> ClosedRange<Double>? {
    guard let node = section.node("range") else { return nil }
    guard case .sequence(let ends) = node.content, ends.count == 2 else {
      reading.mistake(node.mark, "'range' must be two numbers, such as [-40, 95], not \(node.form)")
      return nil
    }
    let all = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    guard let low = Section.number(ends[0], "range", in: all, "the least plausible value", reading),
      let high = Section.number(ends[1], "range", in: all, "the greatest plausible value", reading)
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
    var assets: [Asset] = []
    for entry in entries {
      if entry.key.isEmpty || entry.key == Plant.wholePlant {
        reading.mistake(entry.mark, "an asset cannot be called '\(entry.key)'; choose another name")
      }
      assets.append(asset(entry.key, Section(entry.value, "asset '\(entry.key)'", reading), entries.map(\.key)))
    }
    for (position, asset) in assets.enumerated() where hasCycle(asset, assets) {
      reading.mistake(entries[position].mark, "asset '\(asset.name)' is within itself; let one of them stand alone")
    }
    return assets
  }

  private func asset(_ name: String, _ section: Section, _ names: [String]) -> Asset {
    var asset = Asset(name: name, kind: .generic)
    if let kind: AssetKind = section.choice("kind") {
      asset.kind = kind
    } else if section.node("kind") == nil {
      let kinds = AssetKind.allCases.map(\.rawValue).joined(separator: ", ")
      reading.mistake(section.mark, "asset '\(name)' needs 'kind', one of \(kinds)")
    }
    asset.within = section.text("within")
    if let within = asset.within, !names.contains(within) {
      reading.mistake(
        section.place(of: "within"),
        "there is no asset '\(within)'; 'within' names one of \(names.joined(separator: ", "))")
      asset.within = nil
    }
    let size = 0...1e9
    asset.capacityKilowatts = section.number("capacity_kw", in: size, "kW from 0")
    asset.tiltDegrees = section.number("tilt", in: 0...90, "degrees from 0 (flat) to 90 (upright)")
    asset.azimuthDegrees = section.number("azimuth", in: 0...360, "degrees from north, 0 to 360; south is 180")
    asset.energyKilowattHours = section.number("energy_kwh", in: size, "kWh from 0")
    asset.powerKilowatts = section.number("power_kw", in: size, "kW from 0")
    asset.efficiency = section.number("efficiency", in: 0.01...1, "a round-trip share above 0, at most 1")
    asset.minimumStateOfCharge = section.number("soc_min", in: 0...1, "a share from 0 to 1")
    asset.maximumStateOfCharge = section.number("soc_max", in: 0...1, "a share from 0 to 1")
    asset.importLimitKilowatts = section.number("import_limit_kw", in: size, "kW from 0")
    asset.exportLimitKilowatts = section.number("export_limit_kw", in: size, "kW from 0")
    asset.reserveStateOfCharge = section.number("reserve", in: 0...1, "a share of the charge from 0 to 1")
    asset.rampKilowattsPerMinute = section.number("ramp_kw_per_minute", in: 0.001...1e9, "kW a minute above 0")
    asset.wearPrice = section.number("wear_price", in: 0...1e6, "a price a kWh of throughput from 0")
    if let low = asset.minimumStateOfCharge, let high = asset.maximumStateOfCharge, low >= high {
      reading.mistake(section.place(of: "soc_min"), "'soc_min' must be below 'soc_max'")
    }
    checkBatteryKeys(asset, section)
    section.finish()
    return asset
  }

  /// Keys of a battery on anything else would be without effect.
  private func checkBatteryKeys(_ asset: Asset, _ section: Section) {
    let high = asset.maximumStateOfCharge ?? 1
    if let reserve = asset.reserveStateOfCharge, reserve >= high {
      reading.mistake(section.place(of: "reserve"), "'reserve' is \(reserve); it must be below 'soc_max', \(high)")
    }
    guard asset.kind != .battery else { return }
    for key in ["reserve", "ramp_kw_per_minute", "wear_price"] where section.node(key) != nil {
      reading.mistake(section.place(of: key), "'\(key)' is for batteries; '\(asset.name)' is a \(asset.kind.rawValue)")
    }
  }

  private func hasCycle(_ asset: Asset, _ assets: [Asset]) -> Bool {
    var next = asset.within
    for _ in assets {
      guard let name = next else { return false }
      if name == asset.name { return true }
      next = assets.first { $0.name == name }?.within
    }
    return false
  }
}

// MARK: - Topics

extension PlantReader {
  private func topic(_ node: YAMLNode) -> TopicRule? {
    let section = Section(node, "the topic", reading)
    guard let match = section.requiredText("match", "match: \"riverside/{asset}/{sensor}\"") else { return nil }
    if let wrong = PlantReader.mistake(inPattern: match) { reading.mistake(section.place(of: "match"), wrong) }
    var rule = TopicRule(match: match)
    topicPlaces.append(section.place(of: "match"))
    rule.payload = section.choice("payload") ?? .auto
    rule.asset = section.text("asset")
    rule.sensor = section.text("sensor")
    rule.time = section.text("time")
    rule.timeUnit = section.choice("time_unit") ?? .auto
    rule.retained = section.choice("retained") ?? .ignore
    if let node = section.node("values") {
      rule.values = Section(node, "values", reading).entries.compactMap { entry in
        guard let path = entry.value.text else {
          reading.mistake(
            entry.value.mark, "'\(entry.key)' must say where its value stands, such as \"/ENERGY/Power\" or 0")
          return nil
        }
        return TopicRule.Value(name: entry.key, path: path)
      }
    }
    rule.scale = numbers(section, "scale")
    rule.offset = numbers(section, "offset")
    if let node = section.node("rename") {
      for entry in Section(node, "rename", reading).entries {
        if let name = entry.value.text { rule.rename[entry.key] = name }
      }
    }
    section.finish()
    return rule
  }

  private func numbers(_ section: Section, _ key: String) -> [String: Double] {
    guard let node = section.node(key) else { return [:] }
    var numbers: [String: Double] = [:]
    let all = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    for entry in Section(node, key, reading).entries {
      numbers[entry.key] = Section.number(entry.value, entry.key, in: all, "any number", reading)
    }
    return numbers
  }

  /// What is wrong with a pattern, `nil` where nothing is.
  static func mistake(inPattern pattern: String) -> String? {
    let example = "write for example riverside/{asset}/{sensor}"
    if pattern.isEmpty { return "'match' is empty; \(example)" }
    var depth = 0
    for character in pattern {
      if character == "{" { depth += 1 }
      if character == "}" { depth -= 1 }
      if depth < 0 || depth > 1 { return "braces in '\(pattern)' do not pair; \(example)" }
    }
    if depth != 0 { return "braces in '\(pattern)' do not pair; \(example)" }
    if pattern.contains("{}") { return "a placeholder in '\(pattern)' has no name; \(example)" }
    if pattern.contains("}{") { return "two placeholders in '\(pattern)' touch; put a character between them" }
    let levels = pattern.split(separator: "/", omittingEmptySubsequences: false)
    for (position, level) in levels.enumerated() {
      if level.contains("#"), level != "#" || position != levels.count - 1 {
        return "'#' must be the last level of '\(pattern)'"
      }
      if level.contains("+"), level != "+" { return "'+' must be a level of its own in '\(pattern)'" }
    }
    return nil
  }
}
