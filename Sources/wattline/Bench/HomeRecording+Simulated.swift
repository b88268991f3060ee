import DispatchPolicy
import PlantModel
import PlantSimulation
import WattlineTime

extension HomeRecording {
  /// Returns simulated homes with solar power and an evening peak price, as hourly recordings.
  ///
  /// They replace recordings if there are none.
  static func simulated(count: Int, days: Int = 365) -> [HomeRecording] {
    (1...count).map { number in simulated(seed: UInt64(number), days: days) }
  }

  private static func simulated(seed: UInt64, days: Int) -> HomeRecording {
    var roof = Asset(name: "pv1", kind: .pv)
    roof.capacityKilowatts = 4
    var house = Asset(name: "load", kind: .load)
    house.capacityKilowatts = 4
    let plant = Plant(
      name: "home", location: Location(latitude: 34.06, longitude: -117.45, timezone: "Etc/GMT+8"),
      assets: [roof, house, Asset(name: "grid", kind: .grid)])
    let start = CivilTime(year: 2025, month: 1, day: 1).utc + .hours(8)
    var simulator = PlantSimulator(plant: plant, seed: seed, start: start, step: .hour)
    var home = HomeRecording(name: "simulated_\(seed)")
    for hour in 0..<24 * days {
      let time = start + .hours(Int64(hour))
      var power: [String: Double] = [:]
      for reading in simulator.advance() where reading.sensor == "power" { power[reading.asset] = reading.value }
      let local = CivilTime(utc: time - .hours(8))
      home.append(
        at: time, local: local, load: power["load"] ?? 0, generation: power["pv1"] ?? 0,
        price: (16..<21).contains(local.hour) ? 0.54 : 0.21)
    }
    return home
  }
}
