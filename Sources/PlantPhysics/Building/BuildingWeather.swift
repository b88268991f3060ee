import Glibc
public import WattlineTime

/// Weather of consecutive hours at a building, with the sunlight on its planes.
public struct BuildingWeather: Sendable {
  /// Faces of a building, in the order of ``glass``: north, east, south, west.
  public static let azimuths: [Double] = [0, 90, 180, 270]

  /// Start of the first hour.
  public let start: Timestamp
  /// Outdoor temperature of each hour [°C].
  public private(set) var temperatures: [Double]
  /// Sunlight that a square metre of glass would let in at a transmittance of 1 [W/m²]: four values an hour.
  public private(set) var glass: [Double] = []
  /// Mean irradiance on walls to the four sides [W/m²] of each hour.
  public private(set) var walls: [Double] = []
  /// Irradiance on the roof [W/m²] of each hour.
  public private(set) var roof: [Double] = []
  /// Share of each hour in which the sun is down.
  public private(set) var darkness: [Double] = []
  /// Course of the ground's temperature over the year at each hour, −1...1.
  ///
  /// It is greatest 45 days after 20 July, or 20 January in the south (ISO 13370:2017: lags of one to two months).
  public private(set) var groundCourse: [Double] = []

  /// Number of hours.
  public var count: Int { temperatures.count }
  /// Mean outdoor temperature [°C].
  public var meanTemperature: Double { temperatures.reduce(0, +) / Double(max(1, temperatures.count)) }

  /// Creates the weather of consecutive hours from horizontal irradiance.
  ///
  /// - Parameters:
  ///   - start: Start of the first hour.
  ///   - temperatures: Outdoor temperature of each hour [°C], finite.
  ///   - irradiances: Global horizontal irradiance of each hour [W/m²], finite.
  ///   - latitude: Latitude [degrees], north positive.
  ///   - longitude: Longitude [degrees], east positive.
  public init(
    start: Timestamp, temperatures: [Double], irradiances: [Double], latitude: Double, longitude: Double
  ) {
    let suns = BuildingWeather.suns(start, count: temperatures.count, latitude: latitude, longitude: longitude)
    let parts = irradiances.enumerated().map { Irradiance.split(global: $1, sun: suns.middles[$0]) }
    self.init(start: start, temperatures: temperatures, parts: parts, suns: suns, isSouthern: latitude < 0)
  }

  /// Creates the weather of consecutive hours from measured parts of the irradiance.
  ///
  /// - Parameters:
  ///   - start: Start of the first hour.
  ///   - temperatures: Outdoor temperature of each hour [°C], finite.
  ///   - parts: Global, diffuse and direct normal irradiance of each hour.
  ///   - latitude: Latitude [degrees], north positive.
  ///   - longitude: Longitude [degrees], east positive.
  public init(
    start: Timestamp, temperatures: [Double], parts: [IrradianceComponents], latitude: Double, longitude: Double
  ) {
    let suns = BuildingWeather.suns(start, count: temperatures.count, latitude: latitude, longitude: longitude)
    self.init(start: start, temperatures: temperatures, parts: parts, suns: suns, isSouthern: latitude < 0)
  }

  private typealias Suns = (middles: [SolarPosition], edges: [Double])

  private init(
    start: Timestamp, temperatures: [Double], parts: [IrradianceComponents], suns: Suns, isSouthern: Bool
  ) {
    (self.start, self.temperatures) = (start, temperatures)
    let planes = BuildingWeather.azimuths.map { TiltedPlane(tiltDegrees: 90, azimuthDegrees: $0) }
    glass.reserveCapacity(4 * temperatures.count)
    let warmest = Double(isSouthern ? 20 : 201) + 45
    let first = BuildingWeather.dayOfYear(start)
    for (place, part) in parts.enumerated() {
      groundCourse.append(cos(2 * Double.pi * (first + Double(place) / 24 - warmest) / 365.25))
      let sun = suns.middles[place]
      var sum = 0.0
      for plane in planes {
        let light = plane.light(part, sun: sun)
        sum += light.beam + light.diffuse
        glass.append(
          light.beam * Glazing.modifier(cosine: plane.cosineOfIncidence(sun)) + light.diffuse * Glazing.diffuseModifier)
      }
      walls.append(sum / 4)
      roof.append(part.global)
      darkness.append(BuildingWeather.darkness(from: suns.edges[place], to: suns.edges[place + 1]))
    }
  }

  private static func suns(_ start: Timestamp, count: Int, latitude: Double, longitude: Double) -> Suns {
    func sun(_ minutes: Int) -> SolarPosition {
      SolarPosition(at: start + .seconds(60 * Int64(minutes)), latitude: latitude, longitude: longitude)
    }
    return ((0..<count).map { sun(60 * $0 + 30) }, (0...count).map { sun(60 * $0).elevationDegrees })
  }

  private static func dayOfYear(_ time: Timestamp) -> Double {
    let days = Int(time.floored(to: .day).seconds / 86_400)
    let year = CivilTime.date(daysSinceEpoch: days).year
    return Double(days - CivilTime.daysSinceEpoch(year: year, month: 1, day: 1) + 1)
  }

  /// Returns the share of an hour in which the sun is down, from its elevations at both ends [degrees].
  static func darkness(from first: Double, to last: Double) -> Double {
    if first > 0, last > 0 { return 0 }
    if first <= 0, last <= 0 { return 1 }
    return abs(min(first, last)) / abs(first - last)
  }
}

/// Angular behaviour of double glazing (J. Karlsson and A. Roos, Solar Energy 68, 2000; two panes, category 4).
public enum Glazing {
  /// Returns the transmittance of light from a direction, divided by that at normal incidence, 0...1.
  ///
  /// Worked values: 1 at normal incidence, 0.874 at 60°, 0 at 90°.
  public static func modifier(cosine: Double) -> Double {
    guard cosine > 0 else { return 0 }
    let z = acos(min(1, cosine)) / (Double.pi / 2)
    let (a, b) = (8.0, 0.0625)
    return max(0, 1 - a * pow(z, 8) - b * z * z - (1 - a - b) * pow(z, 8.62))
  }

  /// Ratio for light from all directions alike: the mean of the modifier over the half-space, weighted by the cosine.
  public static let diffuseModifier: Double = {
    let steps = 900
    return (0..<steps).reduce(0.0) { sum, step in
      let angle = (Double(step) + 0.5) / Double(steps) * Double.pi / 2
      return sum + modifier(cosine: cos(angle)) * sin(2 * angle) * (Double.pi / 2) / Double(steps)
    }
  }()
}

extension TiltedPlane {
  /// Returns the parts of the irradiance on the plane [W/m²]: from the sun and its surroundings, and from the rest of
  /// the sky and the ground. Their sum is ``irradiance(_:sun:)``.
  func light(_ parts: IrradianceComponents, sun: SolarPosition) -> (beam: Double, diffuse: Double) {
    guard parts.global > 0 else { return (0, 0) }
    let incidence = cosineOfIncidence(sun)
    let anisotropy = min(1, parts.directNormal / sun.extraterrestrialIrradiance)
    let ratio = incidence / max(0.01745, sun.cosineOfZenith)
    let skyView = (1 + cos(tiltDegrees * radians)) / 2
    return (
      parts.directNormal * incidence + parts.diffuse * anisotropy * ratio,
      parts.diffuse * (1 - anisotropy) * skyView + parts.global * albedo * (1 - skyView)
    )
  }
}

extension BuildingWeather {
  /// Returns the irradiance of each hour [W/m²] that the swing of the temperature in each day suggests.
  ///
  /// K. Bristow and G. Campbell, Agric. For. Meteorol. 31, 1984, with a greatest transmittance of 0.7, B 0.007, C 2.4.
  ///
  /// - Parameters:
  ///   - start: Start of the first hour, best a local midnight.
  ///   - temperatures: Outdoor temperature of each hour [°C], finite.
  ///   - latitude: Latitude [degrees], north positive.
  ///   - longitude: Longitude [degrees], east positive.
  public static func estimatedIrradiances(
    start: Timestamp, temperatures: [Double], latitude: Double, longitude: Double
  ) -> [Double] {
    temperatures.indices.map { place in
      let day = temperatures[(place / 24 * 24)..<min(temperatures.count, place / 24 * 24 + 24)]
      let swing = (day.max() ?? 0) - (day.min() ?? 0)
      let sun = SolarPosition(
        at: start + .seconds(3600 * Int64(place) + 1800), latitude: latitude, longitude: longitude)
      return 0.7 * (1 - exp(-0.007 * pow(swing, 2.4))) * sun.extraterrestrialIrradiance * sun.cosineOfZenith
    }
  }
}
