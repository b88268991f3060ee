import Glibc
import PlantModel

/// Where the sun stands, seen from a place.
///
/// Low-precision solar coordinates of J. Meeus, "Astronomical Algorithms", 2nd ed., chapters 12, 13, 16 and 25, with
/// parallax and refraction; within 0.02° of NREL's SPA for the years 1950 to 2050 while the sun is up.
///
/// Worked value (NREL/TP-560-34302, table A5.1): 2003-10-17 12:30:30 −07:00 at 39.742476° N, 105.1786° W, 1,830 m has
/// zenith 50.1116° and azimuth 194.3402°.
public struct SolarPosition: Hashable, Sendable {
  /// Angle from straight up, refraction included [degrees], 0...180.
  public var zenithDegrees: Double
  /// Direction from north, clockwise [degrees], 0..<360.
  public var azimuthDegrees: Double
  /// Distance from the Earth [astronomical units].
  public var distance: Double

  /// Height above the horizon [degrees]; negative at night.
  public var elevationDegrees: Double { 90 - zenithDegrees }
  /// Cosine of the zenith, 0 when the sun is down.
  public var cosineOfZenith: Double { max(0, cos(zenithDegrees * radians)) }
  /// Irradiance outside the atmosphere on a plane that faces the sun [W/m²], with a solar constant of 1,361 W/m².
  public var extraterrestrialIrradiance: Double { 1361 / (distance * distance) }

  /// The sun at a moment, seen from a place.
  public init(at moment: Timestamp, location: Location) {
    self.init(
      at: moment, latitude: location.latitude, longitude: location.longitude, elevation: location.elevation)
  }

  /// The sun at a moment, seen from a latitude and longitude [degrees, north and east positive] and a height [m].
  public init(at moment: Timestamp, latitude: Double, longitude: Double, elevation: Double = 0) {
    let sun = SolarCoordinates(at: moment)
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

  /// How much the air lifts the sun [degrees] (G. Sæmundsson, 1986), for the standard pressure at a height [m].
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
  /// In radians.
  var declination: Double
  /// Apparent sidereal time at Greenwich.
  var siderealDegrees: Double
  /// In astronomical units.
  var distance: Double

  init(at moment: Timestamp) {
    // Days from J2000.0, 2000-01-01 12:00; terrestrial time is about 69 s ahead of UTC in these decades.
    let days = Double(moment.milliseconds - 946_728_000_000) / 86_400_000
    let t = (days + 69.0 / 86_400) / 36_525
    let meanLongitude = 280.46646 + t * (36_000.76983 + t * 0.0003032)
    let anomaly = (357.52911 + t * (35_999.05029 - t * 0.0001537)) * radians
    let eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267)
    let center =
      (1.914602 - t * (0.004817 + t * 0.000014)) * sin(anomaly) + (0.019993 - t * 0.000101) * sin(2 * anomaly)
      + 0.000289 * sin(3 * anomaly)
    let node = (125.04 - 1934.136 * t) * radians
    let longitude = (meanLongitude + center - 0.00569 - 0.00478 * sin(node)) * radians
    let obliquity = (23.4392911 - t * (0.0130042 + t * 0.00000016) + 0.00256 * cos(node)) * radians
    rightAscensionDegrees = atan2(cos(obliquity) * sin(longitude), cos(longitude)) * degrees
    declination = asin(sin(obliquity) * sin(longitude))
    siderealDegrees = normalized(280.46061837 + 360.98564736629 * days - 0.00478 * sin(node) * cos(obliquity))
    distance =
      1.000001018 * (1 - eccentricity * eccentricity) / (1 + eccentricity * cos(anomaly + center * radians))
  }
}

let radians = Double.pi / 180
let degrees = 180 / Double.pi

/// The same direction in 0..<360 degrees.
private func normalized(_ angle: Double) -> Double {
  let rest = angle.truncatingRemainder(dividingBy: 360)
  return rest < 0 ? rest + 360 : rest
}
