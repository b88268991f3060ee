import PlantModel
import PlantPhysics
import PointSchema
import StreamCore
import WattlineTime

/// The twins of a plant's assets, by asset.
struct TwinRegistry: Sendable {
  /// `indirect`, so that the common `.none` costs one machine word.
  private indirect enum Twin: Sendable {
    case none
    case photovoltaic(PhotovoltaicTwin, PeerTrack)
    case battery(BatteryTwin)
    case grid(BalanceTwin)
  }

  /// A lookup of the mean of a series in a slot; NaN if there is none.
  typealias Mean = (SeriesIndex, Int) -> Double

  private var twins: [Twin] = []
  private var trends: [HealthTrend] = []
  /// Tracks by asset, for assets with known power, voltage and current.
  private var electrical: [Int32: ElectricalTrack] = [:]
  /// Yields of all PV generators in a slot, ascending; calculated once a mark.
  private var yields: (slot: Int, values: [Double])?

  /// Releases the memory of a mark.
  mutating func end() { yields = nil }

  /// Judges an asset's quarter-hour.
  ///
  /// - Parameters:
  ///   - asset: The asset.
  ///   - slot: The quarter-hour.
  ///   - register: Assets and series of the plant.
  ///   - mean: Returns the means of series.
  mutating func judge(_ asset: AssetIndex, slot: Int, in register: PlantRegister, mean: Mean) {
    grow(register)
    let hasCircuit = register.series(of: asset, sensor: "voltage") != nil
    if case .none = twins[asset.position], !hasCircuit { return }
    let means = means(of: asset, slot: slot, in: register, mean: mean)
    if ElectricalTrack.accepts(means) {
      electrical[asset.rawValue, default: ElectricalTrack()].judge(means)
    }
    judgeKind(asset, means: means, in: register, mean: mean)
  }

  /// Returns the findings in the quarter-hour that was judged last.
  func findings(of asset: AssetIndex) -> [TwinFinding] {
    let score = electrical[asset.rawValue]?.track.score ?? 0
    let circuit = TwinFinding(name: "power against voltage and current", score: score)
    guard twins.indices.contains(asset.position) else { return [circuit] }
    return switch twins[asset.position] {
    case .none: [circuit]
    case .photovoltaic(let twin, let peers):
      twin.findings + [TwinFinding(name: "peers", score: peers.track.score), circuit]
    case .battery(let twin): twin.findings + [circuit]
    case .grid(let twin): [TwinFinding(name: "power balance", score: twin.track.score), circuit]
    }
  }

  private mutating func grow(_ register: PlantRegister) {
    guard twins.count < register.assets.count else { return }
    twins.reserveCapacity(register.assets.count)
    trends.reserveCapacity(register.assets.count)
    while twins.count < register.assets.count {
      twins.append(TwinRegistry.twin(of: register.assets[twins.count].kind))
      trends.append(HealthTrend())
    }
  }

  private mutating func judgeKind(
    _ asset: AssetIndex, means: QuarterMeans, in register: PlantRegister, mean: Mean
  ) {
    let slot = means.slot
    switch twins[asset.position] {
    case .none: break
    case .photovoltaic(var twin, var peers):
      if let capacity = register.assets[asset.position].capacityKilowatts {
        twin.judge(means, capacity: capacity)
      }
      if yields?.slot != slot { yields = (slot, TwinRegistry.peerYields(slot: slot, in: register, mean: mean)) }
      peers.judge(TwinRegistry.yield(of: asset, slot: slot, in: register, mean: mean), among: yields?.values ?? [])
      twins[asset.position] = .photovoltaic(twin, peers)
    case .battery(var twin):
      let air = TwinRegistry.weather("temperature", slot: slot, in: register, mean: mean)
      twin.judge(means, energy: register.assets[asset.position].energyKilowattHours ?? .nan, air: air)
      twins[asset.position] = .battery(twin)
    case .grid(var twin):
      if let (balance, moved) = TwinRegistry.balance(slot: slot, in: register, mean: mean) {
        twin.judge(balance, grid: means["power"], moved: moved)
      }
      twins[asset.position] = .grid(twin)
    }
  }

  /// Adds the estimates of an asset's twin and its trend to the current point, and records its index for the trend.
  ///
  /// - Parameters:
  ///   - asset: The asset.
  ///   - index: Its health index, 0...100.
  ///   - slot: The quarter-hour.
  ///   - points: Holds the current point.
  mutating func describe(_ asset: AssetIndex, index: Double, slot: Int, into points: inout PointBatch) {
    guard twins.indices.contains(asset.position) else { return }
    switch twins[asset.position] {
    case .photovoltaic(let twin, _): points.field(.performanceRatio, twin.performanceRatio)
    case .battery(let twin):
      points.field(.stateOfChargeEstimate, 100 * twin.stateOfCharge)
      points.field(.stateOfChargeDeviation, 100 * twin.deviation)
      points.field(.stateOfHealthEstimate, 100 * twin.capacityShare)
      points.field(.resistance, twin.resistance)
    case .grid(let twin): twin.describe(&points)
    case .none: break
    }
    trends[asset.position].add(index, slot: slot)
    guard let fall = trends[asset.position].fall else { return }
    points.field(.trend, fall.slope)
    points.field(.maintenanceDays, fall.days)
    let date = QuarterHour.start(of: slot) + .seconds(Int64(min(fall.days, 36_500) * 86_400))
    points.field(.maintenanceDate, text: String("\(date)".prefix(10)))
    points.field(.maintenanceDaysLow, fall.soonest)
    points.field(.maintenanceDaysHigh, fall.latest)
  }

  private static func twin(of kind: AssetKind) -> Twin {
    switch kind.traits.healthTwin {
    case .photovoltaic: .photovoltaic(PhotovoltaicTwin(), PeerTrack())
    case .battery: .battery(BatteryTwin())
    case .gridBalance: .grid(BalanceTwin())
    case .none: .none
    }
  }

  private func means(
    of asset: AssetIndex, slot: Int, in register: PlantRegister, mean: Mean
  ) -> QuarterMeans {
    var means = QuarterMeans(slot: slot)
    for series in register.seriesOfAsset[asset.position] {
      means.values[register.series[series.position].sensor] = mean(series, slot)
    }
    if let power = register.power(of: asset) { means.values["power"] = mean(power, slot) }
    return means
  }

  /// The mean of a sensor of the first weather station that has it.
  private static func weather(
    _ sensor: String, slot: Int, in register: PlantRegister, mean: Mean
  ) -> Double {
    for position in register.assets.indices where register.assets[position].kind.role == .none {
      if let series = register.series(of: AssetIndex(position), sensor: sensor) { return mean(series, slot) }
    }
    return .nan
  }

  /// Returns power divided by capacity of a PV generator; NaN if either is unknown.
  ///
  /// - Parameters:
  ///   - asset: The generator.
  ///   - slot: The quarter-hour.
  ///   - register: Assets and series of the plant.
  ///   - mean: Returns the means of series.
  private static func yield(of asset: AssetIndex, slot: Int, in register: PlantRegister, mean: Mean) -> Double {
    guard let power = register.power(of: asset), let size = register.assets[asset.position].capacityKilowatts, size > 0
    else { return .nan }
    return mean(power, slot) / size
  }

  private static func peerYields(slot: Int, in register: PlantRegister, mean: Mean) -> [Double] {
    register.assets.indices.filter { register.assets[$0].kind.traits.driver == .sun }
      .map { yield(of: AssetIndex($0), slot: slot, in: register, mean: mean) }.filter { $0.isFinite }.sorted()
  }

  /// Returns the sums over assets that are not within another, and the power that moves.
  ///
  /// - Parameters:
  ///   - slot: The quarter-hour.
  ///   - register: Assets and series of the plant.
  ///   - mean: Returns the means of series.
  /// - Returns: The sums [kW], NaN if one of their assets is silent, and the sum of all magnitudes [kW]; `nil` without
  ///   any asset.
  private static func balance(
    slot: Int, in register: PlantRegister, mean: Mean
  ) -> (PowerBalance, moved: Double)? {
    var balance = PowerBalance()
    var moved = 0.0
    var count = 0
    for position in register.assets.indices {
      let role = register.assets[position].kind.role
      guard role != .gridExchange, role != .none, let power = register.power(of: AssetIndex(position)),
        register.isBalancePower(power)
      else { continue }
      let value = mean(power, slot)
      balance.add(value, as: role)
      moved += value.magnitude
      count += 1
    }
    return count > 0 ? (balance, moved) : nil
  }
}

extension TwinRegistry {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(twins) { writer, twin in
      switch twin {
      case .none: writer.write(UInt8(0))
      case .photovoltaic(let twin, let peers):
        writer.write(UInt8(1))
        twin.snapshot(into: &writer)
        peers.track.snapshot(into: &writer)
      case .battery(let twin):
        writer.write(UInt8(2))
        twin.snapshot(into: &writer)
      case .grid(let twin):
        writer.write(UInt8(3))
        twin.snapshot(into: &writer)
      }
    }
    writer.write(trends) { $1.snapshot(into: &$0) }
    writer.write(electrical.sorted { $0.key < $1.key }) { writer, entry in
      writer.write(entry.key)
      entry.value.snapshot(into: &writer)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    twins = try reader.readArray { (reader) throws(SnapshotError) in
      switch try reader.read(UInt8.self) {
      case 0: return .none
      case 1:
        var twin = PhotovoltaicTwin()
        try twin.restore(from: &reader)
        var peers = PeerTrack()
        try peers.track.restore(from: &reader)
        return .photovoltaic(twin, peers)
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
    trends = try reader.readArray { (reader) throws(SnapshotError) in try HealthTrend(from: &reader) }
    guard trends.count == twins.count else { throw .invalid("twins and trends of different counts") }
    let tracks = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
      let asset = try reader.read(Int32.self)
      var track = ElectricalTrack()
      try track.restore(from: &reader)
      return (asset, track)
    }
    electrical = Dictionary(tracks, uniquingKeysWith: { first, _ in first })
  }
}
