import Foundation
import PlantModel
import PlantPhysics
import Savings
import WattlineTime

/// Program that simulates a building in the place of the thermal network, such as EnergyPlus behind a script.
///
/// It is given two paths after its own arguments. The first is a CSV of the hours: time, temperature [°C] and
/// irradiance [W/m²]. The second is a JSON object of all quantities by name, with the changes of the measure made, and
/// the changes themselves under `changes`. It prints CSV with a heading: `electricity_kwh` and `fuel_kwh`, one row for
/// each hour.
struct OutsideModel {
  /// Longest run [s].
  private static let longest = 1200.0

  private let building: BuildingDescription

  init(_ building: BuildingDescription) { self.building = building }

  /// Runs the program.
  ///
  /// - Parameters:
  ///   - period: Hours with their weather.
  ///   - changes: Changes by the measure.
  func use(in period: TwinPeriod, changes: TwinChanges) throws -> BuildingUse {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wattline-twin-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (weather, quantities, output) = (
      folder.appendingPathComponent("weather.csv"), folder.appendingPathComponent("building.json"),
      folder.appendingPathComponent("use.csv")
    )
    try Data(Self.rows(period.weather).utf8).write(to: weather)
    try Data(document(changes).utf8).write(to: quantities)
    try Data().write(to: output)
    try run(building.program + [weather.path, quantities.path], output: output)
    return try Self.parsed(String(contentsOf: output, encoding: .utf8), count: period.count, program: name)
  }

  private var name: String { building.program.joined(separator: " ") }

  private static func rows(_ weather: BuildingWeather) -> String {
    var text = "time,temperature,irradiance\n"
    for place in 0..<weather.count {
      text += "\(weather.start + .hours(Int64(place))),\(weather.temperatures[place]),\(weather.roof[place])\n"
    }
    return text
  }

  private func document(_ changes: TwinChanges) throws -> String {
    var values = building.values
    for (quantity, change) in changes.quantities { values[quantity] = change.applied(to: values[quantity] ?? 0) }
    var object: [String: Any] = [:]
    for (quantity, value) in values { object[quantity.rawValue] = value }
    object["heating_fuel"] = building.heatingFuel.rawValue
    object["resized"] = changes.isResized
    object["changes"] = Dictionary(
      uniqueKeysWithValues: changes.quantities.map { ($0.quantity.rawValue, $0.change.words) })
    let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .prettyPrinted])
    return String(decoding: data, as: UTF8.self)
  }

  private func run(_ words: [String], output: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    let end = Date(timeIntervalSinceNow: Self.longest)
    while process.isRunning, Date() < end { usleep(10_000) }
    if process.isRunning {
      process.terminate()
      throw Failure(description: "the model '\(name)' did not end within \(Int(Self.longest)) s")
    }
    guard process.terminationStatus == 0 else {
      throw Failure(
        description: "the model '\(name)' failed with code \(process.terminationStatus); its words are above")
    }
  }

  private static func parsed(_ text: String, count: Int, program: String) throws -> BuildingUse {
    let lines = text.split(whereSeparator: \.isNewline)
    let heading = lines.first?.split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    guard let heading, let electricity = heading.firstIndex(of: "electricity_kwh") else {
      throw Failure(
        description: "the model '\(program)' printed no heading with electricity_kwh and perhaps fuel_kwh, but "
          + "'\(lines.first?.prefix(60) ?? "")'")
    }
    guard lines.count == count + 1 else {
      throw Failure(description: "the model '\(program)' printed \(lines.count - 1) rows for \(count) hours")
    }
    let fuel = heading.firstIndex(of: "fuel_kwh")
    var use = BuildingUse(hours: count)
    for (place, line) in lines.dropFirst().enumerated() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map {
        Double($0.trimmingCharacters(in: .whitespaces))
      }
      func value(_ column: Int) -> Double? { column < cells.count ? cells[column] : nil }
      guard let power = value(electricity), power.isFinite, let gas = fuel.map({ value($0) }) ?? 0, gas.isFinite
      else {
        throw Failure(
          description:
            "the model '\(program)' printed '\(line.prefix(60))' in row \(place + 1), which is no use of an hour"
        )
      }
      (use.electricity[place], use.fuel[place]) = (power, gas)
    }
    return use
  }
}
