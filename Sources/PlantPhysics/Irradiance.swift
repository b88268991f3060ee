import Glibc

/// Irradiance at the ground, from the position of the sun.
public enum Irradiance {
  /// Returns the global horizontal irradiance under a clear sky [W/m²] (B. Haurwitz, 1945): `1098 cos z exp(−0.059 /
  /// cos z)`.
  ///
  /// Worked values: 1035.09 with the sun overhead, 487.89 at a zenith of 60°, 0 below the horizon.
  public static func clearSky(cosineOfZenith cosine: Double) -> Double {
    cosine > 0 ? 1098 * cosine * exp(-0.059 / cosine) : 0
  }

  /// Returns the diffuse share of the global irradiance, 0...1 (D. Erbs, S. Klein and J. Duffie, 1982).
  ///
  /// The clearness index `kt` is the global irradiance divided by the horizontal irradiance outside the atmosphere.
  ///
  /// Worked values: 0.9910 at 0.1, 0.6592 at 0.5, 0.165 at 0.9.
  public static func diffuseShare(clearnessIndex kt: Double) -> Double {
    if kt <= 0.22 { return 1 - 0.09 * max(0, kt) }
    if kt > 0.8 { return 0.165 }
    return 0.9511 + kt * (-0.1604 + kt * (4.388 + kt * (-16.638 + kt * 12.336)))
  }

  /// Splits global horizontal irradiance [W/m²] into its diffuse and direct normal parts.
  ///
  /// Direct and diffuse always add up to the global irradiance: `ghi = dhi + dni cos z`. If the sun is less than
  /// 1° above the horizon all of it counts as diffuse, since division by so small a cosine is unreliable.
  public static func split(global ghi: Double, sun: SolarPosition) -> IrradianceComponents {
    let cosine = sun.cosineOfZenith
    guard ghi > 0, cosine > 0.01745 else { return IrradianceComponents(global: max(0, ghi), diffuse: max(0, ghi)) }
    let kt = ghi / (sun.extraterrestrialIrradiance * cosine)
    let diffuse = ghi * diffuseShare(clearnessIndex: kt)
    return IrradianceComponents(global: ghi, diffuse: diffuse, directNormal: (ghi - diffuse) / cosine)
  }
}

/// The parts of the irradiance at the ground [W/m²].
public struct IrradianceComponents: Hashable, Sendable {
  /// Global irradiance on a horizontal plane.
  public var global: Double
  /// Diffuse irradiance from the sky, on a horizontal plane.
  public var diffuse: Double
  /// Direct irradiance from the sun's disc, on a plane that faces it.
  public var directNormal: Double

  /// Creates the parts [W/m²]; without arguments, those of a dark night.
  ///
  /// - Parameters:
  ///   - global: Global irradiance on a horizontal plane.
  ///   - diffuse: Diffuse irradiance on a horizontal plane.
  ///   - directNormal: Direct irradiance on a plane that faces the sun.
  public init(global: Double = 0, diffuse: Double = 0, directNormal: Double = 0) {
    self.global = global
    self.diffuse = diffuse
    self.directNormal = directNormal
  }
}

/// A plane with a tilt and an orientation.
public struct TiltedPlane: Hashable, Sendable {
  /// Inclination from horizontal [degrees], 0...90.
  public var tiltDegrees: Double
  /// Orientation [degrees from north, clockwise], 0...360.
  public var azimuthDegrees: Double
  /// Share of light that the ground reflects, 0...1; 0.2 for grass.
  public var albedo: Double

  /// Creates a plane.
  ///
  /// - Parameters:
  ///   - tiltDegrees: Inclination from horizontal [degrees], 0...90.
  ///   - azimuthDegrees: Orientation [degrees from north, clockwise], 0...360.
  ///   - albedo: Share of light that the ground reflects, 0...1.
  public init(tiltDegrees: Double, azimuthDegrees: Double, albedo: Double = 0.2) {
    self.tiltDegrees = tiltDegrees
    self.azimuthDegrees = azimuthDegrees
    self.albedo = albedo
  }

  /// Returns the cosine of the angle between the sun's rays and the plane's normal; 0 if the sun is behind the plane.
  ///
  /// Worked value: at zenith 45° and azimuth 180°, a plane tilted by 45° to the south has 1.
  public func cosineOfIncidence(_ sun: SolarPosition) -> Double {
    let zenith = sun.zenithDegrees * radians
    let tilt = tiltDegrees * radians
    let turn = (sun.azimuthDegrees - azimuthDegrees) * radians
    return max(0, cos(zenith) * cos(tilt) + sin(zenith) * sin(tilt) * cos(turn))
  }

  /// Returns the irradiance on the plane [W/m²] (J. Hay and J. Davies, 1980): beam, circumsolar and isotropic sky,
  /// ground.
  ///
  /// Worked value: a horizontal plane receives the global irradiance.
  public func irradiance(_ parts: IrradianceComponents, sun: SolarPosition) -> Double {
    guard parts.global > 0 else { return 0 }
    let incidence = cosineOfIncidence(sun)
    let anisotropy = min(1, parts.directNormal / sun.extraterrestrialIrradiance)
    // The sun's height is limited to at least 1° here, as in `split`.
    let ratio = incidence / max(0.01745, sun.cosineOfZenith)
    let skyView = (1 + cos(tiltDegrees * radians)) / 2
    let sky = parts.diffuse * (anisotropy * ratio + (1 - anisotropy) * skyView)
    return parts.directNormal * incidence + sky + parts.global * albedo * (1 - skyView)
  }
}
