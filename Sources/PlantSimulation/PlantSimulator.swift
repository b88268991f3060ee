public import PlantModel
import PlantPhysics
public import WattlineTime

/// A simulated plant: sun, weather, people and machines, step by step. Equal seeds give equal readings.
///
/// The grid takes the rest of the balance: `grid = Σ consumption − Σ generation − Σ battery` over assets that are not
/// within another. The power of an asset includes that of assets within it. Every asset of kind grid or meter measures
/// the whole exchange. Batteries cover demand and absorb surplus unless they are commanded otherwise.
///
/// A power reading is valid from its time to the next step. A state of charge is that at its time.
public struct PlantSimulator {
  /// The sensors in the order of their readings.
  public private(set) var channels: [SimulatedChannel] = []
  /// The time of the next step.
  public private(set) var now: Timestamp
  /// The time between steps, from one millisecond to one day. It can be changed at any time: every process is exact for
  /// any step length.
  public var step: TimeSpan {
    didSet { step = max(.milliseconds(1), min(.day, step)) }
  }

  private let location: Location
  private var calendar: LocalCalendar
  private var weather: WeatherModel
  var assets: [AssetModel]
  var nesting: AssetNesting
  var grid: GridState
  var faults: FaultInjector
  var current = Weather()
  var channelOffsets: [Int] = []
  var instruments: SeededGenerator
  /// Buffer for the values of one asset's sensors, kept to reuse its memory.
  var measured: [Double] = []

  /// Creates a plant.
  ///
  /// - Parameters:
  ///   - plant: the plant.
  ///   - seed: seed of all random processes.
  ///   - start: time of the first step.
  ///   - step: time between steps, limited to one millisecond to one day.
  public init(plant: Plant, seed: UInt64, start: Timestamp, step: TimeSpan) {
    location = plant.location
    now = start
    self.step = max(.milliseconds(1), min(.day, step))
    calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    weather = WeatherModel(location: plant.location, seed: seed)
    let nesting = AssetNesting(plant.assets)
    self.nesting = nesting
    assets = plant.assets.indices.map {
      AssetModel(
        asset: plant.assets[$0], size: nesting.ownSize(of: $0, among: plant.assets), location: plant.location,
        seed: seed)
    }
    grid = GridState(location: plant.location, seed: seed)
    faults = FaultInjector(seed: seed)
    instruments = SeededGenerator(seed: seed, name: "instruments")
    var register = PlantRegister(plant: plant)
    for asset in plant.assets {
      channelOffsets.append(channels.count)
      let size = AssetModel.defaultSize(of: asset)
      for sensor in SimulatedSensor.all(of: asset.kind.traits.simulation) {
        let series = register.admit(asset: asset.name, sensor: sensor.name)
        let unit = register.series[series.position].profile.unit
        channels.append(
          SimulatedChannel(asset: asset.name, sensor: sensor.name, unit: unit, magnitude: sensor.magnitude(size)))
      }
    }
  }

  /// Adds a fault. Its onset is counted from the time of the next step.
  ///
  /// - Throws: `FaultError` if the plant has no such target, or the target cannot have this fault.
  public mutating func add(_ fault: FaultSpecification) throws(FaultError) {
    try faults.add(fault, at: now, assets: assets.map(\.asset), channels: channels)
  }

  /// Executes a command to an asset until the next one.
  ///
  /// A battery holds the setpoint within its limits, positive discharge. Any other asset does not exceed it. An asset
  /// that is shut down stays off until it is started, and then behaves as before its first setpoint.
  ///
  /// - Parameters:
  ///   - action: the action.
  ///   - setpoint: power for `OPTIMIZE` in the asset's own direction [kW]; one that is not finite is ignored.
  ///   - name: name of the asset.
  /// - Returns: whether the plant has an asset of that name that accepts commands and receives this one.
  @discardableResult
  public mutating func obey(_ action: Command.Action, setpoint: Double? = nil, asset name: String) -> Bool {
    let position = assets.firstIndex { $0.asset.name == name && $0.asset.kind.traits.command != nil }
    guard let position, !faults.effects(asset: position, at: now).isDeaf else { return false }
    switch action {
    case .hold: break
    case .shutdown: assets[position].isOff = true
    case .startup: (assets[position].isOff, assets[position].setpoint) = (false, nil)
    case .optimize: if let setpoint, setpoint.isFinite { assets[position].setpoint = setpoint }
    }
    return true
  }

  /// Returns the readings at ``now`` and advances by one step.
  public mutating func advance() -> [SimulatedReading] {
    var readings: [SimulatedReading] = []
    readings.reserveCapacity(channels.count)
    advance(into: &readings)
    return readings
  }

  /// Replaces the contents of a buffer by the readings at ``now`` and advances by one step.
  public mutating func advance(into readings: inout [SimulatedReading]) {
    readings.removeAll(keepingCapacity: true)
    let conditions = self.conditions()
    let isOutage = applyFaults()
    var demand = PowerBalance()
    for position in assets.indices {
      assets[position].advance(conditions)
      demand.add(assets[position].ownPower, as: assets[position].asset.kind.role)
    }
    dispatchBatteries(&demand, conditions: conditions)
    nesting.sum(assets)
    grid.advance(exchange: nesting.balance.gridExchange, by: conditions.seconds)
    for position in assets.indices { report(position, isOutage: isOutage, into: &readings) }
    for position in assets.indices where assets[position].asset.kind.role == .storage {
      assets[position].settleBattery(conditions)
    }
    now += step
  }

  /// Sets the effects of the active faults on every asset. An outage trips all assets; returns whether there is one.
  private mutating func applyFaults() -> Bool {
    if faults.isEmpty { return false }
    let isOutage = faults.isOutage(at: now)
    for position in assets.indices {
      assets[position].effects = faults.effects(asset: position, at: now)
      if isOutage { assets[position].effects.isTripped = true }
    }
    return isOutage
  }

  private mutating func conditions() -> Conditions {
    let sun = SolarPosition(at: now, location: location)
    current = weather.advance(to: now, by: step.inSeconds, sun: sun)
    let civil = calendar.civil(at: now)
    return Conditions(
      seconds: step.inSeconds, sun: sun, weather: current, hour: Double(civil.secondOfDay) / 3600,
      weekday: civil.weekday)
  }

  private mutating func dispatchBatteries(_ demand: inout PowerBalance, conditions: Conditions) {
    // `AssetModel.advance` leaves a battery's power of the previous step.
    demand.storage = 0
    for position in assets.indices where assets[position].asset.kind.role == .storage {
      assets[position].dispatchBattery(netDemand: demand.gridExchange, seconds: conditions.seconds)
      demand.storage += assets[position].ownPower
    }
  }
}
