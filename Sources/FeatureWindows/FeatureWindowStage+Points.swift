import EnergyAccounting
import PlantModel
import PointSchema
import StreamCore
import WattlineTime

extension FeatureWindowStage {
  /// Writes the points of windows from position `first` on, and of the local hours and days that they belong to.
  mutating func write(from first: Int, into points: inout PointBatch) {
    var next = 0
    for position in first..<output.windows.count {
      while next < output.settled.count, output.settled[next].after <= position {
        rollups.settle(output.settled[next].window, of: output.series)
        next += 1
      }
      writeFeature(output.windows[position], into: &points)
      let window = output.windows[position]
      guard window.length == rollups.length else { continue }
      rollups.add(window, into: &points) {
        store.unsettled(window.series, length: window.length, period: $0, but: $1)
      }
    }
    for rest in output.settled[next...] { rollups.settle(rest.window, of: output.series) }
    output.settled.removeAll(keepingCapacity: true)
  }

  private func writeFeature(_ window: FeatureWindow, into points: inout PointBatch) {
    points.begin(PointKey(.feature, .series(window.series), window.length.rawValue), at: window.start)
    points.field(.mean, window.mean)
    points.field(.minimum, window.minimum)
    points.field(.maximum, window.maximum)
    points.field(.standardDeviation, window.standardDeviation)
    points.field(.slope, window.slope)
    points.field(.count, integer: Int64(window.count))
    points.field(.p10, window.p10)
    points.field(.p50, window.p50)
    points.field(.p90, window.p90)
    points.field(.energy, window.energyKilowattHours)
  }

  /// Writes the plant's indicators of the last minute.
  mutating func writeIndicators(_ frame: inout Frame, in register: PlantRegister) {
    let (clock, store) = (frame.clock, store)
    let mean = { (position: Int) -> Double? in
      guard let place = store.meters.place(of: position) else { return nil }
      let cell = store.meters[place].meter.energy(
        from: clock - .minute, to: clock, rule: store.kinds[position].rule)
      return cell.known >= 0.5 / 60 ? cell.net / cell.known : nil
    }
    guard let (timestamp, balance) = indicators.evaluate(at: clock, mean: mean) else { return }
    frame.points.begin(PointKey(.kpi, .plant), at: timestamp)
    frame.points.field(.generationPower, balance.generation)
    frame.points.field(.loadPower, balance.load)
    frame.points.field(.gridPower, balance.grid)
    frame.points.field(.batteryPower, balance.battery)
    frame.points.field(.generationCoverage, balance.generationCoverage)
    frame.points.field(.loadCoverage, balance.loadCoverage)
    frame.points.field(.batteryCoverage, balance.batteryCoverage)
    let connections = register.plant.assets.filter { $0.kind.role == .gridExchange && $0.within == nil }
    frame.points.field(.importLimit, Self.limit(connections.map(\.importLimitKilowatts)))
    frame.points.field(.exportLimit, Self.limit(connections.map(\.exportLimitKilowatts)))
  }

  /// Returns the limit of all connections together; `nil` if one has none.
  private static func limit(_ limits: [Double?]) -> Double? {
    limits.isEmpty || limits.contains(nil) ? nil : limits.compactMap(\.self).reduce(0, +)
  }

  /// Settles the quarter-hours of the account that have ended, and those that late readings changed.
  mutating func settleAccount(_ frame: inout Frame, in register: PlantRegister) {
    // At a tick the clock lies between two minute marks; the last mark counts.
    let clock = frame.clock.floored(to: .minute)
    guard var calendar = rollups.calendar, account.due < clock.floored(to: PlantAccount.step) else { return }
    var points = PointBatch()
    swap(&points, &frame.points)
    var quarters: [EnergyQuarter] = []
    account.settle(
      through: clock, late: register.plant.late, in: register, calendar: &calendar,
      source: { [store] series in
        store.meters.place(of: series.position).map { (store.meters[$0].meter, store.kinds[series.position].rule) }
      }
    ) { quarter, assets in
      if !quarter.isEmpty {
        quarters.append(quarter)
        quarter.write(to: &points, currency: register.plant.currency)
      }
      for asset in assets { asset.write(quarter.start, to: &points) }
    }
    frame.quarters += quarters
    swap(&points, &frame.points)
    rollups.calendar = calendar
  }
}
