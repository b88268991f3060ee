public import PlantModel
public import PlantPhysics
public import WattlineTime

/// The irradiance on a plane under a clear sky, known for every slot, past or future.
///
/// It is Haurwitz' clear sky, split and projected on the plane as in the twin; see ``PlantPhysics/Irradiance``.
public struct ClearSky: Sendable, Hashable {
  /// Location of the plane.
  public var location: Location
  /// Orientation of the plane.
  public var plane: TiltedPlane

  /// Creates the clear sky over a plane at a location.
  public init(location: Location, plane: TiltedPlane) {
    self.location = location
    self.plane = plane
  }

  /// Returns the irradiance on the plane at a time [W/m²].
  public func irradiance(at timestamp: Timestamp) -> Double {
    let sun = SolarPosition(at: timestamp, location: location)
    let global = Irradiance.clearSky(cosineOfZenith: sun.cosineOfZenith)
    return plane.irradiance(Irradiance.split(global: global, sun: sun), sun: sun)
  }
}
