import PlantModel
import PlantPhysics
import Testing
import WattlineTime

private func near(_ a: Double, b: Double, within tolerance: Double) -> Bool { abs(a - b) <= tolerance }

private func utc(_ year: Int, month: Int, day: Int, hour: Int, minute: Int = 0, second: Int = 0) -> Timestamp {
  CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second).utc
}

@Suite("Solar position")
struct SolarPositionTests {
  @Test func `NREL's worked example of the Solar Position Algorithm is met within 0.01°`() {
    let sun = SolarPosition(
      at: utc(2003, month: 10, day: 17, hour: 19, minute: 30, second: 30), latitude: 39.742476, longitude: -105.1786,
      elevation: 1830.14)
    #expect(near(sun.zenithDegrees, b: 50.11162, within: 0.01))
    #expect(near(sun.azimuthDegrees, b: 194.34024, within: 0.01))
    #expect(near(sun.distance, b: 0.996542, within: 1e-4))
  }

  /// Moments from 1990 to 2040 on four continents, computed with NREL's Solar Position Algorithm at 1,010 hPa and 10
  /// °C: apparent zenith and azimuth [degrees].
  static let reference: [(Timestamp, Double, Double, Double, Double)] = [
    (utc(2024, month: 3, day: 20, hour: 12, minute: 0), 0, 0, 1.8326, 85.4145),
    (utc(2024, month: 6, day: 21, hour: 18, minute: 0), 34.06, -117.45, 26.5826, 106.1442),
    (utc(2025, month: 12, day: 21, hour: 11, minute: 30), 48.14, 11.58, 71.6462, 184.3838),
    (utc(2026, month: 1, day: 15, hour: 3, minute: 0), -33.87, 151.21, 17.6789, 312.4919),
    (utc(2030, month: 9, day: 1, hour: 15, minute: 45), -22.9, -43.2, 33.5191, 336.1021),
    (utc(2019, month: 7, day: 4, hour: 9, minute: 10), 64.15, -21.94, 58.8900, 101.7117),
    (utc(2040, month: 11, day: 11, hour: 4, minute: 20), 1.35, 103.82, 20.2000, 159.7919),
    (utc(2000, month: 5, day: 5, hour: 20, minute: 0), 19.4, -99.1, 20.8652, 265.5412),
    (utc(1990, month: 2, day: 1, hour: 14, minute: 0), 51.48, 0.0, 72.3306, 206.6846),
  ]

  @Test(arguments: reference)
  func `the Solar Position Algorithm is met within 0.01° over decades and continents`(
    timestamp: Timestamp, latitude: Double, longitude: Double, zenith: Double, azimuth: Double
  ) {
    let sun = SolarPosition(at: timestamp, latitude: latitude, longitude: longitude)
    #expect(near(sun.zenithDegrees, b: zenith, within: 0.01))
    // Overhead a small angle on the sky is a wide one on the compass.
    #expect(
      near(
        (sun.azimuthDegrees - azimuth) * (1 - sun.cosineOfZenith * sun.cosineOfZenith).squareRoot(), b: 0, within: 0.01)
    )
  }

  @Test func `at the solstice the sun stands overhead at the tropic and north of it at the equator`() {
    // Solar noon at 0° E on 21 June 2023 is at 12:01:50 UTC.
    let tropic = SolarPosition(
      at: utc(2023, month: 6, day: 21, hour: 12, minute: 1, second: 50), latitude: 23.436, longitude: 0)
    #expect(tropic.zenithDegrees < 0.1)
    let equator = SolarPosition(
      at: utc(2023, month: 6, day: 21, hour: 12, minute: 1, second: 50), latitude: 0, longitude: 0)
    #expect(near(equator.zenithDegrees, b: 23.436, within: 0.03))
    #expect(near(equator.azimuthDegrees, b: 0, within: 0.5) || near(equator.azimuthDegrees, b: 360, within: 0.5))
  }

  @Test func `refraction lifts the sun by half a degree at the horizon, by nothing overhead, and less in thin air`() {
    #expect(near(SolarPosition.refraction(elevationDegrees: 0), b: 0.4845, within: 0.005))
    #expect(SolarPosition.refraction(elevationDegrees: 90) < 1e-3)
    #expect(SolarPosition.refraction(elevationDegrees: -5) == 0)
    #expect(
      SolarPosition.refraction(elevationDegrees: 10, height: 2000) < SolarPosition.refraction(elevationDegrees: 10))
  }

  @Test(arguments: [
    Timestamp.distantPast, Timestamp(nanoseconds: .max), utc(1950, month: 1, day: 1, hour: 0),
    utc(2050, month: 7, day: 1, hour: 12),
  ])
  func `every moment and place has finite angles in their ranges`(timestamp: Timestamp) {
    for latitude in [-90.0, -45, 0, 45, 90] {
      for longitude in [-180.0, 0, 180] {
        let sun = SolarPosition(at: timestamp, latitude: latitude, longitude: longitude)
        #expect((0...180).contains(sun.zenithDegrees))
        #expect((0...360).contains(sun.azimuthDegrees))
      }
    }
  }
}

@Suite("Irradiance")
struct IrradianceTests {
  @Test(
    arguments: [
      (-20.0, 0.0), (0, 0), (5, 48.6298687941956), (10, 135.741748091813), (30, 487.894132885425),
      (50, 778.766689344363), (90, 1035.09203253450),
    ] as [(Double, Double)])
  func `clear-sky irradiance has the published values of Haurwitz's model`(elevation: Double, expected: Double) {
    var sun = SolarPosition(at: utc(2020, month: 1, day: 1, hour: 0), latitude: 0, longitude: 0)
    sun.zenithDegrees = 90 - elevation
    let ghi = Irradiance.clearSky(cosineOfZenith: elevation == 0 ? 0 : sun.cosineOfZenith)
    #expect(near(ghi, b: expected, within: 1e-6))
  }

  @Test(arguments: [(0.1, 0.991), (0.5, 0.6592), (0.9, 0.165)])
  func `the diffuse share has the worked values of Erbs' fit`(clearness: Double, expected: Double) {
    #expect(near(Irradiance.diffuseShare(clearnessIndex: clearness), b: expected, within: 2e-4))
  }

  @Test func `direct and diffuse add up to global irradiance, and a horizontal plane receives it`() {
    for hour in 0..<24 {
      let sun = SolarPosition(at: utc(2023, month: 5, day: 3, hour: hour), latitude: 48, longitude: 11)
      let ghi = 0.8 * Irradiance.clearSky(cosineOfZenith: sun.cosineOfZenith)
      let parts = Irradiance.split(global: ghi, sun: sun)
      #expect(near(parts.diffuse + parts.directNormal * sun.cosineOfZenith, b: ghi, within: 1e-9))
      let flat = TiltedPlane(tiltDegrees: 0, azimuthDegrees: 180).irradiance(parts, sun: sun)
      if sun.elevationDegrees > 1 { #expect(near(flat, b: ghi, within: 1e-6)) }
    }
  }

  @Test func `a plane that faces the sun sees it straight on, one that faces away not at all`() {
    var sun = SolarPosition(at: utc(2023, month: 3, day: 21, hour: 12), latitude: 45, longitude: 0)
    sun.zenithDegrees = 45
    sun.azimuthDegrees = 180
    #expect(near(TiltedPlane(tiltDegrees: 45, azimuthDegrees: 180).cosineOfIncidence(sun), b: 1, within: 1e-12))
    #expect(TiltedPlane(tiltDegrees: 90, azimuthDegrees: 0).cosineOfIncidence(sun) == 0)
    let south = TiltedPlane(tiltDegrees: 45, azimuthDegrees: 180)
    let north = TiltedPlane(tiltDegrees: 45, azimuthDegrees: 0)
    let parts = Irradiance.split(global: 600, sun: sun)
    #expect(south.irradiance(parts, sun: sun) > 2 * north.irradiance(parts, sun: sun))
  }
}
