import PlantModel
import PlantPhysics

/// The one account of a plant's energy: quarters of an hour, settled when the plant's clock passes their end, and again
/// when late readings change them.
///
/// `grid = load − generation − battery`, minute by minute, each in its own sign. What is measured is taken as measured; the
/// exchange or the load, where it alone is missing, follows from the rest. Each direction of the exchange meets its price
/// of the minute. A minute of which less than half is known is not known; nothing is made up for it.
///
/// Example: 6 kW of generation, 5 kW of load and a battery that charges with 3 kW import 0.5 kWh in a quarter; at 0.30 per
/// kWh that costs 0.15, and all of the generation is used on site.
public struct PlantAccount: Sendable {
  /// An asset that has been silent for longer than this is gone, and no longer missed.
  static let gone = TimeSpan.day
  /// The length of a settled stretch.
  public static let step = TimeSpan.minutes(15)
  /// For so long quarters are kept for a counter that is silent.
  public static let longestOutage = TimeSpan.days(35)
  /// The share of a minute that must be known for it to count.
  private static let leastShare = 0.5

  private var meters: [AssetMeters] = []
  private var followed = (series: -1, assets: -1)
  /// Price, export price and carbon of the grid connection, each with its series.
  var tariffSensors: [TariffSensor] = []
  /// Quarters from here on are due.
  public private(set) var due = Timestamp(nanoseconds: .max)
  /// Since when a counter of the balance has been silent.
  var openSince: Timestamp?

  /// A sensor of the grid connection that tells a price or an intensity.
  struct TariffSensor: Sendable {
    enum Subject: UInt8, Sendable { case importPrice, exportPrice, carbon }
    var series: Int32
    var subject: Subject
    var meter = Meter()
    var rule: MeterRule
  }

  /// An account of nothing.
  public init() {}

  /// Learns of assets and series that came into the register.
  public mutating func follow(_ register: PlantRegister) {
    guard followed != (register.series.count, register.assets.count) else { return }
    followed = (register.series.count, register.assets.count)
    meters = AssetMeters.all(of: register)
    for (position, series) in register.series.enumerated() {
      let index = Int32(truncatingIfNeeded: position)
      guard register.kind(of: SeriesIndex(position)).role == .gridExchange,
        let subject = Self.subject(of: series.sensor)
      else { continue }
      var rule = MeterRule(series.profile)
      if rule.sampling == .counter { rule.sampling = .instant }
      if let known = tariffSensors.firstIndex(where: { $0.series == index }) {
        tariffSensors[known].rule = rule
      } else {
        var sensor = TariffSensor(series: index, subject: subject, rule: rule)
        sensor.meter.holds = true
        tariffSensors.append(sensor)
      }
    }
  }

  private static func subject(of sensor: String) -> TariffSensor.Subject? {
    switch sensor.lowercased() {
    case "price": .importPrice
    case "export_price": .exportPrice
    case "carbon": .carbon
    default: nil
    }
  }

  /// Says that what is known from a moment on may have changed.
  public mutating func touch(from moment: Timestamp) {
    if moment < due { due = moment }
  }

  /// Takes in a reading of a series, if it tells a price.
  public mutating func take(_ sample: MeterSample, of position: Int) {
    guard let index = tariffSensors.firstIndex(where: { $0.series == Int32(truncatingIfNeeded: position) }),
      let changed = tariffSensors[index].meter.take(sample, tariffSensors[index].rule)
    else { return }
    touch(from: changed.lowerBound)
  }

  /// Quarters from here on can still change: late readings reach as far, and counters that have been silent for longer.
  ///
  /// - Parameter late: How far back late readings count.
  public func horizon(at clock: Timestamp, late: TimeSpan) -> Timestamp {
    min(clock - late, max(openSince ?? clock, clock - Self.longestOutage))
  }

  /// Settles the quarters that are due and have ended.
  ///
  /// - Parameters:
  ///   - clock: Quarters that end by then are settled.
  ///   - late: How far back late readings count.
  ///   - source: The meter of a series.
  ///   - body: Gets each quarter with the energy of each asset, in the order of time; a quarter may be empty where only
  ///     an asset is known.
  public mutating func settle(
    through clock: Timestamp, late: TimeSpan, _ register: PlantRegister, _ calendar: inout LocalCalendar,
    _ source: AssetMeters.Source, _ body: (EnergyQuarter, [AssetEnergy]) -> Void
  ) {
    let end = clock.floored(to: Self.step)
    let horizon = horizon(at: clock, late: late)
    var quarter = max(due, horizon).floored(to: Self.step)
    guard quarter < end, due < end else { return }
    due = end
    while quarter < end {
      var assets: [AssetEnergy] = []
      let settled = evaluate(quarter, register, &calendar, source, &assets)
      if !settled.isEmpty || !assets.isEmpty { body(settled, assets) }
      quarter += Self.step
    }
    for index in tariffSensors.indices {
      let (meter, rule) = (tariffSensors[index].meter, tariffSensors[index].rule)
      if let boundary = meter.boundary(horizon: horizon - .day) {
        tariffSensors[index].meter.settle(until: boundary, horizon: boundary, late: late, rule) { _ in 0 }
      }
    }
    openSince = meters.flatMap { [$0.forward, $0.reverse] }.compactMap { $0.flatMap(source)?.meter.lastHeard }.min()
  }

  /// The energies of a role in a minute, and whether all of it is known.
  private struct RoleMinute {
    var cell = EnergyCell()
    /// The least known share of its assets.
    var share = 1.0
    var members = 0

    mutating func add(_ cell: EnergyCell) {
      self.cell.add(cell)
      share = min(share, cell.known * 60)
      members += 1
    }

    var isKnown: Bool { members > 0 && share >= PlantAccount.leastShare }
  }

  private func evaluate(
    _ start: Timestamp, _ register: PlantRegister, _ calendar: inout LocalCalendar, _ source: AssetMeters.Source,
    _ assets: inout [AssetEnergy]
  ) -> EnergyQuarter {
    let isDark = SolarPosition(at: start + .minutes(7), location: register.plant.location).elevationDegrees < -1
    var present: [(meters: AssetMeters, energy: AssetEnergy)] = []
    for meters in meters {
      // What has not been heard for a day before is gone, and what comes later was not there yet.
      let heard = [meters.power, meters.forward, meters.reverse].compactMap { $0.flatMap(source) }
        .contains { isHeard($0.meter, $0.rule, around: start) }
      guard heard else { continue }
      var energy = meters.energy(of: start, source)
      if meters.isSolar, isDark {
        // Many inverters fall silent with the sun; that is no lack of knowledge.
        for minute in 0..<MinuteCells.count where energy.minutes.minutes[minute].known * 60 < Self.leastShare {
          energy.minutes.minutes[minute] = EnergyCell()
          energy.minutes.minutes[minute].known = 1.0 / 60
        }
      }
      present.append((meters, energy))
    }
    assets = present.map(\.energy)
    var sums = QuarterSums()
    let prices = PriceMinutes(self, register, start, &calendar)
    let hasConnection = present.contains { $0.meters.role == .gridExchange && !$0.meters.isMeter }
    for minute in 0..<MinuteCells.count {
      var (load, generation, storage, grid) = (RoleMinute(), RoleMinute(), RoleMinute(), RoleMinute())
      for member in present {
        let cell = member.energy.minutes.minutes[minute]
        switch member.meters.role {
        case .consumption: load.add(cell)
        case .generation: generation.add(cell)
        case .storage: storage.add(cell)
        case .gridExchange: if member.meters.isMeter != hasConnection { grid.add(cell) }
        case .none: break
        }
      }
      sums.add(
        minute: minute, load: (load.members, load.cell, load.share),
        generation: (generation.members, generation.cell, generation.share),
        storage: (storage.members, storage.cell, storage.share),
        grid: grid.isKnown ? grid.cell : nil, prices)
    }
    return sums.quarter(start, hasPrices: prices.hasPrices)
  }

  private func isHeard(_ meter: Meter, _ rule: MeterRule, around quarter: Timestamp) -> Bool {
    let place = meter.history.place(notBefore: quarter + Self.step)
    let next = meter.history.used(from: place)
    if let before = meter.history.used(before: place) {
      // A count that comes back says what flowed meanwhile.
      return quarter - meter.history[before].time < Self.gone || (rule.sampling == .counter && next != nil)
    }
    // The first reading of an interval that ends with it, or what was folded.
    if quarter < meter.settledUntil { return true }
    return next.map { meter.history[$0].time - quarter <= .hour } ?? false
  }
}

/// Prices of a quarter by the minute.
struct PriceMinutes {
  var importPrices: InlineArray<15, Double> = .init(repeating: .nan)
  var exportPrices: InlineArray<15, Double> = .init(repeating: .nan)
  var carbon: InlineArray<15, Double> = .init(repeating: .nan)
  /// Whether anything in the plant ever has a price.
  var hasPrices: Bool

  init(_ account: PlantAccount, _ register: PlantRegister, _ start: Timestamp, _ calendar: inout LocalCalendar) {
    let tariff = register.plant.tariff
    hasPrices = tariff.isKnown || account.tariffSensors.contains { $0.subject != .carbon }
    for minute in 0..<MinuteCells.count {
      let moment = start + .minutes(Int64(minute))
      let local = calendar.civil(at: moment)
      if hasPrices {
        importPrices[minute] =
          account.told(.importPrice, at: moment) ?? tariff.importPrice(at: moment, local: local) ?? .nan
        exportPrices[minute] =
          account.told(.exportPrice, at: moment) ?? tariff.exportPrice(at: moment, local: local) ?? .nan
      }
      carbon[minute] = account.told(.carbon, at: moment) ?? tariff.carbonIntensity ?? .nan
    }
  }
}

extension PlantAccount {
  /// What a sensor told for the minute that begins at a moment: the value that held at its middle.
  fileprivate func told(_ subject: TariffSensor.Subject, at moment: Timestamp) -> Double? {
    for sensor in tariffSensors where sensor.subject == subject {
      var value: Double?
      sensor.meter.forEachPiece(from: moment + .seconds(30), to: moment + .seconds(31), sensor.rule) {
        value = $0.first
      }
      if let value { return value }
    }
    return nil
  }
}
