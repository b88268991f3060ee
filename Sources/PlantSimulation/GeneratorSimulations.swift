import Glibc
import PlantModel
import PlantPhysics

/// A photovoltaic system.
struct PhotovoltaicSimulation {
  /// Time constant of the modules' temperature [s].
  private static let thermalSeconds = 300.0

  /// Irradiance on the modules [W/m²].
  private(set) var planeIrradiance = 0.0
  /// Temperature of the modules [°C]; `nil` before the first step.
  private(set) var moduleTemperature: Double?
  private var soiling = Soiling()
  private let size: Double
  private let plane: TiltedPlane
  private let model: PhotovoltaicModel

  /// Creates the system of an asset.
  ///
  /// - Parameters:
  ///   - asset: the asset; without tilt and azimuth it faces the equator at 20°.
  ///   - size: rated power of the inverter [kW].
  ///   - latitude: latitude of the plant [°].
  init(asset: Asset, size: Double, latitude: Double) {
    self.size = size
    plane = TiltedPlane(
      tiltDegrees: asset.tiltDegrees ?? 20, azimuthDegrees: asset.azimuthDegrees ?? (latitude < 0 ? 0 : 180))
    model = PhotovoltaicModel(inverterKilowatts: size)
  }

  /// Advances by a step; returns the power [kW].
  mutating func advance(_ now: Conditions, effects: FaultEffects) -> Double {
    planeIrradiance = plane.irradiance(now.weather.irradiance, sun: now.sun)
    let target = PhotovoltaicModel.moduleTemperature(
      irradiance: planeIrradiance, air: now.weather.temperature, wind: now.weather.wind)
    let kept = exp(-now.seconds / PhotovoltaicSimulation.thermalSeconds)
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
    let full = model.power(irradiance: light * clean * (1 - effects.lostShare), cellTemperature: temperature)
    return min(full, effects.ratingShare * size)
  }
}

/// A wind turbine.
struct WindSimulation {
  /// Wind speed at hub height [m/s].
  private(set) var hubWind = 0.0
  private let size: Double
  private let elevation: Double

  /// Creates a turbine of a rated power [kW] at an elevation [m].
  init(size: Double, elevation: Double) {
    self.size = size
    self.elevation = elevation
  }

  /// Advances by a step; returns the power [kW].
  mutating func advance(_ now: Conditions, effects: FaultEffects) -> Double {
    // Wind speed at hub height, from that at 10 m.
    hubWind = min(60, 1.35 * now.weather.wind)
    let density = WindTurbine.airDensity(temperature: now.weather.temperature, elevation: elevation)
    let power = WindTurbine(ratedKilowatts: size).power(windSpeed: hubWind, airDensity: density)
    return min(power, effects.ratingShare * size)
  }
}
