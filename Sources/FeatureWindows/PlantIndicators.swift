import PlantModel
import StreamCore

/// The plant's power balance at one moment, in the signs of ``PowerRole`` [kW].
struct PowerBalance: Equatable {
  var generation = 0.0
  var load = 0.0
  var grid = 0.0
  var battery = 0.0

  /// Share of the generation that is used on site, 0...1; `nil` without generation.
  ///
  /// Worked value: 10 kW generated while 4 kW are exported is 0.6.
  var selfConsumption: Double? {
    guard generation > 0.01 else { return nil }
    return 1 - min(max(0, -grid), generation) / generation
  }
}

/// Keeps the last power of each asset and writes `kpi`: one point a minute, or one for each reading of slower plants.
///
/// `cost` and `carbon_kg` are those of the time for which the point stands: a minute, or the interval of the plant's
/// slowest power up to an hour. Where the grid connection is not metered its power follows from the balance, and where
/// consumption is not metered that does.
struct PlantIndicators {
  private struct Held: Equatable {
    var value = Double.nan
    var time = Timestamp.distantPast
    var span = TimeSpan.minute
  }

  private var held: [Held] = []
  private var hasNews = false
  private var calendar: LocalCalendar?

  init() {}

  /// Notes a cleaned reading that matters for the balance, the price or the carbon intensity.
  mutating func observe(
    _ index: SeriesIndex, _ value: Double, at time: Timestamp, interval: TimeSpan?, in register: PlantRegister
  ) {
    let isPower = register.isBalancePower(index)
    let isRate = ["price", "carbon"].contains(register.series[index.position].sensor)
    guard isPower || isRate else { return }
    while held.count <= index.position { held.append(Held()) }
    guard time >= held[index.position].time else { return }
    held[index.position] = Held(value: value, time: time, span: interval ?? .minute)
    if isPower { hasNews = true }
  }

  /// Writes the point of the minute that ended, if a power has come since the last.
  mutating func minute(_ frame: inout Frame, in register: PlantRegister) {
    guard hasNews else { return }
    hasNews = false
    let start = frame.clock - .minute
    guard let (balance, span) = balance(at: start, register) else { return }
    let hours = span.inHours
    frame.points.begin(PointKey(.kpi, .plant), at: start)
    frame.points.field("generation_kw", balance.generation)
    frame.points.field("load_kw", balance.load)
    frame.points.field("grid_kw", balance.grid)
    frame.points.field("battery_kw", balance.battery)
    frame.points.field("self_consumption", balance.selfConsumption)
    let imported = max(0, balance.grid) * hours
    let exported = max(0, -balance.grid) * hours
    let price = rate("price", at: start, register) ?? tariff(at: start, register)
    frame.points.field("cost", imported * price - exported * register.plant.tariff.exportPrice)
    frame.points.field("carbon_kg", rate("carbon", at: start, register).map { imported * $0 })
  }

  private mutating func tariff(at moment: Timestamp, _ register: PlantRegister) -> Double {
    var local = calendar ?? LocalCalendar(identifier: register.plant.location.timezone) ?? .utc
    let minute = local.civil(at: moment).secondOfDay / 60
    calendar = local
    return register.plant.tariff.importPrice(minute: minute)
  }

  /// A held value is current for three of its intervals, at least two minutes.
  private func current(_ index: SeriesIndex, at moment: Timestamp) -> Held? {
    guard index.position < held.count else { return nil }
    let value = held[index.position]
    guard value.time != .distantPast, moment - value.time <= max(.minutes(2), value.span * 3) else { return nil }
    return value
  }

  private func rate(_ sensor: String, at moment: Timestamp, _ register: PlantRegister) -> Double? {
    for (position, asset) in register.assets.enumerated() where asset.kind.role == .gridExchange {
      guard let index = register.series(of: AssetIndex(position), sensor: sensor) else { continue }
      if let value = current(index, at: moment) { return value.value }
    }
    return nil
  }

  private func balance(at moment: Timestamp, _ register: PlantRegister) -> (PowerBalance, TimeSpan)? {
    var sums: [PowerRole: Double] = [:]
    var span = TimeSpan.minute
    let hasGrid = register.assets.contains { $0.kind == .grid }
    for (position, asset) in register.assets.enumerated() where asset.within == nil {
      // A meter beside a grid asset measures the same connection.
      if asset.kind == .meter && hasGrid { continue }
      guard let index = register.power(of: AssetIndex(position)), let value = current(index, at: moment) else {
        continue
      }
      sums[asset.kind.role, default: 0] += value.value
      span = max(span, min(value.span, .hour))
    }
    guard !sums.isEmpty else { return nil }
    var balance = PowerBalance()
    balance.generation = sums[.generation] ?? 0
    balance.battery = sums[.storage] ?? 0
    balance.load = sums[.consumption] ?? max(0, (sums[.gridExchange] ?? 0) + balance.generation + balance.battery)
    balance.grid = sums[.gridExchange] ?? balance.load - balance.generation - balance.battery
    return (balance, span)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(hasNews)
    writer.write(held) { writer, held in
      writer.write(held.value)
      writer.write(held.time)
      writer.write(held.span)
    }
  }

  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    hasNews = try reader.readBool()
    held = try reader.readArray(elementSize: 24) { (reader) throws(SnapshotError) in
      Held(value: try reader.readDouble(), time: try reader.readTimestamp(), span: try reader.readTimeSpan())
    }
  }
}
