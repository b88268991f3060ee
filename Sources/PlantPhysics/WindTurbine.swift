import Glibc

/// Power of a wind turbine, proportional to the cube of the wind speed between cut-in and rated speed.
///
/// Worked values for 3, 12 and 25 m/s: 28.5 % of rated power at 8 m/s, all of it at 15 m/s, none at 2 or 26 m/s.
public struct WindTurbine: Hashable, Sendable {
  /// Rated power [kW].
  public var ratedKilowatts: Double
  /// Wind speed at which the turbine starts [m/s].
  public var cutInSpeed: Double
  /// Wind speed at which the turbine reaches its rated power [m/s].
  public var ratedSpeed: Double
  /// Wind speed at which the turbine stops to protect itself [m/s].
  public var cutOutSpeed: Double

  /// Creates a turbine; the speeds must rise from cut-in over rated to cut-out.
  ///
  /// - Parameters:
  ///   - ratedKilowatts: Rated power [kW], not negative.
  ///   - cutInSpeed: Wind speed at which the turbine starts [m/s].
  ///   - ratedSpeed: Wind speed at which it reaches its rated power [m/s].
  ///   - cutOutSpeed: Wind speed at which it stops [m/s].
  public init(ratedKilowatts: Double, cutInSpeed: Double = 3, ratedSpeed: Double = 12, cutOutSpeed: Double = 25) {
    self.ratedKilowatts = max(0, ratedKilowatts)
    self.cutInSpeed = cutInSpeed
    self.ratedSpeed = ratedSpeed
    self.cutOutSpeed = cutOutSpeed
  }

  /// Returns the density of dry air [kg/m³] at a temperature [°C] and a height above sea level [m], in the standard
  /// atmosphere.
  ///
  /// Worked value: 1.225 at 15 °C at sea level.
  public static func airDensity(temperature: Double, elevation: Double) -> Double {
    let pressure = 101_325 * pow(max(0.1, 1 - 2.25577e-5 * elevation), 5.25588)
    return pressure / (287.05 * max(150, temperature + 273.15))
  }

  /// Returns the power [kW] at a wind speed at hub height [m/s] in air of a given density [kg/m³].
  ///
  /// The power curve is evaluated at the wind speed that carries the same power at 1.225 kg/m³: `v (ρ / 1.225)^⅓` (IEC
  /// 61400-12-1).
  public func power(windSpeed: Double, airDensity: Double = 1.225) -> Double {
    guard windSpeed < cutOutSpeed else { return 0 }
    let v = min(windSpeed * cbrt(max(0, airDensity) / 1.225), cutOutSpeed.nextDown)
    guard v >= cutInSpeed, v < cutOutSpeed else { return 0 }
    guard v < ratedSpeed else { return ratedKilowatts }
    let start = cutInSpeed * cutInSpeed * cutInSpeed
    return ratedKilowatts * (v * v * v - start) / (ratedSpeed * ratedSpeed * ratedSpeed - start)
  }
}
