/// Hourly thermal network of a building zone with five resistances and one capacity (5R1C; ISO 13790:2008, annex C).
///
/// Air, inner surfaces and mass are nodes. Air meets the outside by ventilation, surfaces by windows, the mass by
/// opaque parts. The mass is integrated by the Crank–Nicolson rule. The energy of each hour is balanced to rounding.
///
/// Worked value: 100 m² of floor, 250 m² of mass area, H_tr,op = 80 W/K, windows 30 W/K, ventilation 50 W/K,
/// 165 kJ/m²K: from 20 °C in all, at 0 °C outside without gains, the mass falls to 19.3191 °C in an hour and the air
/// to 18.4113 °C.
public struct ThermalNetwork: Hashable, Sendable {
  /// Coupling of air and inner surfaces [W/K]; 3.45 W/m²K over 4.5 times the floor area.
  public let airToSurface: Double
  /// Coupling of inner surfaces and mass [W/K]; 9.1 W/m²K over the effective mass area.
  public let surfaceToMass: Double
  /// Coupling of mass and outside [W/K].
  public let massToOutside: Double
  /// Transmission of windows [W/K].
  public let windows: Double
  /// Heat capacity of the mass [Wh/K].
  public let capacity: Double
  /// Floor area [m²].
  public let area: Double
  /// Effective mass area divided by the area of all inner surfaces.
  public let massShare: Double
  /// Share of gains at surfaces that leaves through the windows at once.
  public let windowShare: Double

  /// Creates the network of a zone.
  ///
  /// - Parameters:
  ///   - area: Conditioned floor area [m²], above 0.
  ///   - opaque: Transmission of opaque parts, ground included [W/K], from 0.
  ///   - windows: Transmission of windows [W/K], from 0.
  ///   - mass: Heat capacity of each square metre of floor [kJ/m²K], above 0.
  ///   - massArea: Effective mass area [m²]; that of ``massFactor(_:)`` if `nil`.
  ///   - surfaceCoefficient: Heat transfer between air and surfaces [W/m²K].
  public init(
    area: Double, opaque: Double, windows: Double, mass: Double, massArea: Double? = nil,
    surfaceCoefficient: Double = 3.45
  ) {
    let surfaces = 4.5 * area
    let massArea = massArea ?? ThermalNetwork.massFactor(mass) * area
    airToSurface = surfaceCoefficient * surfaces
    surfaceToMass = 9.1 * massArea
    // The transmission of opaque parts is that of the couplings in series; it stays below that of the surfaces.
    let bounded = min(opaque, 0.95 * surfaceToMass)
    massToOutside = bounded > 0 ? 1 / (1 / bounded - 1 / surfaceToMass) : 0
    self.windows = windows
    capacity = mass * area / 3.6
    self.area = area
    massShare = massArea / surfaces
    windowShare = min(windows / (9.1 * surfaces), 1 - massShare)
  }

  /// Returns the effective mass area of each square metre of floor (ISO 13790:2008, table 12).
  ///
  /// It is 2.5 up to 165 kJ/m²K, 3 at 260, 3.5 from 370, and between them in proportion.
  public static func massFactor(_ mass: Double) -> Double {
    if mass <= 165 { return 2.5 }
    if mass <= 260 { return 2.5 + 0.5 * (mass - 165) / 95 }
    return min(3.5, 3 + 0.5 * (mass - 260) / 110)
  }
}

extension ThermalNetwork {
  /// Conditions of an hour.
  public struct Hour: Hashable, Sendable {
    /// Outdoor temperature [°C].
    public var outdoor: Double
    /// Temperature that the opaque parts meet: air, sun, sky and ground [°C].
    public var behindOpaque: Double
    /// Temperature of the air that comes in [°C].
    public var supply: Double
    /// Heat transport by air exchange [W/K].
    public var ventilation: Double
    /// Gains from people, lamps, appliances and fans [W].
    public var internalGains: Double
    /// Gains from the sun through windows, less what they radiate to the sky [W].
    public var solarGains: Double

    /// Creates the conditions of an hour.
    ///
    /// - Parameters:
    ///   - outdoor: Outdoor temperature [°C].
    ///   - behindOpaque: Temperature that the opaque parts meet [°C]; the outdoor one if `nil`.
    ///   - supply: Temperature of the air that comes in [°C]; the outdoor one if `nil`.
    ///   - ventilation: Heat transport by air exchange [W/K].
    ///   - internalGains: Gains from people, lamps, appliances and fans [W].
    ///   - solarGains: Gains from the sun through windows [W].
    public init(
      outdoor: Double, behindOpaque: Double? = nil, supply: Double? = nil, ventilation: Double,
      internalGains: Double = 0, solarGains: Double = 0
    ) {
      self.outdoor = outdoor
      self.behindOpaque = behindOpaque ?? outdoor
      self.supply = supply ?? outdoor
      (self.ventilation, self.internalGains, self.solarGains) = (ventilation, internalGains, solarGains)
    }
  }

  /// Temperatures and heat of an hour.
  public struct Result: Hashable, Sendable {
    /// Temperature of the mass at the end of the hour [°C].
    public var mass: Double
    /// Mean temperature of the mass [°C].
    public var meanMass: Double
    /// Mean temperature of the inner surfaces [°C].
    public var surface: Double
    /// Mean temperature of the air [°C].
    public var air: Double
    /// Heat put into the air [W]; negative for cooling.
    public var power: Double
  }

  /// Returns the temperatures of an hour with a known heating or cooling power.
  ///
  /// - Parameters:
  ///   - mass: Temperature of the mass at the start [°C].
  ///   - hour: Conditions.
  ///   - power: Heat put into the air [W]; negative for cooling.
  public func step(mass: Double, hour: Hour, power: Double = 0) -> Result {
    let half = 0.5 * hour.internalGains
    let shared = half + hour.solarGains
    let toAir = half + power
    let toSurface = (1 - massShare - windowShare) * shared
    let toMass = massShare * shared
    // Series couplings of ISO 13790, C.6 to C.8.
    let h1 = hour.ventilation > 0 ? 1 / (1 / hour.ventilation + 1 / airToSurface) : 0
    let h2 = h1 + windows
    let h3 = h2 > 0 ? 1 / (1 / h2 + 1 / surfaceToMass) : 0
    let airSide = hour.ventilation > 0 ? h1 * (toAir / hour.ventilation + hour.supply) : toAir
    let total =
      toMass + massToOutside * hour.behindOpaque
      + (h2 > 0 ? h3 * (toSurface + windows * hour.outdoor + airSide) / h2 : toSurface + airSide)
    let end =
      (mass * (capacity - 0.5 * (h3 + massToOutside)) + total) / (capacity + 0.5 * (h3 + massToOutside))
    let meanMass = 0.5 * (mass + end)
    let surface =
      (surfaceToMass * meanMass + toSurface + windows * hour.outdoor + airSide) / (surfaceToMass + windows + h1)
    let air =
      (airToSurface * surface + hour.ventilation * hour.supply + toAir) / (airToSurface + hour.ventilation)
    return Result(mass: end, meanMass: meanMass, surface: surface, air: air, power: power)
  }

  /// Returns an hour in which the air is held between two set-points as far as the powers reach (ISO 13790, C.4.2).
  ///
  /// - Parameters:
  ///   - mass: Temperature of the mass at the start [°C].
  ///   - hour: Conditions.
  ///   - heatTo: Set-point of heating [°C].
  ///   - coolTo: Set-point of cooling [°C], not below that of heating.
  ///   - powers: Greatest cooling power, as a negative number, and greatest heating power [W].
  public func held(
    mass: Double, hour: Hour, heatTo: Double, coolTo: Double, powers: ClosedRange<Double>
  ) -> Result {
    let free = step(mass: mass, hour: hour)
    guard free.air < heatTo || free.air > coolTo else { return free }
    let goal = free.air < heatTo ? heatTo : coolTo
    // The temperature of the air is linear in the power.
    let unit = 10 * area
    let reached = step(mass: mass, hour: hour, power: unit).air
    let power = unit * (goal - free.air) / (reached - free.air)
    return step(mass: mass, hour: hour, power: min(powers.upperBound, max(powers.lowerBound, power)))
  }

  /// Returns what the energy balance of an hour leaves over [W]: gains less losses less what the mass stores.
  ///
  /// - Parameters:
  ///   - result: Temperatures of the hour.
  ///   - mass: Temperature of the mass at the start [°C].
  ///   - hour: Conditions.
  public func residual(_ result: Result, mass: Double, hour: Hour) -> Double {
    let shared = 0.5 * hour.internalGains + hour.solarGains
    let gains = hour.internalGains + hour.solarGains + result.power
    let losses =
      hour.ventilation * (result.air - hour.supply) + windows * (result.surface - hour.outdoor)
      + massToOutside * (result.meanMass - hour.behindOpaque) + windowShare * shared
    return gains - losses - capacity * (result.mass - mass)
  }
}
