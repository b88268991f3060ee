import Foundation
import LocalServers
import PlantModel
import PlantPhysics
import PlantTesting
import Testing
import WattlineTime

@Suite("wattline savings twin")
struct SavingsTwinCommandTests {
  /// Quantities that the building's file leaves open; all others are as in the made building.
  private static let building = """
    location: {latitude: 45, longitude: 0}
    building:
      area: 500
      lighting: 10.8 ± 10 %
      plugs: 9 to 12
      window_south: 25
      \(fixed)
    measures:
      - {name: lamps, changes: {lighting: "-50 %"}}
      - {name: set-points, changes: {heating_setpoint: "-1 K", cooling_setpoint: "+1 K"}, resized: true}

    """

  /// Other quantities, written as exact.
  private static let fixed: String = {
    var lines: [String] = []
    for quantity in BuildingQuantity.allCases {
      let profile = quantity.profile
      guard profile.spread > 0, ![.lighting, .plugs].contains(quantity) else { continue }
      lines.append("\(quantity.rawValue): \(profile.usual ?? 11) ± 0")
    }
    return lines.joined(separator: "\n  ")
  }()

  /// Recording of a year of a made building, with days of UTC.
  private static let recording: String = {
    let start = CivilTime(year: 2023, month: 1, day: 1).utc
    var (temperatures, irradiances): ([Double], [Double]) = ([], [])
    var random = SeededGenerator(seed: 2)
    var anomaly = 0.0
    for hour in 0..<8760 {
      if hour % 24 == 0 { anomaly = 0.7 * anomaly + 2.5 * random.normal() }
      temperatures.append(
        ((11 - 10 * cos(2 * Double.pi * Double(hour - 480) / 8760) + anomaly
          + 5 * cos(2 * Double.pi * Double(hour % 24 - 15) / 24)) * 100).rounded() / 100)
      let sun = SolarPosition(at: start + .seconds(3600 * Int64(hour) + 1800), latitude: 45, longitude: 0)
      irradiances.append((0.45 * sun.extraterrestrialIrradiance * sun.cosineOfZenith).rounded())
    }
    let weather = BuildingWeather(
      start: start, temperatures: temperatures, irradiances: irradiances, latitude: 45, longitude: 0)
    let values: [BuildingQuantity: Double] = [
      .area: 500, .lighting: 9.8, .plugs: 10, .windowSouth: 25, .groundTemperature: 11,
    ]
    let calendar = BuildingCalendar(
      hours: (0..<8760).map { $0 % 24 }, days: (0..<8760).map { max(0, ($0 / 24 + 6) % 7 - 4) })
    let use = BuildingModel(values: values, schedule: .office, heatingFuel: .gas).use(in: weather, calendar: calendar)
    var lines = ["time,elec_kwh,gas_kwh,temperature,irradiance"]
    for hour in 0..<8760 {
      let noise = 1 + 0.03 * random.normal()
      lines.append(
        "\(start + .seconds(3600 * Int64(hour))),\(use.electricity[hour] * noise),\(use.fuel[hour] * noise),"
          + "\(temperatures[hour]),\(irradiances[hour])")
    }
    return lines.joined(separator: "\n") + "\n"
  }()

  private func run(
    _ words: [String], building: String = building, further: [String: String] = [:]
  ) throws -> Program.Result {
    let folder = try TemporaryFolder(prefix: "wattline-twin")
    defer { folder.remove() }
    let files = ["office.yaml": building, "b.csv": Self.recording].merging(further) { $1 }
    for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)")) }
    return try Program.run(
      ["savings", "twin", "--building", folder.path + "/office.yaml", "--baseline", folder.path + "/b.csv"]
        + words.map { $0.replacingOccurrences(of: "FOLDER", with: folder.path) })
  }

  @Test func `measures of the file are predicted by month, as text and as JSON`() throws {
    let result = try run(["--json"])
    try #require(result.code == 0, "\(result)")
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let fits = try #require(document["fits"] as? [[String: Any]])
    #expect(fits.count == 2 && fits.allSatisfy { $0["is_accepted"] as? Bool == true })
    let parameters = try #require(document["parameters"] as? [[String: Any]])
    #expect(parameters.compactMap { $0["quantity"] as? String } == ["lighting", "plugs"])
    let lighting = try #require(parameters[0]["calibrated"] as? Double)
    #expect(abs(lighting - 9.8) < 0.3)
    let measures = try #require(document["measures"] as? [[String: Any]])
    #expect(measures.compactMap { $0["name"] as? String } == ["lamps", "set-points"])
    let months = try #require(measures[0]["months"] as? [[String: Any]])
    #expect(months.count == 12 && months[0]["month"] as? String == "2023-01")
    let saved = try #require((measures[0]["electricity"] as? [String: Any])?["saved_kwh"] as? Double)
    // Half the lamps of an office of 500 m² burn for 2,620 hours at full power, and spare some cooling.
    #expect(saved > 0.5 * 9.5 * 500 * 2.62 && saved < 0.65 * 10.1 * 500 * 2.62, "\(saved)")
  }

  @Test func `a change on the command line is predicted, and text has a table`() throws {
    let result = try run(["--change", "lighting=-20%"])
    try #require(result.code == 0, "\(result)")
    for word in ["accepted", "lighting=-20%", "2023-12", "learned", "electricity saved"] {
      #expect(result.output.contains(word), "\(word) in \(result.output)")
    }
  }

  @Test func `a model outside takes the place of the network`() throws {
    let script = """
      awk -F, -v f=$(grep -o '"lighting" : [0-9.]*' $2 | grep -o '[0-9.]*$') \
        'NR == 1 { print "electricity_kwh,fuel_kwh" } NR > 1 { print 1 + f / 10 "," 0.5 }' $1

      """
    let building = Self.building.replacingOccurrences(of: "  area: 500", with: "  area: 500\n  exec: [sh, FOLDER/m.sh]")
    let folder = try TemporaryFolder(prefix: "wattline-twin-exec")
    defer { folder.remove() }
    try Data(script.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/m.sh"))
    var lines = ["time,elec_kwh,temperature"]
    let start = CivilTime(year: 2023, month: 1, day: 1).utc
    for hour in 0..<8760 {
      lines.append("\(start + .seconds(3600 * Int64(hour))),\(2.08 + 0.01 * Double(hour % 3)),10")
    }
    let result = try run(
      ["--measure", "lamps", "--json"],
      building: building.replacingOccurrences(of: "FOLDER", with: folder.path),
      further: ["b.csv": lines.joined(separator: "\n") + "\n"])
    try #require(result.code == 0, "\(result)")
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let measure = try #require((document["measures"] as? [[String: Any]])?.first)
    let saved = try #require((measure["electricity"] as? [String: Any])?["saved_kwh"] as? Double)
    #expect(abs(saved - 0.54 * 8760) < 1)
    #expect((document["parameters"] as? [Any])?.isEmpty == true && document["irradiance"] as? String == "estimated")
  }

  @Test func `mistakes are told with what would be right`() throws {
    let cases: [(words: [String], building: String, message: String)] = [
      (["--change", "lightning=-5%"], Self.building, "a building has no quantity 'lightning'"),
      (["--measure", "roof"], Self.building, "has no measure 'roof'; it has lamps, set-points"),
      (["--change", "heating_setpoint=-5%"], Self.building, "write kelvin"),
      ([], "location: {latitude: 45, longitude: 0}\nbuilding: {lighting: 5}\n", "building needs 'area'"),
      ([], "location: {latitude: 45, longitude: 0}\nbuilding: {area: 5000}\n", "has no 'measures'"),
    ]
    for (words, building, message) in cases {
      let result = try run(words, building: building, further: ["b.csv": "time,elec_kwh,temperature\n"])
      #expect(result.code != 0 && result.errors.contains(message), "\(result)")
    }
    let missing = try Program.run(["savings", "twin"])
    #expect(
      missing.code == 2
        && missing.errors.contains("savings twin needs --building B.yaml and --baseline B.csv, or --plant P"))
  }
}
