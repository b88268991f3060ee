/// Power of a wind turbine by the cube of the wind between cut-in and rated speed.
///
/// Worked values for 3, 12 and 25 m/s: 28.5 % of rated power at 8 m/s, all of it at 15 m/s, none at 2 or 26 m/s.
public struct WindTurbine: Hashable, Sendable {
  /// Rated power [kW].
  public var ratedKilowatts: Double
  /// Wind at which it starts [m/s].
  public var cutInSpeed: Double
  /// Wind at which it reaches its rated power [m/s].
  public var ratedSpeed: Double
  /// Wind at which it stops to save itself [m/s].
  public var cutOutSpeed: Double

  /// A turbine; speeds must rise from cut-in over rated to cut-out.
  public init(ratedKilowatts: Double, cutInSpeed: Double = 3, ratedSpeed: Double = 12, cutOutSpeed: Double = 25) {
    self.ratedKilowatts = max(0, ratedKilowatts)
    self.cutInSpeed = cutInSpeed
    self.ratedSpeed = ratedSpeed
    self.cutOutSpeed = cutOutSpeed
  }

  /// Power [kW] at a wind speed at hub height [m/s].
  public func power(windSpeed v: Double) -> Double {
    guard v >= cutInSpeed, v < cutOutSpeed else { return 0 }
    guard v < ratedSpeed else { return ratedKilowatts }
    let start = cutInSpeed * cutInSpeed * cutInSpeed
    return ratedKilowatts * (v * v * v - start) / (ratedSpeed * ratedSpeed * ratedSpeed - start)
  }
}
