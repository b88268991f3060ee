import PlantModel
import PlantPhysics

/// A plant as its sensors see it: sun, weather, people and machines, step by step and the same for the same seed.
///
/// The grid takes up what is left: `grid = Σ consumption − Σ generation − Σ battery` over assets that are not within
/// another. An asset with others within it includes them in its power. Every asset of kind grid or meter measures the
/// whole exchange. Batteries cover demand and take up surplus, unless they are told otherwise.
///
/// A reading of a power holds from its time to the next step; a state of charge is that at its time.
public struct PlantSimulator {
  /// The sensors, in the order in which readings come.
  public private(set) var channels: [SimulatedChannel] = []
  /// The moment of the next step.
  public private(set) var now: Timestamp
  /// The time between steps, one millisecond to one day. It may be changed at any moment: every process is right at any
  /// step length.
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
  /// What the sensors of the asset at hand say, kept for its memory.
  var measured: [Double] = []

  /// A plant at `start`; `step` is held at one millisecond at least and one day at most.
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

  /// Adds a fault; its onset counts from the moment of the next step.
  public mutating func add(_ fault: FaultSpecification) throws(FaultError) {
    try faults.add(fault, at: now, assets: assets.map(\.asset), channels: channels)
  }

  /// Does what an asset is commanded, until it is commanded something else.
  ///
  /// A setpoint is what a battery holds within its limits, positive discharge, and what anything else does not exceed; an
  /// asset that was shut down stays so until it is started, and then does as it did before its first setpoint.
  /// - Parameter setpoint: Of `OPTIMIZE` [kW, in the asset's own direction]; one that is not finite changes nothing.
  /// - Returns: Whether the plant has an asset of that name that takes commands and hears this one.
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

  /// What the sensors say at ``now``; moves on by one step.
  public mutating func advance() -> [SimulatedReading] {
    var readings: [SimulatedReading] = []
    readings.reserveCapacity(channels.count)
    advance(into: &readings)
    return readings
  }

  /// Puts what the sensors say at ``now`` into a buffer, which is emptied first, and moves on by one step.
  public mutating func advance(into readings: inout [SimulatedReading]) {
    readings.removeAll(keepingCapacity: true)
    let conditions = self.conditions()
    let isOutage = applyFaults()
    var demand = PowerBalance()
    for position in assets.indices {
      assets[position].advance(conditions)
      demand.add(assets[position].ownPower, as: assets[position].asset.kind.role)
    }
    dispatchBatteries(&demand, conditions)
    nesting.sum(assets)
    grid.advance(exchange: nesting.balance.gridExchange, by: conditions.seconds)
    for position in assets.indices { report(position, isOutage, into: &readings) }
    for position in assets.indices where assets[position].asset.kind.role == .storage {
      assets[position].settleBattery(conditions)
    }
    now += step
  }

  /// Tells every asset what its faults do now; an outage takes all of them off. Whether there is one.
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

  private mutating func dispatchBatteries(_ demand: inout PowerBalance, _ conditions: Conditions) {
    // `advance` leaves a battery's power of the step before.
    demand.storage = 0
    for position in assets.indices where assets[position].asset.kind.role == .storage {
      assets[position].dispatchBattery(netDemand: demand.gridExchange, seconds: conditions.seconds)
      demand.storage += assets[position].ownPower
    }
  }
}
