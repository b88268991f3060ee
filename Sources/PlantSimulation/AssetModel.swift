import Glibc
import PlantModel
import PlantPhysics

/// The conditions of one step, common to all assets of a plant.
struct Conditions {
  /// Length of the step [s].
  var seconds: Double
  var sun: SolarPosition
  var weather: Weather
  /// Hours since local midnight.
  var hour: Double
  /// Day of the week, 1 (Monday) to 7.
  var weekday: Int
}

/// The physical model of one asset. Sizes missing in the plant file have the defaults of ``defaultSize(of:)``.
struct AssetModel {
  let asset: Asset
  /// Rated power without that of assets within it [kW].
  let size: Double
  /// Power in the asset's own direction, without assets within it [kW].
  private(set) var ownPower = 0.0
  /// Irradiance on the modules [W/m²].
  private(set) var planeIrradiance = 0.0
  /// Temperature of the modules [°C]; `nil` before the first step.
  private(set) var moduleTemperature: Double?
  /// The session of the connected vehicle, if any.
  private(set) var session: ChargingSession?
  /// Wind speed at hub height [m/s].
  private(set) var hubWind = 0.0
  /// Commanded power of a battery, or power limit of any other asset [kW]. Without it a battery covers demand.
  var setpoint: Double?
  /// Whether it was shut down by a command.
  var isOff = false
  /// The electrical and thermal model of the battery.
  private(set) var pack: BatteryPack
  /// The limits of the battery.
  let battery: BatteryModel
  /// Effects of the active faults in this step.
  var effects = FaultEffects()
  /// Voltage difference between the strongest and the weakest cell [V].
  var cellSpread: Double { 0.008 + effects.cellSpread / 1000 }

  private var generator: SeededGenerator
  private var noise: AutoregressiveNoise
  private var walls = ThermalMass()
  private var soiling = Soiling()
  private let plane: TiltedPlane
  private let photovoltaic: PhotovoltaicModel
  private let elevation: Double
  private let profile = LoadProfile()

  init(asset: Asset, size: Double, location: Location, seed: UInt64) {
    self.asset = asset
    self.size = size
    elevation = location.elevation
    generator = SeededGenerator(seed: seed, name: "asset " + asset.name)
    noise = AutoregressiveNoise(
      standardDeviation: asset.kind.traits.simulation == .building ? 0.04 : 0.06, timeConstant: 900)
    plane = TiltedPlane(
      tiltDegrees: asset.tiltDegrees ?? 20,
      azimuthDegrees: asset.azimuthDegrees ?? (location.latitude < 0 ? 0 : 180))
    photovoltaic = PhotovoltaicModel(inverterKilowatts: size)
    var sized = asset
    sized.powerKilowatts = size
    sized.energyKilowattHours = asset.energyKilowattHours ?? 2 * size
    battery =
      BatteryModel(sized) ?? BatteryModel(energyKilowattHours: 2 * max(1, size), powerKilowatts: max(0, size))
    pack = BatteryPack(
      battery, stateOfCharge: min(battery.maximumStateOfCharge, max(battery.minimumStateOfCharge, 0.5)))
  }

  /// Returns the rated power of an asset [kW]; a default of its kind if the plant file has none.
  static func defaultSize(of asset: Asset) -> Double {
    if let told = asset.nominalKilowatts, told.isFinite, told >= 0 { return told }
    let traits = asset.kind.traits
    if traits.role == .storage, let energy = asset.energyKilowattHours { return max(0, energy / 2) }
    return max(traits.simulatedSize, asset.importLimitKilowatts ?? 0)
  }

  /// Advances the asset by a step. Batteries follow once demand and generation are known.
  mutating func advance(_ now: Conditions) {
    noise.advance(by: now.seconds, using: &generator)
    switch asset.kind.traits.simulation {
    case .photovoltaic: advancePhotovoltaic(now)
    case .windTurbine: advanceWind(now)
    case .building:
      let felt = walls.advance(air: now.weather.temperature, seconds: now.seconds)
      let share = profile.share(hour: now.hour, weekday: now.weekday, temperature: felt)
      ownPower = size * min(1.2, max(0.02, share * (1 + noise.value)))
    case .heatPump:
      let felt = walls.advance(air: now.weather.temperature, seconds: now.seconds)
      let need = max(0, 16 - felt) / 24 + max(0, felt - 23) / 15
      ownPower = size * min(1, max(0.01, need * (1 + noise.value)))
    case .charger: advanceCharger(now)
    case .process: ownPower = size * 0.4 * max(0.05, 1 + noise.value)
    case .battery, .connection, .weatherStation: break
    }
    if asset.kind.role != .storage, let setpoint { ownPower = min(ownPower, max(0, setpoint)) }
    if effects.isTripped || isOff { ownPower = 0 }
  }

  /// Sets a battery's power for this step: its setpoint, or else the power that covers `netDemand` [kW], within its
  /// limits.
  mutating func dispatchBattery(netDemand: Double, seconds: Double) {
    let request = effects.isTripped || isOff ? 0 : setpoint ?? netDemand
    let held = min(battery.powerKilowatts, max(-battery.powerKilowatts, request))
    pack.fadedShare = effects.fadedShare
    ownPower = pack.feasible(
      power: held, within: battery.minimumStateOfCharge...battery.maximumStateOfCharge, seconds: seconds)
  }

  /// Applies a battery's power for the step. Called after the readings are taken.
  mutating func settleBattery(_ now: Conditions) {
    // The air conditioning keeps the container close to 22 °C.
    pack.advance(
      power: ownPower, seconds: now.seconds, ambient: 22 + 0.25 * (now.weather.temperature - 22),
      cooling: effects.selfHeating == nil ? 1 : 0, heating: effects.selfHeating ?? 0)
  }

  private mutating func advancePhotovoltaic(_ now: Conditions) {
    planeIrradiance = plane.irradiance(now.weather.irradiance, sun: now.sun)
    let target = PhotovoltaicModel.moduleTemperature(
      irradiance: planeIrradiance, air: now.weather.temperature, wind: now.weather.wind)
    let kept = exp(-now.seconds / 300)
    let temperature = (moduleTemperature ?? target) * kept + target * (1 - kept)
    moduleTemperature = temperature
    soiling.advance(seconds: now.seconds, isRaining: now.weather.isRaining)
    let clean = (1 - soiling.loss) * (1 - effects.dust)
    var light = planeIrradiance
    if effects.shadedShare > 0 {
      let sky = IrradianceComponents(
        global: now.weather.irradiance.diffuse, diffuse: now.weather.irradiance.diffuse)
      let shaded = min(planeIrradiance, plane.irradiance(sky, sun: now.sun))
      light += effects.shadedShare * (shaded - planeIrradiance)
    }
    let full = photovoltaic.power(
      irradiance: light * clean * (1 - effects.lostShare), cellTemperature: temperature)
    ownPower = min(full, effects.ratingShare * size)
  }

  private mutating func advanceWind(_ now: Conditions) {
    // Wind speed at hub height, from that at 10 m.
    hubWind = min(60, 1.35 * now.weather.wind)
    let density = WindTurbine.airDensity(temperature: now.weather.temperature, elevation: elevation)
    let power = WindTurbine(ratedKilowatts: size).power(windSpeed: hubWind, airDensity: density)
    ownPower = min(power, effects.ratingShare * size)
  }

  private mutating func advanceCharger(_ now: Conditions) {
    if let car = session, car.secondsLeft <= 0 {
      session = nil
    } else if session == nil {
      // Arrival rate of vehicles [1/h]: high before work and in the evening, low otherwise.
      let rate = (7..<10).contains(now.hour) ? 0.7 : (17..<21).contains(now.hour) ? 0.5 : 0.06
      if generator.uniform() < 1 - exp(-rate * now.seconds / 3600) {
        session = ChargingSession(
          capacityKilowattHours: generator.uniform(40, high: 80), stateOfCharge: generator.uniform(0.2, high: 0.7),
          secondsLeft: generator.uniform(3, high: 9) * 3600)
      }
    }
    let isClosed = !effects.isContactorOpen && !effects.isTripped && !isOff
    let limit = isClosed ? min(size, max(0, setpoint ?? size)) : 0
    ownPower = session?.advance(limit: limit, seconds: now.seconds) ?? 0
  }
}
