/// Power of a photovoltaic generator from irradiance and temperature, after PVWatts version 5
/// (A. Dobos, NREL/TP-6A20-62641, 2014).
public struct PhotovoltaicModel: Hashable, Sendable {
  /// DC power of the modules at 1,000 W/m² and 25 °C [kW].
  public var nominalKilowatts: Double
  /// AC rating of the inverter [kW], at which the output is clipped.
  public var inverterKilowatts: Double
  /// Relative change of power with cell temperature [1/K]; −0.004 for crystalline silicon.
  public var temperatureCoefficient: Double
  /// Inverter efficiency at rated power, 0...1.
  public var inverterEfficiency: Double
  /// Share of DC power lost to soiling, wiring, mismatch and ageing, 0..<1.
  public var losses: Double

  /// Creates a generator.
  ///
  /// - Parameters:
  ///   - inverterKilowatts: AC rating of the inverter [kW].
  ///   - nominalKilowatts: DC power of the modules [kW]; by default 1.1 times the AC rating.
  ///   - temperatureCoefficient: Relative change of power with cell temperature [1/K].
  ///   - inverterEfficiency: Inverter efficiency at rated power, 0...1.
  ///   - losses: Share of DC power lost, 0..<1.
  public init(
    inverterKilowatts: Double, nominalKilowatts: Double? = nil, temperatureCoefficient: Double = -0.004,
    inverterEfficiency: Double = 0.96, losses: Double = 0.1
  ) {
    self.inverterKilowatts = max(0, inverterKilowatts)
    self.nominalKilowatts = max(0, nominalKilowatts ?? 1.1 * inverterKilowatts)
    self.temperatureCoefficient = temperatureCoefficient
    self.inverterEfficiency = inverterEfficiency
    self.losses = losses
  }

  /// Returns the AC power [kW], 0...`inverterKilowatts`, from irradiance on the modules [W/m²] and cell temperature
  /// [°C].
  public func power(irradiance: Double, cellTemperature: Double) -> Double {
    let dc = PhotovoltaicModel.dcPower(
      irradiance: irradiance, cellTemperature: cellTemperature, nominal: nominalKilowatts,
      coefficient: temperatureCoefficient)
    return PhotovoltaicModel.acPower(
      dc: dc * (1 - losses), rating: inverterKilowatts, efficiency: inverterEfficiency)
  }

  /// Returns the DC power [unit of `nominal`]: `G / 1000 · P₀ (1 + γ (T − 25))`, not below 0.
  ///
  /// Worked value: 900 W/m², 30 °C, 100 kW and −0.003/K give 88.65 kW.
  ///
  /// - Parameters:
  ///   - irradiance: Irradiance G on the modules [W/m²].
  ///   - cellTemperature: Cell temperature T [°C].
  ///   - nominal: Power P₀ at 1,000 W/m² and 25 °C.
  ///   - coefficient: Relative change of power γ with temperature [1/K].
  public static func dcPower(
    irradiance: Double, cellTemperature: Double, nominal: Double, coefficient: Double
  ) -> Double {
    max(0, irradiance * 0.001 * nominal * (1 + coefficient * (cellTemperature - 25)))
  }

  /// Returns the AC power of an inverter [unit of `dc`] with the part-load curve of PVWatts, clipped at its AC rating.
  ///
  /// Worked value: 90 kW into an inverter that is rated 95 kW AC with an efficiency of 0.95 gives 85.5856 kW.
  ///
  /// - Parameters:
  ///   - dc: DC power.
  ///   - rating: AC rating, in the unit of `dc`.
  ///   - efficiency: Efficiency at rated power, 0...1.
  public static func acPower(dc: Double, rating: Double, efficiency: Double) -> Double {
    guard dc > 0, rating > 0, efficiency > 0 else { return 0 }
    let part = dc * efficiency / rating
    let curve = efficiency / 0.9637 * (-0.0162 * part - 0.0059 / part + 0.9858)
    return min(rating, max(0, curve * dc))
  }

  /// Returns the temperature of a module [°C] (D. Faiman, 2008): `Ta + G / (25 + 6.84 v)`.
  ///
  /// Worked value: 900 W/m², 20 °C and 5 m/s give 35.203 °C.
  ///
  /// - Parameters:
  ///   - irradiance: Irradiance G on the module [W/m²].
  ///   - air: Air temperature Ta [°C].
  ///   - wind: Wind speed v [m/s].
  public static func moduleTemperature(irradiance: Double, air: Double, wind: Double) -> Double {
    air + irradiance / (25 + 6.84 * max(0, wind))
  }

  /// Returns the temperature of a cell [°C] by its nominal operating cell temperature (R. Ross, 1980): `Ta + (NOCT −
  /// 20) G / 800`.
  ///
  /// Worked value: 800 W/m² and 20 °C give the NOCT itself.
  ///
  /// - Parameters:
  ///   - irradiance: Irradiance G on the module [W/m²].
  ///   - air: Air temperature Ta [°C].
  ///   - noct: Nominal operating cell temperature NOCT [°C].
  public static func cellTemperature(irradiance: Double, air: Double, nominalOperating noct: Double = 45) -> Double {
    air + (noct - 20) * irradiance / 800
  }
}
