import PlantModel
import WattlineTime

/// Reader of a tariff: `{import: 0.31, export: 0.08}`, lists of periods for both, a file of dated prices, and charges.
struct TariffReader {
  private let reading: ConfigurationContext
  private let currency: String
  private let zone: String
  private static let price = -1e6...1e6

  /// Creates a reader for a plant with the given currency and time zone.
  ///
  /// - Parameters:
  ///   - reading: Collects mistakes.
  ///   - currency: Currency of prices without another unit.
  ///   - zone: Time zone of dates without an offset.
  init(_ reading: ConfigurationContext, currency: String, zone: String) {
    (self.reading, self.currency, self.zone) = (reading, currency, zone)
  }

  func tariff(_ node: YAMLNode) -> Tariff {
    let section = Section(node, name: "tariff", reading: reading)
    var tariff = Tariff()
    let unit = unit(section)
    let scale = unit?.scale ?? 1
    if let node = section.node("import") { tariff.importPeriods = scaled(periods(node, key: "import"), scale: scale) }
    if let node = section.node("export") {
      tariff.isExportTold = true
      if case .sequence = node.content {
        tariff.exportPeriods = scaled(periods(node, key: "export"), scale: scale)
      } else {
        tariff.exportPrice = (periods(node, key: "export").first?.price ?? 0) * scale
      }
    }
    if let node = section.node("prices") { tariff.schedule = schedule(node, in: section, unit: unit) }
    if let node = section.node("demand_charge") { demandCharge(node, in: section, into: &tariff) }
    if let node = section.node("carbon") {
      let carbon = Section(node, name: "carbon", reading: reading)
      tariff.carbonIntensity = carbon.number(
        "intensity", in: 0...10, meaning: "kg CO2 a kWh of import, 0 to 10, such as 0.38 for 380 g")
      tariff.carbonWeight = carbon.number("weight", in: 0...1e6, meaning: "a price a kg CO2 from 0") ?? 0
      carbon.finish()
    }
    section.finish()
    checkSizes(tariff, in: section)
    TariffPlausibility(tariff, currency: currency, in: section).check()
    return tariff
  }

  private func unit(_ section: Section) -> PriceUnit? {
    guard let text = section.text("unit") else { return nil }
    if let unit = PriceUnit(text, currency: currency) { return unit }
    reading.mistake(
      section.place(of: "unit"),
      "'unit' is '\(text)', which is no price in \(currency); write \(PriceUnit.examples(currency))")
    return nil
  }

  /// Reads `prices: list.csv`, or `prices: {file: list.csv, unit: EUR/MWh, dates: day-first, decimal: comma}`.
  ///
  /// - Parameters:
  ///   - node: Value of `prices`.
  ///   - section: The tariff.
  ///   - unit: Unit of the tariff, used if the file has none of its own.
  private func schedule(_ node: YAMLNode, in section: Section, unit: PriceUnit?) -> PriceSchedule {
    guard case .mapping = node.content else {
      guard let name = section.text("prices") else { return PriceSchedule() }
      return PriceFileReader(reading: reading, unit: unit).schedule(source(name, at: section.place(of: "prices")))
    }
    let file = Section(node, name: "prices", reading: reading)
    defer { file.finish() }
    let own = self.unit(file)
    guard let name = file.requiredText("file", example: "file: prices.csv") else { return PriceSchedule() }
    return PriceFileReader(reading: reading, unit: own ?? unit).schedule(
      source(name, at: file.place(of: "file"), told: file))
  }

  private func source(_ name: String, at place: Mark, told section: Section? = nil) -> DatedFile.Source {
    DatedFile.Source(name, at: place, key: "prices", columns: "time,import,export", zone: zone, told: section)
  }

  /// Reads `demand_charge: 12`, or `demand_charge: {price: 12, interval: 30m}`.
  ///
  /// - Parameters:
  ///   - node: Value of `demand_charge`.
  ///   - section: The tariff.
  ///   - tariff: Receives price and interval.
  private func demandCharge(_ node: YAMLNode, in section: Section, into tariff: inout Tariff) {
    let meaning = "a price from 0 a kW of the month's peak"
    guard case .mapping = node.content else {
      tariff.demandCharge = section.number("demand_charge", in: 0...1e6, meaning: meaning) ?? 0
      return
    }
    let charge = Section(node, name: "demand_charge", reading: reading)
    defer { charge.finish() }
    tariff.demandCharge = charge.number("price", in: 0...1e6, meaning: meaning) ?? 0
    if !charge.has("price") { reading.mistake(charge.mark, "demand_charge needs 'price', such as price: 12") }
    guard let text = charge.text("interval") else { return }
    if let interval = TimeSpan(text), Tariff.demandIntervals.contains(interval) {
      tariff.demandInterval = interval
    } else {
      reading.mistake(charge.place(of: "interval"), "'interval' is '\(text)'; it must be 15m, 30m or 60m")
    }
  }

  private func scaled(_ periods: [Tariff.Period], scale: Double) -> [Tariff.Period] {
    periods.map { period in
      var period = period
      period.price *= scale
      return period
    }
  }

  /// Warns about prices that are implausible for the currency, naming the unit that is probably meant.
  private func checkSizes(_ tariff: Tariff, in section: Section) {
    let lists = [
      ("import", tariff.importPeriods.map(\.price)),
      ("export", tariff.exportPeriods.map(\.price) + [tariff.exportPrice]),
      ("prices", tariff.schedule.slots.map(\.importPrice)),
    ]
    for (key, prices) in lists {
      guard let oddity = CurrencySize.oddity(of: prices, in: currency),
        let usual = CurrencySize.usualPrice(in: currency)
      else { continue }
      let start: String
      var units: [String] = []
      switch oddity {
      case .large(let size):
        start = "prices like \(TariffReader.short(size)) a kWh are far above any in \(currency)"
        if CurrencySize.oddity(of: [size / 1000], in: currency) == nil {
          units.append("if they are per MWh, write unit: \(currency)/MWh in 'tariff'")
        }
        if CurrencySize.oddity(of: [size / 100], in: currency) == nil {
          units.append("if they are hundredths, write unit: ct/kWh in 'tariff'")
        }
      case .small(let size):
        // Export prices are often nearly zero.
        if key == "export" { continue }
        start = "prices up to \(TariffReader.short(size)) a kWh are far below any in \(currency)"
      }
      units.append("else look at 'currency'")
      reading.warning(
        section.place(of: key),
        "\(start), where a kWh costs some \(TariffReader.short(usual)); \(units.joined(separator: ", "))")
    }
  }

  private static func short(_ value: Double) -> String {
    let rounded = (value * 1e5).rounded() / 1e5
    return rounded.magnitude < 1e9 && rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  /// Returns one period for a single price, or a list of periods.
  private func periods(_ node: YAMLNode, key: String) -> [Tariff.Period] {
    if case .sequence(let periods) = node.content { return periods.compactMap(period) }
    let price = Section.number(
      node, key: key, in: TariffReader.price, meaning: "a price a kWh, or a list of periods", reading: reading)
    return price.map { [Tariff.Period(fromMinute: 0, toMinute: 1440, price: $0)] } ?? []
  }

  private func period(_ node: YAMLNode) -> Tariff.Period? {
    let section = Section(node, name: "the period", reading: reading)
    defer { section.finish() }
    let from = minute(section, key: "from") ?? 0
    let to = minute(section, key: "to") ?? 1440
    let months = names(section, key: "months", known: PeriodNames.months)
    let days = names(section, key: "days", known: PeriodNames.days)
    guard let price = section.number("price", in: TariffReader.price, meaning: "a price a kWh") else {
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

  private func minute(_ section: Section, key: String) -> Int? {
    guard let text = section.text(key) else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 2, parts[1].count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]),
      (0...24).contains(hour), (0...59).contains(minute), hour * 60 + minute <= 1440
    {
      return hour * 60 + minute
    }
    let hint = EntrySlip.time(meantBy: text) ?? "write a local time like \"16:00\", up to \"24:00\""
    reading.mistake(section.place(of: key), "'\(key)' is '\(text)'; \(hint)")
    return nil
  }

  /// Returns the numbers of months or days from one name or a list of names.
  ///
  /// - Parameters:
  ///   - section: The period.
  ///   - key: Key of the names.
  ///   - known: Accepted names.
  /// - Returns: Numbers from 1; empty without the key.
  private func names(_ section: Section, key: String, known: PeriodNames) -> Set<Int> {
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

/// Names of months or weekdays, given singly, as a range, or as a group.
struct PeriodNames {
  private var names: [String]
  private var groups: [String: ClosedRange<Int>]
  /// Accepted notations, for messages.
  let examples: String

  static let months = PeriodNames(
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], groups: [:],
    examples: "months like jun, a range like jun-sep, or a list of these")
  static let days = PeriodNames(
    names: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], groups: ["workdays": 1...5, "weekend": 6...7],
    examples: "workdays, weekend, days like mon, a range like mon-thu, or a list of these")

  /// Returns the numbers, from 1, that a text stands for. A range may wrap around; `nov-feb` gives 11, 12, 1, 2.
  ///
  /// - Returns: `nil` if the text is not valid.
  func numbers(of text: String) -> [Int]? {
    let text = text.lowercased()
    if let group = groups[text] { return Array(group) }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { number(String($0)) }
    guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else { return nil }
    let length = (last - first + names.count) % names.count
    return (0...length).map { (first - 1 + $0) % names.count + 1 }
  }

  /// Returns the number of a name by its first three letters, or of a text that is a number.
  private func number(_ text: String) -> Int? {
    if let number = Int(text) { return (1...names.count).contains(number) ? number : nil }
    return text.count >= 3 ? names.firstIndex(of: String(text.prefix(3))).map { $0 + 1 } : nil
  }
}
