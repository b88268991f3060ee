import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantSimulation
import PlantTesting
import PointSchema
import SinkCore
import Testing
import WattlineTime

@testable import Forecasting
@testable import Pipeline

@Suite("Boards", .serialized)
struct BoardGateTests {
  /// A plant that is a few lines of configuration, and the names that are chosen on a board; `nil` stands for All.
  private struct Sample {
    var plant: String
    var load: String
    var assets: String
    var sensor: String?
    var sensors: String

    /// A query as Grafana would send it with these names chosen.
    func filled(_ query: String, isNarrow: Bool = false) -> String {
      var now = Int64(Date().timeIntervalSince1970 * 1_000)
      // Silence is seen some minutes later.
      if query.contains("\"at\" < \(Self.end)") { now += 300_000 }
      // The process reports once a second here, and a rate needs two intervals of reports; what plants write is slower.
      let interval = query.contains("\"pipeline\"") ? "2s" : "15m"
      let days: Int64 = query.contains("\"clean_1") ? 80 : query.contains("\"pipeline\"") ? 1 : 3
      let isAhead = query.contains("\"at\" < ")
      let asset = query.contains("\"forecast") ? Sample.regex(load) : isNarrow ? Sample.regex(load) : ".*"
      let values = [
        "$timeFilter":
          "time >= \(now - days * 86_400_000)ms and time <= \(now + (isAhead ? 0 : 2 * 86_400_000))ms",
        "$__interval": interval, Self.end: "\(now)", "${__from}": "\(now - 86_400_000)", "${instance:regex}": ".*",
        // Beside the plant there are some whose reports say each of what a report can say.
        "${plant:regex}": query.contains("\"plant_state\"")
          ? "(\(Sample.regex(plant))|calm|warned|alarmed)" : Sample.regex(plant),
        "${asset:regex}": asset, "${meter:regex}": "grid", "${community:regex}": "village", "${model:regex}": ".*",
        "${sensor:regex}": isNarrow ? Sample.regex(sensor ?? "power") : ".*", "${find:regex}": "",
        "${alert:regex}": ".*", "${of:regex}": Sample.regex(plant),
        "${scenario:regex}": ".*",
      ]
      return values.reduce(query) { $0.replacing($1.key, with: $1.value) }
    }

    /// The end of the time range.
    private static let end = "${__to}"

    /// The format `regex` of Grafana's variables.
    private static func regex(_ name: String) -> String {
      name.replacing(/[\\^$*+?.()|\[\]{}\/]/) { "\\" + $0.output }
    }
  }

  @Test("every query of every board answers without error on an empty database, and with rows once plants have run")
  func everyQueryOfEveryBoardAnswersWithoutErrorOnAnEmptyDatabaseAndWithRows() throws {
    let site = try Site()
    defer { site.end() }
    let queries = try Board.queries()
    #expect(queries.count > 120)
    let plain = Sample(
      plant: "first", load: "load",
      assets: "pv1: {kind: pv, capacity_kw: 9}, bess: {kind: battery, energy_kwh: 50, power_kw: 20}",
      sensors: "{match: load.power, range: [0, 1000]}")
    let awkward = Sample(
      plant: "north.hall (1) $x", load: "bay 3/4 'east'",
      assets:
        #""bay 3/4 'east'": {kind: load}, bess: {kind: battery, energy_kwh: 9, power_kw: 5}, pv: {kind: pv, capacity_kw: 9}"#,
      sensor: #"it's "odd" \d $1/2"#,
      sensors: #"{match: "bay 3/4 'east'.*", unit: kW, range: [0, 1000]}"#)
    try site.influx.createDatabase()
    for query in queries {
      #expect(throws: Never.self, "\(query.place): \(query.text)") {
        try site.influx.query(awkward.filled(query.text, isNarrow: true))
      }
    }
    try site.add(plant: plain.plant, assets: plain.assets, sensors: plain.sensors)
    let pipeline = try site.pipeline(reportEvery: .seconds(1))
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 10) { pipeline.status().intake.isSubscribed })
    try play(plain, site: site)
    try expectRows(queries, of: plain, site: site)
    // A plant that is added by configuration alone, with names that hurt where they are not quoted.
    try site.add(plant: awkward.plant, assets: awkward.assets, sensors: awkward.sensors)
    pipeline.reloadIfChanged()
    #expect(Waiting.until(seconds: 10) { pipeline.status().intake.isSubscribed })
    try play(awkward, site: site)
    let narrow = queries.filter { $0.text.contains("${sensor:regex}") && $0.text.contains("\"clean\"") }
    try expectRows(queries, of: awkward, site: site)
    try expectRows(narrow, of: awkward, isNarrow: true, site: site)
  }

  /// A day and some hours of a plant up to the present. In its last minutes the load's sensor is out of range, the
  /// grid connection over its limit and the PV trips, and a message is broken: the panels about trouble have something
  /// to show.
  private func play(_ sample: Sample, site: Site) throws {
    let plant = try #require(site.plants().first { $0.name == sample.plant })
    let topics = try SensorTopic(plant: plant)
    let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
    let start = now.floored(to: .minute) - .hours(26)
    var simulator = PlantSimulator(plant: plant, seed: 1, start: start, step: .minutes(3))
    while simulator.now <= now {
      for reading in simulator.advance() where reading.time <= now {
        var value = reading.value
        if now - reading.time < .minutes(20), reading.sensor == "power" {
          if reading.asset == sample.load { value = 1e7 } else if reading.asset == "grid" { value = 400 }
          if reading.asset.hasPrefix("pv") { value = now - reading.time < .minutes(8) ? 0 : 8 + 30 * value / 1e3 }
        }
        try publish(topics, site: site, asset: reading.asset, sensor: reading.sensor, value: value, at: reading.time)
        guard reading.asset == sample.load, let sensor = sample.sensor else { continue }
        try publish(topics, site: site, asset: reading.asset, sensor: sensor, value: value, at: reading.time)
      }
    }
    // A state has no unit, and the second is a duplicate.
    for _ in 0..<2 { try publish(topics, site: site, asset: "bess", sensor: "connected", value: 1, at: now) }
    for payload in ["no number", #"{"value": 5, "ts": "soon"}"#] {
      try site.publisher.publish(topic: TopicName.encode(sample.plant) + "/load/power", payload: payload)
    }
    #expect(site.publisher.flush(timeout: .seconds(30)))
    try site.influx.write(score(of: sample, in: plant, at: now))
    let rare = RarePoints(plant: sample.plant, load: sample.load, sensor: sample.sensor ?? "power", at: now)
    try site.influx.write(rare.lines)
  }

  /// The score of a model that is in charge: none is on the first days.
  private func score(of sample: Sample, in plant: Plant, at time: Timestamp) -> String {
    var register = PlantRegister(plant: plant)
    var points = PointBatch()
    for bucket in [LeadBucket.upToOneHour, .upToTwelveHours] {
      let score = SeriesForecaster.Evaluation(
        model: 2, bucket: bucket, forecast: ForecastLedger.Quantiles(p10: 1, p50: 2, p90: 3), actual: 2, skill: 0.25)
      points.write(
        score, of: register.admit(asset: sample.load, sensor: "power"), model: "naive_week", at: time)
    }
    var encoder = LineEncoder()
    encoder.append(points, of: register)
    return String(decoding: encoder.drain(upTo: 0).bytes, as: UTF8.self)
  }

  private func publish(
    _ topics: SensorTopic, site: Site, asset: String, sensor: String, value: Double, at time: Timestamp
  ) throws {
    guard let message = topics.message(asset: asset, sensor: sensor, value: value, time: time) else { return }
    try site.publisher.publish(topic: message.topic, payload: message.payload)
  }

  /// Asks all queries until each has answered with a value in every column, and tells of those that never do.
  private func expectRows(_ queries: [Board.Asked], of sample: Sample, isNarrow: Bool = false, site: Site) throws {
    // The present moves on while the points are written.
    func empty(_ query: Board.Asked) throws -> [String]? {
      try Self.empty(site.influx.query(sample.filled(query.text, isNarrow: isNarrow)))
    }
    var waiting = queries
    _ = try Waiting.until(seconds: 25, pause: 250) {
      waiting = try waiting.filter { try empty($0) != [] }
      return waiting.isEmpty
    }
    for query in waiting {
      let columns = try empty(query)?.joined(separator: ", ")
      Issue.record("no \(columns ?? "rows"): \(query.place): \(sample.filled(query.text, isNarrow: isNarrow))")
    }
  }

  /// The columns in which no row has a value; `nil` where there are no rows.
  private static func empty(_ rows: [QueryRow]) -> [String]? {
    let columns = Set(rows.flatMap(\.values.keys))
    return rows.isEmpty ? nil : columns.filter { column in !rows.contains { $0.values[column] ?? .null != .null } }
  }
}
