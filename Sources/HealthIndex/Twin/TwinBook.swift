import PlantModel
import PlantPhysics
import StreamCore

/// The twins of a plant's assets, by asset.
struct TwinBook: Sendable {
  private enum Twin: Sendable {
    case none
    case photovoltaic(PhotovoltaicTwin)
    case battery(BatteryTwin)
    case grid(BalanceTwin)
  }

  /// Latest quarter of each series that was judged: slot and mean.
  private var latest: [(slot: Int, mean: Double)] = []
  private var twins: [Twin] = []
  private var trends: [HealthTrend] = []
  private var peers: [PeerTrack] = []
  private var electrical: [ElectricalTrack] = []

  /// Takes in the mean of a quarter of an hour.
  mutating func take(_ series: SeriesIndex, slot: Int, mean: Double) {
    while latest.count <= series.position { latest.append((Int.min, .nan)) }
    if slot >= latest[series.position].slot { latest[series.position] = (slot, mean) }
  }

  /// Judges an asset's quarter of an hour; findings come with what its points are to have.
  mutating func judge(
    _ asset: AssetIndex, slot: Int, _ register: PlantRegister
  ) -> [TwinFinding] {
    while twins.count < register.assets.count {
      twins.append(TwinBook.twin(of: register.assets[twins.count].kind))
      trends.append(HealthTrend())
      peers.append(PeerTrack())
      electrical.append(ElectricalTrack())
    }
    let means = means(of: asset, slot: slot, register)
    electrical[asset.position].judge(means)
    return judgeKind(asset, means, register)
      + [TwinFinding(name: "power against voltage and current", score: electrical[asset.position].track.score)]
  }

  private mutating func judgeKind(
    _ asset: AssetIndex, _ means: QuarterMeans, _ register: PlantRegister
  ) -> [TwinFinding] {
    let slot = means.slot
    switch twins[asset.position] {
    case .none: return []
    case .photovoltaic(var twin):
      if let capacity = register.assets[asset.position].capacityKilowatts {
        twin.judge(means, capacity: capacity)
      }
      twins[asset.position] = .photovoltaic(twin)
      peers[asset.position].judge(yield(of: asset, slot: slot, register), among: peerYields(slot: slot, register))
      return twin.findings + [TwinFinding(name: "peers", score: peers[asset.position].track.score)]
    case .battery(var twin):
      let air = mean(of: .weather, "temperature", slot: slot, register)
      twin.judge(means, energy: register.assets[asset.position].energyKilowattHours ?? .nan, air: air)
      twins[asset.position] = .battery(twin)
      return twin.findings
    case .grid(var twin):
      if let (balance, moved) = balance(slot: slot, register) {
        twin.judge(balance, grid: means["power"], moved: moved)
      }
      twins[asset.position] = .grid(twin)
      return [TwinFinding(name: "power balance", score: twin.track.score)]
    }
  }

  /// Adds what the twin of an asset knows to the point that was begun last, and follows its index.
  mutating func describe(_ asset: AssetIndex, index: Double, slot: Int, _ points: inout PointBatch) {
    guard twins.indices.contains(asset.position) else { return }
    switch twins[asset.position] {
    case .photovoltaic(let twin): points.field("performance_ratio", twin.performanceRatio)
    case .battery(let twin):
      points.field("soc_estimate", 100 * twin.stateOfCharge)
      points.field("soc_estimate_sd", 100 * twin.deviation)
      points.field("soh_estimate", 100 * twin.capacityShare)
      points.field("resistance_ohm", twin.resistance)
    case .grid(let twin): twin.describe(&points)
    case .none: break
    }
    trends[asset.position].add(index, slot: slot)
    guard let fall = trends[asset.position].fall else { return }
    points.field("trend_per_day", fall.slope)
    points.field("maintenance_days", fall.days)
    let date = QuarterHour.start(of: slot) + .seconds(Int64(min(fall.days, 36_500) * 86_400))
    points.field("maintenance_date", text: String("\(date)".prefix(10)))
    points.field("maintenance_days_low", fall.soonest)
    points.field("maintenance_days_high", fall.latest)
  }

  private static func twin(of kind: AssetKind) -> Twin {
    switch kind {
    case .pv: .photovoltaic(PhotovoltaicTwin())
    case .battery: .battery(BatteryTwin())
    case .grid: .grid(BalanceTwin())
    default: .none
    }
  }

  private func mean(_ series: SeriesIndex, slot: Int) -> Double {
    guard latest.indices.contains(series.position), latest[series.position].slot == slot else { return .nan }
    return latest[series.position].mean
  }

  private func means(of asset: AssetIndex, slot: Int, _ register: PlantRegister) -> QuarterMeans {
    var means = QuarterMeans(slot: slot)
    for series in register.seriesOfAsset[asset.position] {
      means.values[register.series[series.position].sensor] = mean(series, slot: slot)
    }
    if let power = register.power(of: asset) { means.values["power"] = mean(power, slot: slot) }
    return means
  }

  /// The mean of a sensor of the first asset of a kind that has it.
  private func mean(of kind: AssetKind, _ sensor: String, slot: Int, _ register: PlantRegister) -> Double {
    for position in register.assets.indices where register.assets[position].kind == kind {
      if let series = register.series(of: AssetIndex(position), sensor: sensor) { return mean(series, slot: slot) }
    }
    return .nan
  }

  /// Power over capacity of a PV generator; NaN where either is unknown.
  private func yield(of asset: AssetIndex, slot: Int, _ register: PlantRegister) -> Double {
    guard let power = register.power(of: asset), let size = register.assets[asset.position].capacityKilowatts, size > 0
    else { return .nan }
    return mean(power, slot: slot) / size
  }

  private func peerYields(slot: Int, _ register: PlantRegister) -> [Double] {
    register.assets.indices.filter { register.assets[$0].kind == .pv }
      .map { yield(of: AssetIndex($0), slot: slot, register) }.filter { $0.isFinite }
  }

  /// The sums over assets that are not within another, NaN where one of them is silent, and the power that moves; `nil`
  /// where there is none.
  private func balance(slot: Int, _ register: PlantRegister) -> (PowerBalance, moved: Double)? {
    var balance = PowerBalance()
    var moved = 0.0
    var count = 0
    for position in register.assets.indices {
      let role = register.assets[position].kind.role
      guard role != .gridExchange, role != .none, let power = register.power(of: AssetIndex(position)),
        register.isBalancePower(power)
      else { continue }
      let value = mean(power, slot: slot)
      balance.add(value, as: role)
      moved += value.magnitude
      count += 1
    }
    return count > 0 ? (balance, moved) : nil
  }
}

extension TwinBook {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(latest) { writer, entry in
      writer.write(Int64(entry.slot))
      writer.write(entry.mean)
    }
    writer.write(twins) { writer, twin in
      switch twin {
      case .none: writer.write(UInt8(0))
      case .photovoltaic(let twin):
        writer.write(UInt8(1))
        twin.snapshot(into: &writer)
      case .battery(let twin):
        writer.write(UInt8(2))
        twin.snapshot(into: &writer)
      case .grid(let twin):
        writer.write(UInt8(3))
        twin.snapshot(into: &writer)
      }
    }
    writer.write(trends) { $1.snapshot(into: &$0) }
    writer.write(peers) { $1.track.snapshot(into: &$0) }
    writer.write(electrical) { $1.snapshot(into: &$0) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    latest = try reader.readArray(elementSize: 16) { (reader) throws(SnapshotError) in
      (Int(try reader.read(Int64.self)), try reader.readDouble())
    }
    twins = try reader.readArray { (reader) throws(SnapshotError) in
      switch try reader.read(UInt8.self) {
      case 0: return .none
      case 1:
        var twin = PhotovoltaicTwin()
        try twin.restore(from: &reader)
        return .photovoltaic(twin)
      case 2:
        var twin = BatteryTwin()
        try twin.restore(from: &reader)
        return .battery(twin)
      case 3:
        var twin = BalanceTwin()
        try twin.restore(from: &reader)
        return .grid(twin)
      default: throw .invalid("a twin of an unknown kind")
      }
    }
    trends = try reader.readArray { (reader) throws(SnapshotError) in
      var trend = HealthTrend()
      try trend.restore(from: &reader)
      return trend
    }
    peers = try reader.readArray { (reader) throws(SnapshotError) in
      var peer = PeerTrack()
      try peer.track.restore(from: &reader)
      return peer
    }
    electrical = try reader.readArray { (reader) throws(SnapshotError) in
      var track = ElectricalTrack()
      try track.restore(from: &reader)
      return track
    }
    guard [trends.count, peers.count, electrical.count].allSatisfy({ $0 == twins.count }) else {
      throw .invalid("twins and trends of different counts")
    }
  }
}
