import Glibc
import PlantPhysics
import WattlineTime

@testable import Savings

/// Days of a made office: base by day type, heating below 14 °C, cooling above 20 °C, and noise with memory.
struct SyntheticMeter {
  var work = 100.0
  var rest = 40.0
  var heating = 0.0
  var cooling = 4.0
  /// Noise of a day [kWh]; a part of 0.7 carries over to the next day.
  var noise = 3.0
  /// Added use by date.
  var added: (Int) -> Double = { _ in 0 }
  var holidays: Set<Int> = []

  /// Returns a year of days.
  func days(year: Int = 2021, count: Int = 365, seed: UInt64) -> [MeterDay] {
    var random = SplitMix64(seed: seed)
    let start = CivilTime.daysSinceEpoch(year: year, month: 1, day: 1)
    var (memory, air) = (0.0, 0.0)
    return (0..<count).map { place in
      let date = start + place
      air = 0.7 * air + 2 * normal(&random)
      memory = 0.7 * memory + noise * 0.714 * normal(&random)
      let temperature = 14 - 9 * cos(2 * Double.pi * Double(place) / 365) + air
      let isRest = MeterDay.weekday(date) > 4 || holidays.contains(date)
      let weather = heating * max(0, 14 - temperature) + cooling * max(0, temperature - 20)
      return MeterDay(
        date: date, use: (isRest ? rest : work) + weather + memory + added(date), temperature: temperature)
    }
  }

  private func normal(_ random: inout SplitMix64) -> Double {
    let (a, b) = (Double.random(in: 1e-12..<1, using: &random), Double.random(in: 0..<1, using: &random))
    return sqrt(-2 * log(a)) * cos(2 * Double.pi * b)
  }
}
