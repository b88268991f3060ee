import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantTesting
import Synchronization
import Testing

@Suite("wattline run", .serialized)
struct RunTests {
  @Test("what is published the moment `online` is heard is not lost, however many subscriptions there are")
  func online() throws {
    let site = try Site()
    defer { site.stop() }
    let areas = (0..<800).map { "wide/area\($0)/{asset}/{sensor}" }
    try site.add(plant: "wide", topics: areas)
    let publisher = site.publisher(window: 2_000)
    #expect(Waiting.until(seconds: 10) { publisher.isConnected })
    // On the thread that hears it, so that nothing stands between.
    let status = StatusWatch(site.broker.settings) { word in
      guard word == "online" else { return }
      for area in areas.indices.reversed() {
        try? publisher.publish(topic: "wide/area\(area)/device\(area)/power", payload: "1.5")
      }
    }
    #expect(Waiting.until(seconds: 10) { status.isListening })
    try site.run()
    #expect(Waiting.until(seconds: 30) { site.count("raw", plant: "wide") == areas.count }, "\(site.logTail)")
    #expect(status.words == ["online"])
  }

  @Test("`offline` follows a kill by the broker's hand and a good end by its own, and the end comes within seconds")
  func offline() throws {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "first")
    let status = StatusWatch(site.broker.settings)
    #expect(Waiting.until(seconds: 10) { status.isListening })
    try site.run()
    #expect(Waiting.until(seconds: 20) { status.words == ["online"] }, "\(site.logTail)")
    site.kill()
    #expect(Waiting.until(seconds: 5) { status.words == ["online", "offline"] })
    try site.run()
    #expect(Waiting.until(seconds: 20) { status.words == ["online", "offline", "online"] }, "\(site.logTail)")
    let asked = ContinuousClock.now
    #expect(site.end() == 0)
    #expect(ContinuousClock.now - asked < .seconds(5))
    #expect(Waiting.until(seconds: 5) { status.words == ["online", "offline", "online", "offline"] })
    let late = StatusWatch(site.broker.settings)
    #expect(Waiting.until(seconds: 5) { late.words == ["offline"] }, "the word is retained")
  }

  @Test("a plant added as a file is live within 5 s, a broken file is refused with its place, and what ran goes on")
  func aPlantAddedAsAFileIsLiveWithin5SABrokenFileIsRefusedWithItsPlaceAndWhat() throws {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "first")
    try site.runOnline()
    let publisher = site.publisher()
    let added = ContinuousClock.now
    try site.add(plant: "second")
    // Live is a reading in the database; until the topic is subscribed to, the broker forgets what is published.
    let isLive = Waiting.until(seconds: 5) {
      try? publisher.publish(topic: "second/load/power", payload: "12.5")
      usleep(50_000)
      return site.count("raw", plant: "second") > 0
    }
    #expect(isLive, "\(ContinuousClock.now - added)\n\(site.logTail)")

    try site.write("third.yaml", text: "plant: third\ntopics: 7\n")
    #expect(Waiting.until(seconds: 5) { site.logTail.contains("third.yaml:2:9: error: ") }, "\(site.logTail)")
    for plant in ["first", "second"] { try publisher.publish(topic: "\(plant)/grid/power", payload: "3.5") }
    #expect(
      Waiting.until(seconds: 10) {
        let rows = try? site.influx.query("SELECT \"value\" FROM \"raw\" WHERE \"asset\" = 'grid' GROUP BY \"plant\"")
        return rows?.count == 2
      }, "\(site.logTail)")
  }

  @Test func `SIGHUP takes up a change that a file's size and time do not show`() throws {
    let site = try Site()
    defer { site.stop() }
    // A whole second, which every file system keeps.
    let timestamp = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 - 60).rounded())
    try site.add(plant: "first", topics: ["north/{asset}/{sensor}"], modified: timestamp)
    try site.runOnline()
    try site.add(plant: "first", topics: ["south/{asset}/{sensor}"], modified: timestamp)
    site.program?.signal(SIGHUP)
    #expect(Waiting.until(seconds: 5) { site.logTail.contains("reloaded: first changed") }, "\(site.logTail)")
    site.program?.signal(SIGHUP)
    #expect(Waiting.until(seconds: 30) { site.logTail.contains("nothing of it has changed") }, "\(site.logTail)")
  }

  @Test
  func `replay publishes the columns that are asked for under the names that are given, at their own times`() throws {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "first")
    try site.runOnline()
    let file = site.folder.path + "/day.csv"
    try site.write(
      "day.csv", text: "time,demand,grid.power,holiday\n2024-05-01T00:00:00Z,1.5,2,1\n2024-05-01T01:00:00Z,2.5,,1\n")
    let command = ["replay", file, "--config", site.folder.path, "--plant", "first", "--columns"]
    let refused = try Program.run(command + ["demnad=load.power"])
    #expect(refused.code == 1)
    #expect(refused.errors.contains("no column 'demnad'; it has time, demand, grid.power, holiday"))
    let result = try Program.run(command + ["demand=load.power,grid.power"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output == "2 rows, 3 messages published\n")
    #expect(Waiting.until(seconds: 10) { site.count("raw", plant: "first") == 3 }, "\(site.logTail)")
    let rows = try site.influx.query("SELECT \"value\" FROM \"raw\" WHERE \"asset\" = 'load' AND \"sensor\" = 'power'")
    #expect(rows.map { $0.number("value") } == [1.5, 2.5])
    #expect(rows.map { $0.number("time") } == [1_714_521_600_000, 1_714_525_200_000])
    let again = try Program.run("replay", site.folder.path + "/journal", "--config", site.folder.path)
    #expect(again.code == 0 && again.errors == "" && again.output.contains("\nfirst: 3 readings, "), "\(again)")
  }
}
