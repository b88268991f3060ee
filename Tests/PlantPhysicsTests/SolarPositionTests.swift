import PlantModel
import PlantPhysics
import Testing

private func near(_ a: Double, _ b: Double, within tolerance: Double) -> Bool { abs(a - b) <= tolerance }

private func utc(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int = 0, _ second: Int = 0) -> Timestamp
{
  CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second).utc
}

@Suite("Solar position")
struct SolarPositionTests {
  @Test("NREL's worked example of the Solar Position Algorithm is met within 0.01°")
  func worksTheReferenceExample() {
    let sun = SolarPosition(
      at: utc(2003, 10, 17, 19, 30, 30), latitude: 39.742476, longitude: -105.1786, elevation: 1830.14)
    #expect(near(sun.zenithDegrees, 50.11162, within: 0.01))
    #expect(near(sun.azimuthDegrees, 194.34024, within: 0.01))
    #expect(near(sun.distance, 0.996542, within: 1e-4))
  }

  /// Moments from 1990 to 2040 on four continents, computed with NREL's Solar Position Algorithm at 1,010 hPa and 10 °C:
  /// apparent zenith and azimuth [degrees].
  static let reference: [(Timestamp, Double, Double, Double, Double)] = [
    (utc(2024, 3, 20, 12, 0), 0, 0, 1.8326, 85.4145),
    (utc(2024, 6, 21, 18, 0), 34.06, -117.45, 26.5826, 106.1442),
    (utc(2025, 12, 21, 11, 30), 48.14, 11.58, 71.6462, 184.3838),
    (utc(2026, 1, 15, 3, 0), -33.87, 151.21, 17.6789, 312.4919),
    (utc(2030, 9, 1, 15, 45), -22.9, -43.2, 33.5191, 336.1021),
    (utc(2019, 7, 4, 9, 10), 64.15, -21.94, 58.8900, 101.7117),
    (utc(2040, 11, 11, 4, 20), 1.35, 103.82, 20.2000, 159.7919),
    (utc(2000, 5, 5, 20, 0), 19.4, -99.1, 20.8652, 265.5412),
    (utc(1990, 2, 1, 14, 0), 51.48, 0.0, 72.3306, 206.6846),
  ]

  @Test("the Solar Position Algorithm is met within 0.01° over decades and continents", arguments: reference)
  func overDecades(moment: Timestamp, latitude: Double, longitude: Double, zenith: Double, azimuth: Double) {
    let sun = SolarPosition(at: moment, latitude: latitude, longitude: longitude)
    #expect(near(sun.zenithDegrees, zenith, within: 0.01))
    // Overhead a small angle on the sky is a wide one on the compass.
    #expect(
      near((sun.azimuthDegrees - azimuth) * (1 - sun.cosineOfZenith * sun.cosineOfZenith).squareRoot(), 0, within: 0.01)
    )
  }

  @Test("at the solstice the sun stands overhead at the tropic and north of it at the equator")
  func solstice() {
    // Solar noon at 0° E on 21 June 2023 is at 12:01:50 UTC.
    let tropic = SolarPosition(at: utc(2023, 6, 21, 12, 1, 50), latitude: 23.436, longitude: 0)
    #expect(tropic.zenithDegrees < 0.1)
    let equator = SolarPosition(at: utc(2023, 6, 21, 12, 1, 50), latitude: 0, longitude: 0)
    #expect(near(equator.zenithDegrees, 23.436, within: 0.03))
    #expect(near(equator.azimuthDegrees, 0, within: 0.5) || near(equator.azimuthDegrees, 360, within: 0.5))
  }

  @Test("refraction lifts the sun by half a degree at the horizon, by nothing overhead, and less in thin air")
  func refraction() {
    #expect(near(SolarPosition.refraction(elevationDegrees: 0), 0.4845, within: 0.005))
    #expect(SolarPosition.refraction(elevationDegrees: 90) < 1e-3)
    #expect(SolarPosition.refraction(elevationDegrees: -5) == 0)
    #expect(
      SolarPosition.refraction(elevationDegrees: 10, height: 2000) < SolarPosition.refraction(elevationDegrees: 10))
  }

  @Test(
    "every moment and place has finite angles in their ranges",
    arguments: [Timestamp.distantPast, Timestamp(nanoseconds: .max), utc(1950, 1, 1, 0), utc(2050, 7, 1, 12)])
  func extremes(moment: Timestamp) {
    for latitude in [-90.0, -45, 0, 45, 90] {
      for longitude in [-180.0, 0, 180] {
        let sun = SolarPosition(at: moment, latitude: latitude, longitude: longitude)
        #expect((0...180).contains(sun.zenithDegrees))
        #expect((0...360).contains(sun.azimuthDegrees))
      }
    }
  }
}

@Suite("Irradiance")
struct IrradianceTests {
  @Test(
    "clear-sky irradiance has the published values of Haurwitz's model",
    arguments: [
      (-20.0, 0.0), (0, 0), (5, 48.6298687941956), (10, 135.741748091813), (30, 487.894132885425),
      (50, 778.766689344363), (90, 1035.09203253450),
    ] as [(Double, Double)])
  func haurwitz(elevation: Double, expected: Double) {
    var sun = SolarPosition(at: utc(2020, 1, 1, 0), latitude: 0, longitude: 0)
    sun.zenithDegrees = 90 - elevation
    let ghi = Irradiance.clearSky(cosineOfZenith: elevation == 0 ? 0 : sun.cosineOfZenith)
    #expect(near(ghi, expected, within: 1e-6))
  }

  @Test("the diffuse share has the worked values of Erbs' fit", arguments: [(0.1, 0.991), (0.5, 0.6592), (0.9, 0.165)])
  func erbs(clearness: Double, expected: Double) {
    #expect(near(Irradiance.diffuseShare(clearnessIndex: clearness), expected, within: 2e-4))
  }

  @Test("direct and diffuse add up to global irradiance, and a horizontal plane receives it")
  func closure() {
    for hour in 0..<24 {
      let sun = SolarPosition(at: utc(2023, 5, 3, hour), latitude: 48, longitude: 11)
      let ghi = 0.8 * Irradiance.clearSky(cosineOfZenith: sun.cosineOfZenith)
      let parts = Irradiance.split(global: ghi, sun: sun)
      #expect(near(parts.diffuse + parts.directNormal * sun.cosineOfZenith, ghi, within: 1e-9))
      let flat = TiltedPlane(tiltDegrees: 0, azimuthDegrees: 180).irradiance(parts, sun: sun)
      if sun.elevationDegrees > 1 { #expect(near(flat, ghi, within: 1e-6)) }
    }
  }

  @Test("a plane that faces the sun sees it straight on, one that faces away not at all")
  func incidence() {
    var sun = SolarPosition(at: utc(2023, 3, 21, 12), latitude: 45, longitude: 0)
    sun.zenithDegrees = 45
    sun.azimuthDegrees = 180
    #expect(near(TiltedPlane(tiltDegrees: 45, azimuthDegrees: 180).cosineOfIncidence(sun), 1, within: 1e-12))
    #expect(TiltedPlane(tiltDegrees: 90, azimuthDegrees: 0).cosineOfIncidence(sun) == 0)
    let south = TiltedPlane(tiltDegrees: 45, azimuthDegrees: 180)
    let north = TiltedPlane(tiltDegrees: 45, azimuthDegrees: 0)
    let parts = Irradiance.split(global: 600, sun: sun)
    #expect(south.irradiance(parts, sun: sun) > 2 * north.irradiance(parts, sun: sun))
  }
}
