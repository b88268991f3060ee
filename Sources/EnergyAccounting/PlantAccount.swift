public import PlantModel
import PlantPhysics
public import WattlineTime

/// The account of a plant's energy by quarter-hour.
///
/// A quarter-hour is settled when the plant's clock passes its end, and again when late readings change it. `grid =
/// load − generation − battery` holds minute by minute, each with its own sign. Measured values are used as measured.
/// If the exchange or the load alone is missing, it follows from the others. Each direction of the exchange is valued
/// at its price of the minute. A minute of which less than half is known counts as unknown; nothing is estimated for
/// it.
///
/// Example: 6 kW of generation, 5 kW of load and a battery that charges with 3 kW import 0.5 kWh in a quarter-hour. At
/// 0.30 per kWh that costs 0.15, and all of the generation is used on site.
public struct PlantAccount: Sendable {
  /// Silence after which an asset counts as removed and is no longer missed.
  static let gone = TimeSpan.day
  /// Length of a settled stretch.
  public static let step = TimeSpan.minutes(15)
  /// Longest time for which quarter-hours are kept for a silent counter.
  public static let longestOutage = TimeSpan.days(35)
  /// Share of a minute that must be known for it to count.
  private static let leastShare = 0.5

  private var meters: [AssetMeters] = []
  private var followed = (series: -1, assets: -1)
  /// Price, export price and carbon-intensity sensors of the grid connection, each with its series.
  var tariffSensors: [TariffSensor] = []
  /// Time from which quarter-hours are due.
  public private(set) var due = Timestamp(nanoseconds: .max)
  /// Earliest last reading of the balance's counters; `nil` without counters.
  var openSince: Timestamp?

  /// A sensor of the grid connection that reports a price or a carbon intensity.
  struct TariffSensor: Sendable {
    enum Subject: UInt8, Sendable { case importPrice, exportPrice, carbon }
    var series: Int32
    var subject: Subject
    var meter = Meter()
    var rule: MeterRule
  }

  /// Creates an account without members.
  public init() {}

  /// Updates the members and price sensors if the register has grown.
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

  /// Marks the quarter-hours from a time on as due, because their readings may have changed.
  public mutating func touch(from timestamp: Timestamp) {
    if timestamp < due { due = timestamp }
  }

  /// Records a reading if its series is a price or carbon-intensity sensor.
  public mutating func observe(_ sample: MeterSample, of position: Int) {
    guard let index = tariffSensors.firstIndex(where: { $0.series == Int32(truncatingIfNeeded: position) }),
      let changed = tariffSensors[index].meter.observe(sample, rule: tariffSensors[index].rule)
    else { return }
    touch(from: changed.lowerBound)
  }

  /// Returns the time from which quarter-hours can still change.
  ///
  /// It reaches back as far as late readings count, and further while a counter is silent.
  ///
  /// - Parameters:
  ///   - clock: The plant's clock.
  ///   - late: Age up to which late readings count.
  public func horizon(at clock: Timestamp, late: TimeSpan) -> Timestamp {
    min(clock - late, max(openSince ?? clock, clock - Self.longestOutage))
  }

  /// Settles the quarter-hours that are due and have ended.
  ///
  /// - Parameters:
  ///   - clock: Quarter-hours that end by this time are settled.
  ///   - late: Age up to which late readings count.
  ///   - register: Assets and series of the plant.
  ///   - calendar: Calendar of the plant's time zone, for tariffs.
  ///   - source: Returns the meter of a series.
  ///   - body: Receives each quarter-hour with the energy of each asset, in chronological order. The quarter-hour may
  ///     be empty if only an asset's energy is known.
  public mutating func settle(
    through clock: Timestamp, late: TimeSpan, in register: PlantRegister, calendar: inout LocalCalendar,
    source: AssetMeters.Source, body: (EnergyQuarter, [AssetEnergy]) -> Void
  ) {
    let end = clock.floored(to: Self.step)
    let horizon = horizon(at: clock, late: late)
    var quarter = max(due, horizon).floored(to: Self.step)
    guard quarter < end, due < end else { return }
    due = end
    while quarter < end {
      var assets: [AssetEnergy] = []
      let settled = evaluate(quarter, in: register, calendar: &calendar, source: source, assets: &assets)
      if !settled.isEmpty || !assets.isEmpty { body(settled, assets) }
      quarter += Self.step
    }
    for index in tariffSensors.indices {
      let (meter, rule) = (tariffSensors[index].meter, tariffSensors[index].rule)
      if let boundary = meter.boundary(horizon: horizon - .day) {
        tariffSensors[index].meter.settle(until: boundary, horizon: boundary, late: late, rule: rule) { _ in 0 }
      }
    }
    openSince = meters.flatMap { [$0.forward, $0.reverse] }.compactMap { $0.flatMap(source)?.meter.lastHeard }.min()
  }

  /// Energy of all assets of one role in one minute.
  private struct RoleMinute {
    var cell = EnergyCell()
    /// Smallest known share of the minute among the assets.
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
    _ start: Timestamp, in register: PlantRegister, calendar: inout LocalCalendar, source: AssetMeters.Source,
    assets: inout [AssetEnergy]
  ) -> EnergyQuarter {
    let isDark = SolarPosition(at: start + .minutes(7), location: register.plant.location).elevationDegrees < -1
    var present: [(meters: AssetMeters, energy: AssetEnergy)] = []
    for meters in meters {
      // An asset without a reading for a day before is removed; one that starts later did not exist yet.
      let heard = [meters.power, meters.forward, meters.reverse].compactMap { $0.flatMap(source) }
        .contains { isHeard($0.meter, rule: $0.rule, around: start) }
      guard heard else { continue }
      var energy = meters.energy(of: start, source: source)
      if meters.isSolar, isDark {
        // Many inverters go offline at night; their silence counts as zero power.
        for minute in 0..<MinuteCells.count where energy.minutes.minutes[minute].known * 60 < Self.leastShare {
          energy.minutes.minutes[minute] = EnergyCell()
          energy.minutes.minutes[minute].known = 1.0 / 60
        }
      }
      present.append((meters, energy))
    }
    assets = present.map(\.energy)
    var sums = QuarterSums()
    let prices = PriceMinutes(self, in: register, start: start, calendar: &calendar)
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
        grid: grid.isKnown ? grid.cell : nil, prices: prices)
    }
    return sums.quarter(start, hasPrices: prices.hasPrices)
  }

  private func isHeard(_ meter: Meter, rule: MeterRule, around quarter: Timestamp) -> Bool {
    let place = meter.history.place(notBefore: quarter + Self.step)
    let next = meter.history.used(from: place)
    if let before = meter.history.used(before: place) {
      // The next reading of a silent counter includes the energy of its silence.
      return quarter - meter.history[before].time < Self.gone || (rule.sampling == .counter && next != nil)
    }
    // Without an earlier reading: folded quarter-hours, or the first reading of an interval that ends with it.
    if quarter < meter.settledUntil { return true }
    return next.map { meter.history[$0].time - quarter <= .hour } ?? false
  }
}

/// Prices and carbon intensities of a quarter-hour by minute; NaN if unknown.
struct PriceMinutes {
  var importPrices: InlineArray<15, Double> = .init(repeating: .nan)
  var exportPrices: InlineArray<15, Double> = .init(repeating: .nan)
  var carbon: InlineArray<15, Double> = .init(repeating: .nan)
  /// Whether the plant has a tariff or a price sensor at all.
  var hasPrices: Bool

  init(_ account: PlantAccount, in register: PlantRegister, start: Timestamp, calendar: inout LocalCalendar) {
    let tariff = register.plant.tariff
    hasPrices = tariff.isKnown || account.tariffSensors.contains { $0.subject != .carbon }
    for minute in 0..<MinuteCells.count {
      let timestamp = start + .minutes(Int64(minute))
      let local = calendar.civil(at: timestamp)
      if hasPrices {
        importPrices[minute] =
          account.price(.importPrice, at: timestamp) ?? tariff.importPrice(at: timestamp, local: local) ?? .nan
        exportPrices[minute] =
          account.price(.exportPrice, at: timestamp) ?? tariff.exportPrice(at: timestamp, local: local) ?? .nan
      }
      carbon[minute] = account.price(.carbon, at: timestamp) ?? tariff.carbonIntensity ?? .nan
    }
  }
}

extension PlantAccount {
  /// Returns a sensor's value at the middle of the minute that begins at `timestamp`; `nil` if no sensor has one.
  fileprivate func price(_ subject: TariffSensor.Subject, at timestamp: Timestamp) -> Double? {
    for sensor in tariffSensors where sensor.subject == subject {
      var value: Double?
      sensor.meter.forEachPiece(from: timestamp + .seconds(30), to: timestamp + .seconds(31), rule: sensor.rule) {
        value = $0.first
      }
      if let value { return value }
    }
    return nil
  }
}
