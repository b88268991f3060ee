import PlantModel
import PlantPhysics

/// What a plane would receive of the sun if no cloud were there: known for every slot, past or to come.
///
/// Haurwitz' clear sky, split and laid on the plane as the twin does; see ``PlantPhysics/Irradiance``.
public struct ClearSky: Sendable, Hashable {
  /// Where the plane is.
  public var location: Location
  /// How it stands.
  public var plane: TiltedPlane

  /// A plane at a place.
  public init(location: Location, plane: TiltedPlane) {
    self.location = location
    self.plane = plane
  }

  /// Irradiance on the plane [W/m²] at a moment.
  public func irradiance(at moment: Timestamp) -> Double {
    let sun = SolarPosition(at: moment, location: location)
    let global = Irradiance.clearSky(cosineOfZenith: sun.cosineOfZenith)
    return plane.irradiance(Irradiance.split(global: global, sun: sun), sun: sun)
  }
}
