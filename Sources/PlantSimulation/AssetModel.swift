import Glibc
import PlantModel
import PlantPhysics

/// What all assets of a plant share in one step.
struct Conditions {
  /// Length of the step [s].
  var seconds: Double
  var sun: SolarPosition
  var weather: Weather
  /// Hours since local midnight.
  var hour: Double
  /// Monday is 1.
  var weekday: Int
}

/// The physics of one asset. Sizes that the plant's file does not tell have the defaults of ``defaultSize(of:)``.
struct AssetModel {
  let asset: Asset
  /// Nominal power that is not that of assets within it [kW].
  let size: Double
  /// Power in the asset's own direction, without assets within it [kW].
  private(set) var ownPower = 0.0
  /// Irradiance on the modules [W/m²].
  private(set) var planeIrradiance = 0.0
  /// Temperature of modules or cells [°C].
  private(set) var temperature: Double?
  /// State of charge, 0...1.
  private(set) var stateOfCharge = 0.5
  /// Whether a car is plugged in.
  var isConnected: Bool { session != nil }
  /// Wind at the hub [m/s].
  private(set) var hubWind = 0.0
  /// An outside wish for a battery's power [kW].
  var setpoint: Double?
  let battery: BatteryModel

  private var generator: SeededGenerator
  private var noise: AutoregressiveNoise
  private var session: (energy: Double, seconds: Double)?
  private let plane: TiltedPlane
  private let photovoltaic: PhotovoltaicModel
  private let profile = LoadProfile()

  init(asset: Asset, size: Double, location: Location, seed: UInt64) {
    self.asset = asset
    self.size = size
    generator = SeededGenerator(seed: seed, name: "asset " + asset.name)
    noise = AutoregressiveNoise(standardDeviation: asset.kind == .load ? 0.04 : 0.06, timeConstant: 900)
    plane = TiltedPlane(
      tiltDegrees: asset.tiltDegrees ?? 20,
      azimuthDegrees: asset.azimuthDegrees ?? (location.latitude < 0 ? 0 : 180))
    photovoltaic = PhotovoltaicModel(inverterKilowatts: size)
    var sized = asset
    sized.powerKilowatts = size
    sized.energyKilowattHours = asset.energyKilowattHours ?? 2 * size
    battery =
      BatteryModel(sized) ?? BatteryModel(energyKilowattHours: 2 * max(1, size), powerKilowatts: max(0, size))
    stateOfCharge = min(battery.maximumStateOfCharge, max(battery.minimumStateOfCharge, 0.5))
  }

  /// Nominal power of an asset [kW], by kind where its file does not tell.
  static func defaultSize(of asset: Asset) -> Double {
    let told =
      asset.kind == .battery || asset.kind == .evCharger
      ? asset.powerKilowatts ?? asset.capacityKilowatts : asset.capacityKilowatts ?? asset.powerKilowatts
    if let told, told.isFinite, told >= 0 { return told }
    return switch asset.kind {
    case .pv, .wind: 100
    case .battery: asset.energyKilowattHours.map { max(0, $0 / 2) } ?? 50
    case .evCharger: 11
    case .load: 50
    case .heatPump: 10
    case .generic: 5
    case .grid, .meter: max(100, asset.importLimitKilowatts ?? 0)
    case .weather: 0
    }
  }

  /// Everything but batteries, which follow once demand and generation are known.
  mutating func advance(_ now: Conditions, isTripped: Bool) {
    noise.advance(by: now.seconds, using: &generator)
    switch asset.kind {
    case .pv: advancePhotovoltaic(now)
    case .wind:
      // Wind at the hub, above the 10 m of weather stations.
      hubWind = min(60, 1.35 * now.weather.wind)
      ownPower = WindTurbine(ratedKilowatts: size).power(windSpeed: hubWind)
    case .load:
      let share = profile.share(hour: now.hour, weekday: now.weekday, temperature: now.weather.temperature)
      ownPower = size * min(1.2, max(0.02, share * (1 + noise.value)))
    case .heatPump:
      let need = max(0, 16 - now.weather.temperature) / 24 + max(0, now.weather.temperature - 23) / 15
      ownPower = size * min(1, max(0.01, need * (1 + noise.value)))
    case .evCharger: advanceCharger(now)
    case .generic: ownPower = size * 0.4 * max(0.05, 1 + noise.value)
    case .battery, .grid, .meter, .weather: break
    }
    if isTripped { ownPower = 0 }
  }

  /// The power of a battery for this step [kW]: its setpoint, else what covers `netDemand`, as far as it can.
  mutating func dispatchBattery(netDemand: Double, hours: Double, isTripped: Bool) {
    let request = isTripped ? 0 : setpoint ?? netDemand
    ownPower = battery.feasible(power: request, stateOfCharge: stateOfCharge, hours: hours)
  }

  /// Lets a battery's power act for the step; call it after the readings are taken.
  mutating func settleBattery(_ now: Conditions) {
    stateOfCharge = battery.stateOfCharge(after: ownPower, from: stateOfCharge, hours: now.seconds / 3600)
    stateOfCharge = min(1, max(0, stateOfCharge))
    let load = size > 0 ? ownPower / size : 0
    relaxTemperature(towards: 22 + 0.25 * (now.weather.temperature - 22) + 12 * load * load, now.seconds, 3600)
  }

  /// Terminal voltage of a battery [V]: higher when full, lower under load.
  var batteryVoltage: Double {
    let nominal = battery.energyKilowattHours < 30 ? 400.0 : 750
    return nominal * (0.92 + 0.15 * stateOfCharge - (size > 0 ? 0.02 * ownPower / size : 0))
  }

  private mutating func advancePhotovoltaic(_ now: Conditions) {
    planeIrradiance = plane.irradiance(now.weather.irradiance, sun: now.sun)
    let target = PhotovoltaicModel.moduleTemperature(
      irradiance: planeIrradiance, air: now.weather.temperature, wind: now.weather.wind)
    relaxTemperature(towards: target, now.seconds, 300)
    ownPower = photovoltaic.power(irradiance: planeIrradiance, cellTemperature: temperature ?? target)
  }

  private mutating func relaxTemperature(towards target: Double, _ seconds: Double, _ timeConstant: Double) {
    let kept = exp(-seconds / timeConstant)
    temperature = (temperature ?? target) * kept + target * (1 - kept)
  }

  private mutating func advanceCharger(_ now: Conditions) {
    if var car = session {
      car.seconds -= now.seconds
      session = car.seconds > 0 ? car : nil
    } else {
      // Cars come in the morning to work and in the evening home, and sometimes in between [1/h].
      let rate = (7..<10).contains(now.hour) ? 0.7 : (17..<21).contains(now.hour) ? 0.5 : 0.06
      if generator.uniform() < 1 - exp(-rate * now.seconds / 3600) {
        session = (generator.uniform(8, 40), generator.uniform(3, 9) * 3600)
      }
    }
    guard var car = session else {
      ownPower = 0
      return
    }
    ownPower = min(size, max(0, car.energy) / (now.seconds / 3600))
    car.energy -= ownPower * now.seconds / 3600
    session = car
  }
}
