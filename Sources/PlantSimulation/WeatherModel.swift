import Glibc
import PlantModel
import PlantPhysics
import WattlineTime

/// The weather at a time.
struct Weather {
  /// Air temperature [°C].
  var temperature = 15.0
  /// Relative humidity [%].
  var humidity = 60.0
  /// Wind speed at 10 m [m/s].
  var wind = 3.0
  /// Irradiance at the ground.
  var irradiance = IrradianceComponents()
  /// Whether it rains: for half an hour at the start of overcast days with an even date.
  var isRaining = false
}

/// Plausible weather for a latitude, season and hour, with varying days and passing clouds.
///
/// The type of sky (clear, broken, overcast) is a Markov chain with steps of a day. Under a broken sky single clouds
/// pass for minutes each; their edges are smoothed over a minute and a half. Temperature is an annual and a daily
/// course with a deviation that lasts for days. Every process is sampled exactly, so that results are valid for any
/// step length.
struct WeatherModel {
  enum Sky: Int, CaseIterable { case clear, broken, overcast }

  private(set) var sky = Sky.clear
  private var generator: SeededGenerator
  private var day: Int?
  private var isCloudInFront = false
  private var transmission: Double?
  private var haze = AutoregressiveNoise(standardDeviation: 1, timeConstant: 7200)
  private var warmth = AutoregressiveNoise(standardDeviation: 3, timeConstant: 2 * 86_400)
  private var windiness = AutoregressiveNoise(standardDeviation: 1, timeConstant: 6 * 3600)
  private var gusts = AutoregressiveNoise(standardDeviation: 0.12, timeConstant: 60)
  private let location: Location

  init(location: Location, seed: UInt64) {
    self.location = location
    generator = SeededGenerator(seed: seed, name: "weather")
  }

  /// Returns the weather at a time.
  ///
  /// - Parameters:
  ///   - timestamp: the time.
  ///   - seconds: time since the previous call [s].
  ///   - sun: position of the sun.
  mutating func advance(to timestamp: Timestamp, by seconds: Double, sun: SolarPosition) -> Weather {
    let solar = CivilTime(utc: timestamp + .seconds(Int64(location.longitude * 240)))
    changeDay(CivilTime.daysSinceEpoch(year: solar.year, month: solar.month, day: solar.day))
    let clearness = advanceClouds(by: seconds)
    let ghi = Irradiance.clearSky(cosineOfZenith: sun.cosineOfZenith) * clearness
    windiness.advance(by: seconds, using: &generator)
    gusts.advance(by: seconds, using: &generator)
    warmth.advance(by: seconds, using: &generator)
    let mean = WeatherModel.dailyMean(location: location, dayOfYear: solar.dayOfYear)
    // The warmest hour is three hours after noon; clear days have a larger daily range.
    let swing = [6.0, 4.5, 2.0][sky.rawValue] * cos((Double(solar.secondOfDay) / 3600 - 15) / 24 * 2 * .pi)
    let temperature = min(50, max(-45, mean + warmth.value + swing))
    let humidity = [55.0, 65, 82][sky.rawValue] - 2.5 * swing + 2 * haze.value
    return Weather(
      temperature: temperature, humidity: min(100, max(8, humidity)),
      wind: min(40, max(0, 4.5 * exp(0.45 * windiness.value) * (1 + gusts.value))),
      irradiance: Irradiance.split(global: ghi, sun: sun),
      isRaining: sky == .overcast && solar.hour == 0 && solar.minute < 30 && solar.day % 2 == 0)
  }

  /// Returns the mean air temperature of a day [°C] by latitude, elevation and season: a fit by eye to climate tables.
  ///
  /// Worked value: 52° N at sea level has 23.5 °C at the end of July's third week and 0.7 °C at that of January's.
  static func dailyMean(location: Location, dayOfYear: Int) -> Double {
    let latitude = abs(location.latitude)
    let season = cos(2 * .pi * Double(dayOfYear - 20) / 365.25) * (location.latitude < 0 ? -1 : 1)
    return 27 - 0.0055 * latitude * latitude - 0.22 * latitude * season - 0.0065 * max(0, location.elevation)
  }

  private mutating func changeDay(_ number: Int) {
    guard number != day else { return }
    let isFirst = day == nil
    day = number
    // Rows: clear, broken, overcast today; columns likewise for tomorrow. The first day uses the long-run shares.
    let odds = [[0.6, 0.3, 0.1], [0.3, 0.45, 0.25], [0.2, 0.4, 0.4]]
    let row = isFirst ? [0.4, 0.4, 0.2] : odds[sky.rawValue]
    let draw = generator.uniform()
    sky = draw < row[0] ? .clear : draw < row[0] + row[1] ? .broken : .overcast
  }

  private mutating func advanceClouds(by seconds: Double) -> Double {
    let (base, spread, gap, passage): (Double, Double, Double, Double) =
      switch sky {
      case .clear: (1, 0.02, 3 * 3600, 150)
      case .broken: (0.97, 0.05, 480, 420)
      case .overcast: (0.3, 0.09, 1e9, 60)
      }
    haze.advance(by: seconds, using: &generator)
    let change = 1 - exp(-seconds / (isCloudInFront ? passage : gap))
    if generator.uniform() < change { isCloudInFront.toggle() }
    let target = max(0.05, min(1.05, base + spread * haze.value)) * (isCloudInFront ? 0.35 : 1)
    let kept = exp(-seconds / 90)
    let smooth = (transmission ?? target) * kept + target * (1 - kept)
    transmission = smooth
    return smooth
  }
}
