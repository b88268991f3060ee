import PlantModel
import WattlineTime

/// Reader of a community's file: one key `community` with all that it has.
struct CommunityReader {
  private let reading: ConfigurationContext
  private static let statisticalKeys = [
    "prosumers", "pv_kw", "storage_kwh", "storage_kw", "cars", "heat_pumps", "load_kwh", "yield_kwh", "latitude",
  ]

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// Community of a file, with the places of its name and of each member.
  typealias Reading = (settings: CommunitySettings, name: Mark, members: [Mark])

  /// Returns whether a file describes a community, not a plant.
  static func describes(_ root: YAMLNode) -> Bool {
    guard case .mapping(let pairs) = root.content else { return false }
    let keys = pairs.compactMap(\.key.text)
    return keys.contains("community") && !keys.contains("plant")
  }

  /// Returns the community; `nil` if its name or members are not told.
  func community(_ root: YAMLNode) -> Reading? {
    let file = Section(root, name: "the community's file", reading: reading)
    guard let node = file.node("community") else {
      reading.mistake(root.mark, "'community' is empty; it has a name and members, such as members: [\"house-*\"]")
      return nil
    }
    file.finish()
    let section = Section(node, name: "community", reading: reading)
    let name = section.requiredText("name", example: "name: village")
    if let wrong = name.flatMap(Words.mistake(inName:)) {
      reading.mistake(section.place(of: "name"), "'name' \(wrong); it names the community in every series")
    }
    let (members, marks) = members(section)
    var settings = CommunitySettings(name: name ?? "", members: members ?? .plants([]))
    terms(section, into: &settings)
    section.finish()
    guard members != nil, name != nil else { return nil }
    return (settings, section.place(of: "name"), marks)
  }

  private func members(_ section: Section) -> (CommunitySettings.Members?, [Mark]) {
    let statistics = statistics(section)
    guard let node = section.node("members") else {
      if let statistics { return (.statistical(statistics), []) }
      reading.mistake(
        section.mark,
        "community needs 'members', such as members: [\"house-*\"], or 'prosumers', such as prosumers: 100")
      return (nil, [])
    }
    if let key = Self.statisticalKeys.first(where: section.has) {
      reading.mistake(
        section.place(of: key), "'\(key)' is of a community in numbers, and 'members' names plants; keep one of them")
    }
    guard case .sequence(let elements) = node.content else {
      reading.mistake(
        node.mark, "'members' must be a list of plants, such as [riverside, \"house-*\"], not \(node.form)")
      return (nil, [])
    }
    var names: [String] = []
    for element in elements {
      if let text = element.text, !text.isEmpty {
        names.append(reading.expanded(text, at: element.mark))
      } else {
        reading.mistake(
          element.mark, "a member is the name of a plant or a pattern such as \"house-*\", not \(element.form)")
      }
    }
    if elements.isEmpty { reading.mistake(node.mark, "'members' is empty; name at least one plant") }
    return names.count == elements.count && !names.isEmpty ? (.plants(names), elements.map(\.mark)) : (nil, [])
  }

  private func statistics(_ section: Section) -> CommunitySettings.Statistics? {
    var statistics = CommunitySettings.Statistics()
    func number(_ key: String, most: Double) -> Double? {
      section.number(key, in: 0...most, meaning: "a number from 0 to \(Int(most))")
    }
    func count(_ key: String, least: Double) -> Int? {
      let meaning = "a whole number from \(Int(least)) to 1000000"
      guard let value = section.number(key, in: least...1e6, meaning: meaning) else { return nil }
      if let whole = Int(exactly: value) { return whole }
      reading.mistake(section.place(of: key), "'\(key)' must be \(meaning)")
      return nil
    }
    let prosumers = count("prosumers", least: 1)
    statistics.prosumers = prosumers ?? 1
    statistics.pvPower = number("pv_kw", most: 1e9) ?? 0
    statistics.storageEnergy = number("storage_kwh", most: 1e9) ?? 0
    statistics.storagePower = number("storage_kw", most: 1e9) ?? statistics.storageEnergy / 2
    statistics.cars = count("cars", least: 0) ?? 0
    statistics.heatPumps = count("heat_pumps", least: 0) ?? 0
    statistics.annualLoad =
      section.number("load_kwh", in: 1...1e9, meaning: "kWh of a member in a year from 1") ?? statistics.annualLoad
    statistics.specificYield =
      section.number("yield_kwh", in: 1...3000, meaning: "kWh of a kW of PV in a year, 1 to 3000")
      ?? statistics.specificYield
    statistics.latitude =
      section.number("latitude", in: -66...66, meaning: "degrees north from -66 to 66") ?? statistics.latitude
    return section.has("prosumers") ? statistics : nil
  }

  private func terms(_ section: Section, into settings: inout CommunitySettings) {
    if let zone = section.text("timezone") {
      if LocalCalendar(identifier: zone) == nil {
        reading.mistake(
          section.place(of: "timezone"), "there is no time zone '\(zone)'; write one such as Europe/Berlin or UTC")
      } else {
        settings.timezone = zone
      }
    }
    if let text = section.text("currency") {
      settings.currency = text
      if let odd = CurrencyHint.words(text) { reading.warning(section.place(of: "currency"), odd) }
    }
    settings.importLimit = section.number("import_limit_kw", in: 0...1e9, meaning: "kW from 0")
    settings.exportLimit = section.number("export_limit_kw", in: 0...1e9, meaning: "kW from 0")
    if let node = section.node("tariff") {
      settings.tariff = TariffReader(reading, currency: settings.currency, zone: settings.timezone ?? "UTC")
        .tariff(node)
    }
    settings.overloadPrice = section.number("overload_price", in: 0...1e6, meaning: "a price a kWh from 0") ?? 1
    settings.incentiveBudget = section.number("incentive_budget", in: 0...1e9, meaning: "money a day from 0") ?? 0
    settings.objective = section.choice("objective") ?? .cost
  }

  /// Returns mistakes and warnings about the members of communities: names that no plant has, and plants that belong to
  /// two communities.
  ///
  /// - Parameters:
  ///   - communities: Communities with their files.
  ///   - plants: Names of all plants.
  static func conflicts(_ communities: [(file: String, reading: Reading)], plants: [String]) -> [Diagnostic] {
    var found: [Diagnostic] = []
    var owners: [String: String] = [:]
    var files: [String: String] = [:]
    for (file, community) in communities {
      func report(_ mark: Mark, _ message: String, isWarning: Bool = false) {
        found.append(
          Diagnostic(file: file, line: mark.line, column: mark.column, message: message, isWarning: isWarning))
      }
      let name = community.settings.name
      if let other = files[name] {
        report(community.name, "community '\(name)' is already in \(other); give it another name")
      }
      files[name] = file
      guard case .plants(let patterns) = community.settings.members else { continue }
      for (pattern, mark) in zip(patterns, community.members) {
        let own = plants.filter { Wildcard.matches(pattern: pattern, text: $0) }
        if own.isEmpty, pattern.contains("*") {
          report(mark, "no plant matches '\(pattern)' yet", isWarning: true)
        } else if own.isEmpty {
          let hint = NearName.hint(pattern, of: plants)
          // A member may come later; a slip of a name that is there would never come.
          report(
            mark, "there is no plant '\(pattern)'; the folder has \(Words.list(plants))\(hint)", isWarning: hint.isEmpty
          )
        }
        if let plant = own.first(where: { owners[$0].map { $0 != name } ?? false }) {
          let other = owners[plant] ?? ""
          report(
            mark,
            "plant '\(plant)' belongs to community '\(other)' (\(files[other] ?? "")) already; "
              + "a plant has one community at most")
        }
        for plant in own where owners[plant] == nil { owners[plant] = name }
      }
    }
    return found
  }
}
