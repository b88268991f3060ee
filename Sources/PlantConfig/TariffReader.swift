import PlantModel

/// Reads a tariff: `{import: 0.31, export: 0.08}`, lists of periods for both, a file of prices by date, and charges.
struct TariffReader {
  private let reading: Reading
  private static let price = -1e6...1e6

  init(_ reading: Reading) { self.reading = reading }

  func tariff(_ node: YAMLNode) -> Tariff {
    let section = Section(node, "tariff", reading)
    var tariff = Tariff()
    if let node = section.node("import") { tariff.importPeriods = periods(node, "import") }
    if let node = section.node("export") {
      if case .sequence = node.content {
        tariff.exportPeriods = periods(node, "export")
      } else {
        tariff.exportPrice = periods(node, "export").first?.price ?? 0
      }
    }
    if let name = section.text("prices") {
      tariff.schedule = PriceFileReader.schedule(name, at: section.place(of: "prices"), reading)
    }
    tariff.demandCharge = section.number("demand_charge", in: 0...1e6, "a price from 0 a kW of the month's peak") ?? 0
    if let node = section.node("carbon") {
      let carbon = Section(node, "carbon", reading)
      tariff.carbonIntensity = carbon.number("intensity", in: 0...10, "kg CO2 a kWh of import, 0 to 10")
      tariff.carbonWeight = carbon.number("weight", in: 0...1e6, "a price a kg CO2 from 0") ?? 0
      carbon.finish()
    }
    section.finish()
    return tariff
  }

  /// One price for all times, or a list of periods.
  private func periods(_ node: YAMLNode, _ key: String) -> [Tariff.Period] {
    if case .sequence(let periods) = node.content { return periods.compactMap(period) }
    let price = Section.number(node, key, in: TariffReader.price, "a price a kWh, or a list of periods", reading)
    return price.map { [Tariff.Period(fromMinute: 0, toMinute: 1440, price: $0)] } ?? []
  }

  private func period(_ node: YAMLNode) -> Tariff.Period? {
    let section = Section(node, "the period", reading)
    defer { section.finish() }
    let from = minute(section, "from") ?? 0
    let to = minute(section, "to") ?? 1440
    let months = names(section, "months", PeriodNames.months)
    let days = names(section, "days", PeriodNames.days)
    guard let price = section.number("price", in: TariffReader.price, "a price a kWh") else {
      if section.node("price") == nil { reading.mistake(section.mark, "the period needs 'price', such as 0.21") }
      return nil
    }
    if from == to {
      reading.mistake(section.place(of: "to"), "'to' must differ from 'from'; leave it out for the end of the day")
    }
    var period = Tariff.Period(fromMinute: from, toMinute: to, price: price)
    period.months = months
    period.weekdays = days
    return period
  }

  private func minute(_ section: Section, _ key: String) -> Int? {
    guard let text = section.text(key) else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 2, parts[1].count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]),
      (0...24).contains(hour), (0...59).contains(minute), hour * 60 + minute <= 1440
    {
      return hour * 60 + minute
    }
    reading.mistake(section.place(of: key), "'\(key)' is '\(text)'; write a local time like \"16:00\", up to \"24:00\"")
    return nil
  }

  /// A word or a list of words that stand for months or days.
  private func names(_ section: Section, _ key: String, _ known: PeriodNames) -> Set<Int> {
    guard let node = section.node(key) else { return [] }
    var nodes = [node]
    if case .sequence(let elements) = node.content { nodes = elements }
    var found: Set<Int> = []
    for node in nodes {
      if let text = node.text, let numbers = known.numbers(of: text) {
        found.formUnion(numbers)
      } else {
        reading.mistake(node.mark, "'\(key)' has \(node.form); write \(known.examples)")
      }
    }
    return found
  }
}

/// Names of months or days of the week, one by one, as a range, or as a group.
struct PeriodNames {
  private var names: [String]
  private var groups: [String: ClosedRange<Int>]
  /// What can be written, for messages.
  let examples: String

  static let months = PeriodNames(
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], groups: [:],
    examples: "months like jun, a range like jun-sep, or a list of these")
  static let days = PeriodNames(
    names: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], groups: ["workdays": 1...5, "weekend": 6...7],
    examples: "workdays, weekend, days like mon, a range like mon-thu, or a list of these")

  /// The numbers, from 1, that a text stands for; a range may run over the end. Example: `nov-feb` is 11, 12, 1, 2.
  func numbers(of text: String) -> [Int]? {
    let text = text.lowercased()
    if let group = groups[text] { return Array(group) }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { number(String($0)) }
    guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else { return nil }
    let length = (last - first + names.count) % names.count
    return (0...length).map { (first - 1 + $0) % names.count + 1 }
  }

  /// A name by its first three letters, or a number.
  private func number(_ text: String) -> Int? {
    if let number = Int(text) { return (1...names.count).contains(number) ? number : nil }
    return text.count >= 3 ? names.firstIndex(of: String(text.prefix(3))).map { $0 + 1 } : nil
  }
}
