import PlantModel
import WattlineTime

/// Reader of `savings` in a plant's file: one mapping, or a list of them.
struct SavingsReader {
  /// Shortest and longest baseline [days].
  private static let baselineDays = 330...1100
  private static let baselineExample = "baseline: {from: 2024-01-01, to: 2024-12-31}"

  private let reading: ConfigurationContext
  private let plant: Plant
  private let assets: [String: Asset]

  /// Creates a reader.
  ///
  /// - Parameters:
  ///   - reading: Collects mistakes.
  ///   - plant: The plant with assets, sensors and tariff.
  init(_ reading: ConfigurationContext, plant: Plant) {
    (self.reading, self.plant) = (reading, plant)
    assets = Dictionary(plant.assets.map { ($0.name, $0) }) { first, _ in first }
  }

  /// Returns the valid plans of a node.
  func plans(_ node: YAMLNode) -> [SavingsPlan] {
    let nodes: [YAMLNode]
    if case .sequence(let elements) = node.content { nodes = elements } else { nodes = [node] }
    var plans: [SavingsPlan] = []
    for node in nodes {
      guard let plan = plan(Section(node, name: "savings", reading: reading)) else { continue }
      if plans.contains(where: { $0.meter == plan.meter }) {
        reading.mistake(node.mark, "the meter '\(plan.meter)' stands twice under 'savings'; keep one")
      } else {
        plans.append(plan)
      }
    }
    return plans
  }

  private func plan(_ section: Section) -> SavingsPlan? {
    let meter = meter(section)
    let temperature = temperature(section)
    let baseline = baseline(section)
    let measures = measures(section)
    var plan = SavingsPlan(
      asset: meter?.asset ?? "", sensor: meter?.sensor,
      temperature: temperature ?? SensorName(asset: "", sensor: ""), baseline: baseline ?? 0...1)
    plan.fuel = section.choice("fuel") ?? .electricity
    plan.measures = measures
    plan.variables = variables(section)
    let start = date(section, key: "reporting", example: "the first day that is compared, such as 2025-02-01")
    plan.reportingStart = start ?? max(measures.first?.date ?? .min, plan.reportingStart)
    plan.price = section.number("price", in: -1e6...1e6, meaning: "a price a kWh in \(plant.currency), such as 0.09")
    plan.carbonIntensity = section.number("carbon", in: 0...10, meaning: "kg CO2 a kWh, 0 to 10, such as 0.202")
    plan.confidence =
      section.number("confidence", in: 0.5...0.999, meaning: "a probability from 0.5 to 0.999, such as 0.9") ?? 0.9
    if let node = section.node("guarantee") {
      plan.guarantee = guarantee(Section(node, name: "guarantee", reading: reading), plan: plan)
    }
    if let node = section.node("building") {
      plan.building = BuildingReader(reading).building(Section(node, name: "building", reading: reading))
    }
    section.finish()
    guard meter != nil, temperature != nil, let baseline else { return nil }
    check(plan, baseline: baseline, in: section)
    return plan
  }

  // MARK: Sensors

  /// Returns the asset and sensor of `meter`; without a sensor, the asset's energy account is meant.
  private func meter(_ section: Section) -> (asset: String, sensor: String?)? {
    guard let text = section.requiredText("meter", example: "meter: main, or meter: main.gas_energy") else {
      return nil
    }
    let place = section.place(of: "meter")
    guard let found = named(text, at: place, key: "meter", example: "main.energy") else { return nil }
    let unit = found.sensor.flatMap { self.unit(of: $0, at: found.asset) }
    if found.asset.kind.role == .none {
      reading.mistake(place, "'\(found.asset.name)' is a \(found.asset.kind.rawValue), which counts no energy")
      return nil
    }
    if let sensor = found.sensor, let unit, ![.power, .energy].contains(unit.quantity) {
      reading.mistake(
        place,
        "'\(sensor)' is a \(unit.quantity.rawValue) in \(unit.canonicalUnit.symbol); savings need a power or an energy")
      return nil
    }
    return (found.asset.name, found.sensor)
  }

  /// Returns the sensor of `temperature`, or that of the only weather station.
  private func temperature(_ section: Section) -> SensorName? {
    guard let text = section.text("temperature") else {
      let stations = plant.assets.filter { $0.kind == .weather }
      if stations.count == 1 { return SensorName(asset: stations[0].name, sensor: "temperature") }
      reading.mistake(
        section.mark,
        "savings needs 'temperature', the sensor of the outdoor temperature, such as temperature: roof.temperature; "
          + (stations.isEmpty
            ? "the plant has no asset of kind weather"
            : "the plant has the weather stations \(Words.list(stations.map(\.name)))"))
      return nil
    }
    let place = section.place(of: "temperature")
    guard let found = named(text, at: place, key: "temperature", example: "roof.temperature") else { return nil }
    guard let sensor = found.sensor else {
      reading.mistake(place, "'temperature' is '\(text)'; write asset.sensor, such as \(text).temperature")
      return nil
    }
    if let unit = self.unit(of: sensor, at: found.asset), unit.quantity != .temperature {
      reading.mistake(place, "'\(text)' is a \(unit.quantity.rawValue), not a temperature")
      return nil
    }
    return SensorName(asset: found.asset.name, sensor: sensor)
  }

  /// Returns the sensors of `variables`.
  private func variables(_ section: Section) -> [SensorName] {
    guard let node = section.node("variables") else { return [] }
    guard case .sequence(let nodes) = node.content else {
      reading.mistake(node.mark, "'variables' must be a list of sensors, such as [line.pieces], not \(node.form)")
      return []
    }
    var result: [SensorName] = []
    for node in nodes {
      guard case .scalar(let text, _) = node.content else {
        reading.mistake(node.mark, "a variable must be asset.sensor, such as line.pieces, not \(node.form)")
        continue
      }
      guard let found = named(text, at: node.mark, key: "variables", example: "line.pieces") else { continue }
      guard let sensor = found.sensor else {
        reading.mistake(node.mark, "'\(text)' is an asset; write asset.sensor, such as \(text).pieces")
        continue
      }
      let name = SensorName(asset: found.asset.name, sensor: sensor)
      if result.contains(name) {
        reading.mistake(node.mark, "'\(text)' stands twice under 'variables'; keep one")
      } else {
        result.append(name)
      }
    }
    return result
  }

  private func named(
    _ text: String, at place: Mark, key: String, example: String
  ) -> (asset: Asset, sensor: String?)? {
    if let asset = assets[text] { return (asset, nil) }
    if let parts = WrittenName.split(text, assets: Set(assets.keys)), let asset = assets[parts.asset] {
      return (asset, parts.sensor)
    }
    let names = plant.assets.map(\.name)
    let hint = NearName.hint(String(text.prefix { $0 != "." }), of: names)
    reading.mistake(
      place,
      "'\(key)' is '\(text)', which is no asset and no asset.sensor, such as \(example); "
        + "the plant has \(Words.list(names))\(hint)")
    return nil
  }

  private func unit(of sensor: String, at asset: Asset) -> Unit? {
    if let own = plant.sensors.last(where: { $0.unit != nil && $0.matches(asset: asset.name, sensor: sensor) }) {
      return own.unit
    }
    if let derived = plant.derived.first(where: { $0.name == SensorName(asset: asset.name, sensor: sensor) }) {
      return derived.unit
    }
    return SensorCatalogue.profile(sensor: sensor, of: asset).unit ?? plant.statedUnit(of: sensor, at: asset)
  }

  // MARK: Dates

  private func baseline(_ section: Section) -> ClosedRange<Int>? {
    guard let node = section.node("baseline") else {
      reading.mistake(section.mark, "savings needs 'baseline', the year before, such as \(Self.baselineExample)")
      return nil
    }
    let own = Section(node, name: "baseline", reading: reading)
    let first = date(own, key: "from", example: "its first day, such as 2024-01-01")
    let last = date(own, key: "to", example: "its last day, such as 2024-12-31")
    own.finish()
    for key in ["from", "to"] where own.node(key) == nil {
      reading.mistake(own.mark, "baseline needs '\(key)', as in \(Self.baselineExample)")
    }
    guard let first, let last else { return nil }
    guard first <= last, Self.baselineDays.contains(last - first + 1) else {
      let days = max(0, last - first + 1).counted("day")
      reading.mistake(
        own.mark,
        "the baseline is \(days) long; a model of all seasons needs \(Self.baselineDays.lowerBound) to "
          + "\(Self.baselineDays.upperBound), best a whole year, as in \(Self.baselineExample)")
      return nil
    }
    return first...last
  }

  private func date(_ section: Section, key: String, example: String) -> Int? {
    guard let text = section.text(key) else { return nil }
    let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    if numbers.count == 3, let year = numbers[0], let month = numbers[1], let day = numbers[2],
      (1970...2200).contains(year), CivilTime(year: year, month: month, day: day).isValid
    {
      return CivilTime.daysSinceEpoch(year: year, month: month, day: day)
    }
    reading.mistake(section.place(of: key), "'\(key)' is '\(text)', which is no date; write \(example)")
    return nil
  }

  // MARK: Measures and contract

  private func measures(_ section: Section) -> [SavingsPlan.Measure] {
    guard let node = section.node("measures") else { return [] }
    guard case .sequence(let nodes) = node.content else {
      reading.mistake(
        node.mark, "'measures' must be a list, such as '- {date: 2025-02-01, name: lighting}', not \(node.form)")
      return []
    }
    return nodes.compactMap(measure).sorted { ($0.date, $0.name) < ($1.date, $1.name) }
  }

  private func measure(_ node: YAMLNode) -> SavingsPlan.Measure? {
    let section = Section(node, name: "the measure", reading: reading)
    defer { section.finish() }
    let date = date(section, key: "date", example: "the first day on which it is in force, such as 2025-02-01")
    if section.node("date") == nil {
      reading.mistake(section.mark, "the measure needs 'date', the first day on which it is in force")
    }
    let name = section.requiredText("name", example: "name: lighting")
    let cost = section.number("cost", in: 0...1e12, meaning: "its cost in \(plant.currency) from 0")
    let isResized = section.boolean("resized") ?? false
    let quantities = section.node("changes").flatMap { BuildingReader(reading).changes($0) }
    let changes = quantities.map(BuildingReader.words) ?? section.text("changes") ?? ""
    guard let date, let name else { return nil }
    if let wrong = Words.mistake(inName: name) {
      reading.mistake(section.place(of: "name"), "'name' \(wrong)")
      return nil
    }
    var measure = SavingsPlan.Measure(date: date, name: name, cost: cost, changes: changes)
    (measure.quantities, measure.isResized) = (quantities ?? [:], isResized)
    return measure
  }

  private func guarantee(_ section: Section, plan: SavingsPlan) -> SavingsPlan.Guarantee? {
    let energy = section.number("kwh", in: 0.001...1e12, meaning: "the guaranteed saving of a year in kWh, above 0")
    let from = date(section, key: "from", example: "the first day of the contract, such as 2025-02-01")
    section.finish()
    if !section.has("kwh") {
      reading.mistake(section.mark, "guarantee needs 'kwh', the guaranteed saving of a year, such as kwh: 30000")
    }
    return energy.map { SavingsPlan.Guarantee(kilowattHoursPerYear: $0, from: from ?? plan.reportingStart) }
  }

  private func check(_ plan: SavingsPlan, baseline: ClosedRange<Int>, in section: Section) {
    let last = SavingsReader.text(baseline.upperBound)
    if let early = plan.measures.first(where: { $0.date <= baseline.upperBound }) {
      reading.mistake(
        section.place(of: "measures"),
        "the measure '\(early.name)' of \(SavingsReader.text(early.date)) lies in or before the baseline, which ends on "
          + "\(last); a baseline is the time before the first measure")
    }
    if plan.reportingStart <= baseline.upperBound {
      reading.mistake(
        section.place(of: "reporting"),
        "'reporting' is \(SavingsReader.text(plan.reportingStart)); it must come after the baseline, which ends on \(last)"
      )
    }
    if plan.building == nil, section.node("building") == nil,
      let measure = plan.measures.first(where: { !$0.quantities.isEmpty })
    {
      reading.warning(
        section.place(of: "measures"),
        "'\(measure.name)' changes quantities of a building, but there is no 'building'; without it there is no twin")
    }
    if let guarantee = plan.guarantee, guarantee.from < plan.reportingStart {
      reading.mistake(
        section.place(of: "guarantee"),
        "the guarantee is from \(SavingsReader.text(guarantee.from)), before the reporting period, which starts on "
          + SavingsReader.text(plan.reportingStart))
    }
    if plan.fuel == .electricity, plan.price == nil, !plant.tariff.isKnown {
      reading.warning(
        section.mark, "neither 'price' nor 'tariff' is there, so that the saving of '\(plan.meter)' has no cost")
    } else if plan.fuel != .electricity, plan.price == nil {
      reading.warning(
        section.mark,
        "the tariff is that of electricity; write 'price' for a kWh of \(plan.fuel.rawValue), or its saving has no cost"
      )
    }
  }

  private static func text(_ date: Int) -> String {
    let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
    return String(CivilTime(year: year, month: month, day: day).iso8601.prefix(10))
  }
}
