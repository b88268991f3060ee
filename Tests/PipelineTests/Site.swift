import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantConfig
import PlantModel
import PlantTesting
import Settings
import WattlineTime

@testable import Pipeline

/// A broker, a database and a folder of configuration that last as long as a test.
final class Site {
  let broker: LocalBroker
  let influx: LocalInflux
  let folder: String
  let publisher: Publisher

  init(
    influx options: LocalInflux.Options = LocalInflux.Options(), broker rules: LocalBroker.Options = .init()
  ) throws {
    broker = try LocalBroker.started(options: rules)
    influx = try LocalInflux.started(options: options)
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("wattline-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var settings = broker.settings
    settings.clientID = "sensors"
    publisher = Publisher(settings: settings)
  }

  /// Adds a plant with a load, a grid connection and further assets, and with what differs of its sensors.
  func add(plant: String, assets: String = "", sensors: String = "") throws {
    let text = """
      plant: \(plant)
      location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
      topics: [{match: "\(plant)/{asset}/{sensor}"}]
      assets: {load: {kind: load}, grid: {kind: grid, import_limit_kw: 300}\(assets.isEmpty ? "" : ", " + assets)}
      tariff: {import: 0.3, export: 0.08}
      sensors: [\(sensors)]
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(plant).yaml"))
  }

  func pipeline(
    reportEvery interval: TimeSpan = .seconds(10), adjust: @escaping (inout ProcessSettings) -> Void = { _ in },
    note: @escaping RunningPipeline.Note = { _ in }
  ) throws -> RunningPipeline {
    let (mqtt, database, journal) = (broker.settings, influx.settings(), folder + "/journal")
    return try RunningPipeline(
      directory: folder, environment: [:], reportEvery: interval,
      adjust: {
        $0.mqtt = mqtt
        $0.influxdb = database
        $0.journal.path = journal
        adjust(&$0)
      }, note: note)
  }

  func count(_ measurement: String, plant: String) -> Int {
    let query = "SELECT count(\"value\") FROM \"\(measurement)\" WHERE \"plant\" = '\(plant)'"
    return Int((try? influx.query(query).first?.number("count")) ?? 0)
  }

  /// The plants of the folder.
  func plants() -> [Plant] { ConfigurationLoader.load(directory: folder, environment: [:]).plants }

  func end() {
    publisher.stop()
    influx.stop()
    broker.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }
}
