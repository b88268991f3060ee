import CommandChannel
import Foundation
import PlantModel
import PlantSimulation
import PlantTesting
import Testing

@testable import Pipeline

/// The queries of the boards that are shipped: every variable and every target.
private struct BoardQueries {
  var queries: [(place: String, text: String)] = []

  init() throws {
    let boards = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("grafana/boards")
    let files = try FileManager.default.contentsOfDirectory(atPath: boards.path).filter { $0.hasSuffix(".json") }
    for file in files.sorted() {
      let data = try Data(contentsOf: boards.appendingPathComponent(file))
      let board = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
      let templating = board["templating"] as? [String: Any] ?? [:]
      for variable in templating["list"] as? [[String: Any]] ?? [] {
        add(file, variable["name"], variable["query"])
      }
      for panel in board["panels"] as? [[String: Any]] ?? [] {
        for target in panel["targets"] as? [[String: Any]] ?? [] { add(file, panel["title"], target["query"]) }
      }
    }
  }

  private mutating func add(_ file: String, _ place: Any?, _ query: Any?) {
    guard let text = query as? String else { return }
    queries.append(("\(file): \(place ?? "")", text))
  }

  /// A query as Grafana would send it, for one plant and one of its assets.
  static func filled(_ query: String, plant: String, asset: String) -> String {
    // The process reports once a second here, and a rate needs two intervals of reports; what plants write is slower.
    let interval = query.contains("\"pipeline\"") ? "2s" : "15m"
    func regex(_ name: String) -> String { NSRegularExpression.escapedPattern(for: name).replacing("/", with: "\\/") }
    let values = [
      "$timeFilter": "time > now() - 3d and time < now() + 2d", "$__interval": interval,
      "${plant:regex}": regex(plant), "${asset:regex}": ".*", "${sensor:regex}": ".*", "${instance:regex}": ".*",
      "${forecast:regex}": regex(asset), "${unit:raw}": "kW",
    ]
    return values.reduce(query) { $0.replacing($1.key, with: $1.value) }
  }
}

@Suite("Boards", .serialized)
struct BoardGateTests {
  /// A plant that is one line of configuration, with an asset whose forecast is looked at.
  private struct Sample {
    var plant: String
    var asset: String
    var assets: String
  }

  @Test("every query of every board answers without error on an empty database, and with rows once plants have run")
  func gate() throws {
    let site = try Site()
    defer { site.end() }
    let queries = try BoardQueries().queries
    #expect(queries.count > 25)
    try site.influx.createDatabase()
    for query in queries {
      #expect(throws: Never.self, "\(query.place): \(query.text)") {
        try site.influx.query(BoardQueries.filled(query.text, plant: "x", asset: "y"))
      }
    }
    let plain = Sample(
      plant: "first", asset: "load",
      assets: "pv1: {kind: pv, capacity_kw: 50}, bess: {kind: battery, energy_kwh: 50, power_kw: 20}")
    let awkward = Sample(
      plant: "north.hall (1)", asset: "bay 3/4 'east'",
      assets:
        #""bay 3/4 'east'": {kind: load}, bess: {kind: battery, energy_kwh: 9, power_kw: 5}, pv: {kind: pv, capacity_kw: 9}"#
    )
    try site.add(plant: plain.plant, assets: plain.assets)
    let pipeline = try site.pipeline(reportEvery: .seconds(1))
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 10) { pipeline.status().isSubscribed })
    try play(plain, site)
    try expectRows(queries, site, plain)

    // A plant that is added by configuration alone, with names that hurt where they are not quoted.
    try site.add(plant: awkward.plant, assets: awkward.assets)
    pipeline.reloadIfChanged()
    #expect(Waiting.until(seconds: 10) { pipeline.status().isSubscribed })
    try play(awkward, site)
    try expectRows(queries, site, awkward)
  }

  /// A day and some hours of a plant up to the present, with a broken message, a reading out of range and a sensor that
  /// goes on too high, so that the panels about trouble have something to show.
  private func play(_ sample: Sample, _ site: Site) throws {
    let plant = try #require(site.plants().first { $0.name == sample.plant })
    let topics = try SensorTopic(plant: plant)
    let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
    let start = now.floored(to: .minute) - .hours(26)
    var simulator = PlantSimulator(plant: plant, seed: 1, start: start, step: .minutes(3))
    while simulator.now <= now {
      for reading in simulator.advance() where reading.time <= now {
        let isWrong = reading.sensor == "power" && reading.asset == "grid" && now - reading.time < .minutes(20)
        let value = isWrong ? 1e7 : reading.value
        guard
          let message = topics.message(
            asset: reading.asset, sensor: reading.sensor, value: value, time: reading.time)
        else { continue }
        try site.publisher.publish(topic: message.topic, payload: message.payload)
      }
    }
    try site.publisher.publish(topic: TopicName.encode(sample.plant) + "/load/power", payload: "no number")
    #expect(site.publisher.flush(timeout: .seconds(30)))
  }

  /// Asks all queries until each has answered with rows, and tells of those that never do.
  private func expectRows(_ queries: [(place: String, text: String)], _ site: Site, _ sample: Sample) throws {
    var waiting = queries.map { ($0.place, BoardQueries.filled($0.text, plant: sample.plant, asset: sample.asset)) }
    _ = try Waiting.until(seconds: 60, pause: 250) {
      waiting = try waiting.filter { try site.influx.query($0.1).isEmpty }
      return waiting.isEmpty
    }
    for (place, query) in waiting { Issue.record("\(sample.plant): no rows: \(place): \(query)") }
  }
}
