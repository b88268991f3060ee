import Glibc
public import PlantModel
public import WattlineTime

/// The position of the sun, as observed from a place.
///
/// Solar coordinates follow J. Meeus, "Astronomical Algorithms", 2nd ed., chapters 12, 13, 16, 22 and 25. The greatest
/// perturbations by Venus, Jupiter and the Moon are added ("Astronomical Formulae for Calculators", 4th ed., chapter
/// 18), as are parallax and refraction. The result is within 0.005° of NREL's SPA for the years 1950 to 2070 while the
/// sun is up.
///
/// Worked value (NREL/TP-560-34302, table A5.1): 2003-10-17 12:30:30 −07:00 at 39.742476° N, 105.1786° W, 1,830 m has
/// zenith 50.1116° and azimuth 194.3402°.
public struct SolarPosition: Hashable, Sendable {
  /// Angle from the vertical, refraction included [degrees], 0...180.
  public var zenithDegrees: Double
  /// Direction from north, clockwise [degrees], 0..<360.
  public var azimuthDegrees: Double
  /// Distance from the Earth [astronomical units].
  public var distance: Double

  /// Height above the horizon [degrees]; negative at night.
  public var elevationDegrees: Double { 90 - zenithDegrees }
  /// Cosine of the zenith; 0 when the sun is down.
  public var cosineOfZenith: Double { max(0, cos(zenithDegrees * radians)) }
  /// Irradiance outside the atmosphere on a plane that faces the sun [W/m²], with a solar constant of 1,361 W/m².
  public var extraterrestrialIrradiance: Double { 1361 / (distance * distance) }

  /// Calculates the position at a time, as observed from a location.
  public init(at timestamp: Timestamp, location: Location) {
    self.init(
      at: timestamp, latitude: location.latitude, longitude: location.longitude, elevation: location.elevation)
  }

  /// Calculates the position at a time, as observed from coordinates.
  ///
  /// - Parameters:
  ///   - timestamp: The time.
  ///   - latitude: Latitude [degrees], north positive.
  ///   - longitude: Longitude [degrees], east positive.
  ///   - elevation: Height above sea level [m].
  public init(at timestamp: Timestamp, latitude: Double, longitude: Double, elevation: Double = 0) {
    let sun = SolarCoordinates(at: timestamp)
    let phi = latitude * radians
    let hourAngle = (sun.siderealDegrees + longitude - sun.rightAscensionDegrees) * radians
    let sine = sin(phi) * sin(sun.declination) + cos(phi) * cos(sun.declination) * cos(hourAngle)
    let trueElevation = asin(min(1, max(-1, sine)))
    let south = atan2(sin(hourAngle), cos(hourAngle) * sin(phi) - tan(sun.declination) * cos(phi)) * degrees
    let parallax = 8.794 / 3600 / sun.distance * cos(trueElevation)
    let seen = trueElevation * degrees - parallax
    zenithDegrees = 90 - seen - SolarPosition.refraction(elevationDegrees: seen, height: elevation)
    azimuthDegrees = normalized(south + 180)
    distance = sun.distance
  }

  /// Returns the refraction by the air [degrees] (G. Sæmundsson, 1986), for the standard pressure at a height [m].
  ///
  /// Worked value: 0.4845° at the horizon at sea level (29′).
  public static func refraction(elevationDegrees seen: Double, height: Double = 0) -> Double {
    guard seen > -1 else { return 0 }
    let pressure = pow(max(0, 1 - 2.25577e-5 * height), 5.25588)
    return max(0, pressure * 1.02 / 60 / tan((seen + 10.3 / (seen + 5.11)) * radians))
  }
}

/// The sun's apparent equatorial coordinates.
struct SolarCoordinates {
  var rightAscensionDegrees: Double
  /// Declination [rad].
  var declination: Double
  /// Apparent sidereal time at Greenwich [degrees].
  var siderealDegrees: Double
  /// Distance from the Earth [astronomical units].
  var distance: Double

  init(at timestamp: Timestamp) {
    // Days from J2000.0, 2000-01-01 12:00; terrestrial time is about 69 s ahead of UTC in these decades.
    let days = Double(timestamp.milliseconds - 946_728_000_000) / 86_400_000
    let t = (days + 69.0 / 86_400) / 36_525
    let meanLongitude = 280.46646 + t * (36_000.76983 + t * 0.0003032)
    let anomaly = (357.52911 + t * (35_999.05029 - t * 0.0001537)) * radians
    let eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267)
    let center =
      (1.914602 - t * (0.004817 + t * 0.000014)) * sin(anomaly) + (0.019993 - t * 0.000101) * sin(2 * anomaly)
      + 0.000289 * sin(3 * anomaly)
    let nutation = Nutation(centuries: t)
    let longitude =
      (meanLongitude + center + SolarCoordinates.perturbation(centuries: t) - 0.00569 + nutation.longitude) * radians
    let obliquity = (23.4392911 - t * (0.0130042 + t * 0.00000016) + nutation.obliquity) * radians
    rightAscensionDegrees = atan2(cos(obliquity) * sin(longitude), cos(longitude)) * degrees
    declination = asin(sin(obliquity) * sin(longitude))
    siderealDegrees = normalized(280.46061837 + 360.98564736629 * days + nutation.longitude * cos(obliquity))
    distance =
      1.000001018 * (1 - eccentricity * eccentricity) / (1 + eccentricity * cos(anomaly + center * radians))
  }
}

extension SolarCoordinates {
  /// Returns the perturbation of the sun's longitude by Venus, Jupiter and the Moon [degrees]; `t` is in centuries from
  /// J2000.0.
  fileprivate static func perturbation(centuries t: Double) -> Double {
    // The arguments count from 1900.
    let u = (t + 1) * radians
    return 0.00134 * cos(153.23 * radians + 22_518.7541 * u) + 0.00154 * cos(216.57 * radians + 45_037.5082 * u)
      + 0.002 * cos(312.69 * radians + 32_964.3577 * u) + 0.00179 * sin(350.74 * radians + 445_267.1142 * u)
      + 0.00178 * sin(231.19 * radians + 20.2 * u)
  }
}

/// Nutation of the Earth's axis, to half a second of arc (Meeus, chapter 22) [degrees].
private struct Nutation {
  let longitude: Double
  let obliquity: Double

  /// Calculates the nutation; `t` is in centuries from J2000.0.
  init(centuries t: Double) {
    let node = (125.04452 - 1934.136261 * t) * radians
    let sun = (280.4665 + 36_000.7698 * t) * radians
    let moon = (218.3165 + 481_267.8813 * t) * radians
    longitude = (-17.2 * sin(node) - 1.32 * sin(2 * sun) - 0.23 * sin(2 * moon) + 0.21 * sin(2 * node)) / 3600
    obliquity = (9.2 * cos(node) + 0.57 * cos(2 * sun) + 0.1 * cos(2 * moon) - 0.09 * cos(2 * node)) / 3600
  }
}

let radians = Double.pi / 180
let degrees = 180 / Double.pi

/// Returns the angle reduced to 0..<360 degrees.
private func normalized(_ angle: Double) -> Double {
  let rest = angle.truncatingRemainder(dividingBy: 360)
  return rest < 0 ? rest + 360 : rest
}
