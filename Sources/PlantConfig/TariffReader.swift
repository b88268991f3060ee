import PlantModel

/// Reads a tariff: `{import: 0.31, export: 0.08}`, or a list of periods for `import`.
struct TariffReader {
  private let reading: Reading

  init(_ reading: Reading) { self.reading = reading }

  func tariff(_ node: YAMLNode) -> Tariff {
    let section = Section(node, "tariff", reading)
    var tariff = Tariff()
    if let node = section.node("import") {
      if case .sequence(let periods) = node.content {
        tariff.importPeriods = periods.compactMap(period)
      } else if let price = Section.number(
        node, "import", in: -1e6...1e6, "a price a kWh, or a list of periods", reading)
      {
        tariff.importPeriods = [Tariff.Period(fromMinute: 0, toMinute: 1440, price: price)]
      }
    }
    tariff.exportPrice = section.number("export", in: -1e6...1e6, "a price a kWh") ?? 0
    section.finish()
    return tariff
  }

  private func period(_ node: YAMLNode) -> Tariff.Period? {
    let section = Section(node, "the period", reading)
    defer { section.finish() }
    let from = minute(section, "from") ?? 0
    let to = minute(section, "to") ?? 1440
    guard let price = section.number("price", in: -1e6...1e6, "a price a kWh") else {
      if section.node("price") == nil { reading.mistake(section.mark, "the period needs 'price', such as 0.21") }
      return nil
    }
    if from == to {
      reading.mistake(section.place(of: "to"), "'to' must differ from 'from'; leave it out for the end of the day")
    }
    return Tariff.Period(fromMinute: from, toMinute: to, price: price)
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
}
