import PlantModel
import PlantPhysics
import Testing
import WattlineTime

@testable import PlantSimulation

@Suite("Weather")
struct WeatherModelTests {
  @Test func `a northern January is colder than its July, a southern one warmer, and heights are colder`() {
    func mean(_ latitude: Double, day: Int, elevation: Double = 0) -> Double {
      WeatherModel.dailyMean(
        location: Location(latitude: latitude, longitude: 0, timezone: "UTC", elevation: elevation), dayOfYear: day)
    }
    #expect(abs(mean(52, day: 20) - 0.7) < 0.05)
    #expect(abs(mean(52, day: 203) - 23.5) < 0.1)
    #expect(mean(-34, day: 20) > mean(-34, day: 203) + 10)
    #expect(abs(mean(40, day: 100) - mean(40, day: 100, elevation: 1000) - 6.5) < 1e-9)
  }

  @Test
  func `over two years all kinds of sky occur, and irradiance never passes that of a clear sky by more than 5 %`() {
    let location = Location(latitude: 48, longitude: 11, timezone: "UTC")
    var model = WeatherModel(location: location, seed: 1)
    var skies: [WeatherModel.Sky: Int] = [:]
    var timestamp = CivilTime(year: 2024, month: 1, day: 1).utc
    for _ in 0..<730 * 24 {
      let sun = SolarPosition(at: timestamp, location: location)
      let weather = model.advance(to: timestamp, by: 3600, sun: sun)
      let clear = Irradiance.clearSky(cosineOfZenith: sun.cosineOfZenith)
      #expect(weather.irradiance.global >= 0 && weather.irradiance.global <= 1.05 * clear + 1e-9)
      skies[model.sky, default: 0] += 1
      timestamp += .hour
    }
    for sky in WeatherModel.Sky.allCases { #expect(skies[sky, default: 0] > 730 * 24 / 10) }
  }
}
