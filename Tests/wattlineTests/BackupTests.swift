import CommandChannel
import Foundation
import InfluxSink
import Journal
import LocalServers
import PlantModel
import PlantTesting
import StreamCore
import Testing

@testable import Backup

@Suite("wattline backup and restore", .serialized)
struct BackupTests {
  /// The database's whole content of some plants: one text a point, with all its tags and fields.
  private static func points(_ influx: LocalInflux, plants: Set<String>) throws -> [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    for measurement in try influx.query("SHOW MEASUREMENTS").compactMap({ $0.text("name") })
    where !["pipeline", "plant_state", "source_state"].contains(measurement) {
      var points: Set<String> = []
      for row in try influx.query("SELECT * FROM \"\(measurement)\"") {
        guard let plant = row.text("plant"), plants.contains(plant) else { continue }
        points.insert(row.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","))
      }
      found[measurement] = points
    }
    return found
  }

  /// Numbers of the messages that a journal has.
  private static func numbers(inJournal folder: String) throws -> Set<Int> {
    let reader = try JournalArchive(directory: folder).reader(from: 0)
    var found: Set<Int> = []
    while let record = try reader.next() {
      guard record.kind == .messages else { continue }
      record.withBody { body in
        var cursor = MessageFrameCursor(body)
        while let message = cursor.next() {
          let text = String(decoding: message.payload, as: UTF8.self)
          let value = text.firstMatch(of: #/[0-9]+\.25/#).flatMap { Double($0.0) }
          if let number = value.flatMap(NumberedMessages.number) { found.insert(number) }
        }
      }
    }
    return found
  }

  @Test func `backups taken under load, with kills in between, have every message acknowledged before, exactly once`()
    throws
  {
    let site = try Site(journal: "sync: 50ms, max_bytes: 8MiB")
    defer { site.stop() }
    for plant in NumberedMessages.plants { try site.add(plant: plant) }
    try site.set(workers: 2)
    try site.runOnline()
    let start = Int64(Date().timeIntervalSince1970) * 1_000 - 600_000
    let messages = NumberedMessages(count: 8_000, start: start, padding: 100)
    let sensors = try Sensors(messages, on: site, rate: 2_000)
    var taken: [(file: String, acknowledged: Set<Int>)] = []
    for round in 0..<3 {
      usleep(400_000)
      switch round {
      case 0: site.influx.kill()
      case 1: site.kill()
      default: break
      }
      if round == 1 { try site.run() }
      usleep(200_000)
      let acknowledged = try Self.numbers(inJournal: site.folder.path + "/journal")
      if round == 0 { try site.influx.start() }
      let file = "\(site.folder.path)/backup\(round)"
      let result = try Program.run(
        "backup", "--out", file, "--config", site.folder.path, "--database", site.influx.backupAddress)
      #expect(result.code == 0, "\(result.errors)")
      taken.append((file, acknowledged))
    }
    #expect(sensors.finish())
    for (file, acknowledged) in taken {
      #expect(!acknowledged.isEmpty)
      let other = try Site()
      defer { other.stop() }
      let result = try Program.run(
        "restore", file, "--config", other.folder.path, "--database", other.influx.backupAddress)
      #expect(result.code == 0, "\(result.errors)")
      #expect(result.output.contains("keeps its own configuration"), "\(result.output)")
      for plant in NumberedMessages.plants { try other.add(plant: plant) }
      try other.run()
      var seen: [Int: Int] = [:]
      let isThere = Waiting.until(seconds: 20, pause: 200) {
        seen = [:]
        let raw = (try? StoredPoints("raw", fields: "value", in: other.influx))?.bySensor ?? [:]
        for point in raw.values.flatMap(\.values) {
          if let number = point.value.flatMap(NumberedMessages.number) { seen[number, default: 0] += 1 }
        }
        return acknowledged.allSatisfy { seen[$0] != nil }
      }
      #expect(isThere, "\(acknowledged.filter { seen[$0] == nil }.count) of \(acknowledged.count) are missing")
      let twice = seen.filter { $0.value > 1 && !sensors.maybeTwice.contains($0.key) }
      #expect(twice.isEmpty, "\(twice)")
      #expect(other.end() == 0, "\(other.logTail)")
    }
  }

  @Test func `restored elsewhere and fed on, an installation has the series of one that was never interrupted`() throws
  {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "first")
    try site.add(plant: "busy")
    try site.runOnline()
    let publisher = site.publisher()
    let start = (Int64(Date().timeIntervalSince1970) / 900 - 3) * 900_000
    func feed(_ publisher: Publisher, seconds: Range<Int>) throws {
      for second in seconds {
        for (sensor, scale) in [("load/power", 1.0), ("pv/power", 3.0)] {
          let value = scale * Double((second * 7) % 50)
          let time = start + Int64(second) * 1_000
          try publisher.publish(topic: "first/\(sensor)", payload: "{\"value\":\(value),\"ts\":\(time)}")
        }
      }
    }
    try feed(publisher, seconds: 0..<1_000)
    #expect(publisher.flush())
    // Other messages arrive while the backup is taken.
    let load = try Sensors(
      NumberedMessages(count: 2_000, start: start), on: site, rate: 2_000)
    #expect(Waiting.until(seconds: 20) { site.count("raw", plant: "first") == 2_000 }, "\(site.logTail)")
    let file = site.folder.path + "/backup"
    let backup = try Program.run(
      "backup", "--out", file, "--config", site.folder.path, "--database", site.influx.backupAddress)
    #expect(backup.code == 0, "\(backup.errors)")
    #expect(load.finish())

    let other = try Site()
    defer { other.stop() }
    // Another host has another broker, other paths and a database without anything in it.
    let restored = try Program.run(
      "restore", file, "--config", other.folder.path, "--database", other.influx.backupAddress)
    #expect(restored.code == 0, "\(restored.errors)")
    #expect(restored.output.contains("messages up to 20"))
    try other.add(plant: "first")
    try other.add(plant: "busy")
    try other.runOnline()
    let elsewhere = other.publisher()
    for publisher in [publisher, elsewhere] {
      try feed(publisher, seconds: 1_000..<1_900)
      #expect(publisher.flush())
    }
    for site in [site, other] {
      #expect(Waiting.until(seconds: 20) { site.count("raw", plant: "first") == 3_800 }, "\(site.logTail)")
      #expect(site.end() == 0, "\(site.logTail)")
    }
    let (here, there) = try (Self.points(site.influx, plants: ["first"]), Self.points(other.influx, plants: ["first"]))
    #expect(Set(here.keys) == Set(there.keys))
    for (name, points) in here {
      let (fewer, more) = (points.subtracting(there[name] ?? []), (there[name] ?? []).subtracting(points))
      #expect(fewer.isEmpty && more.isEmpty, "\(name): \(fewer.sorted().prefix(3)) against \(more.sorted().prefix(3))")
    }
    #expect((here["feature"]?.count ?? 0) >= 60 && (here["energy"]?.count ?? 0) >= 2)
  }

  @Test func `backup and restore say what is missing or in the way, and check --upgrade ends with 0 or 1`() throws {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "first")
    try site.runOnline()
    let publisher = site.publisher()
    for number in 0..<50 { try publisher.publish(topic: "first/load/power", payload: "\(number)") }
    #expect(Waiting.until(seconds: 20) { site.count("raw", plant: "first") == 50 })
    let (folder, file) = (site.folder.path, site.folder.path + "/backup")
    #expect(try Program.run("backup", "--config", folder).code == 2)
    let port = try Loopback.freePort()
    let unreachable = try Program.run("backup", "--config", folder, "--out", file, "--database", "127.0.0.1:\(port)")
    #expect(unreachable.code == 1)
    #expect(unreachable.errors.contains("leave it out with --no-database"), "\(unreachable.errors)")
    #expect(!FileManager.default.fileExists(atPath: file))
    let taken = try Program.run("backup", "--config", folder, "--out", file, "--no-database")
    #expect(taken.code == 0 && taken.output.contains("left out: the database, by choice"), "\(taken)")
    let busy = try Program.run("restore", file, "--config", folder)
    #expect(busy.code == 1 && busy.errors.contains("is in use by a wattline that runs; end it first"), "\(busy)")
    let list = try Program.run("restore", file, "--list")
    #expect(list.code == 0 && list.output.contains("  config/first.yaml\n"), "\(list)")
    #expect(list.output.contains("\nintact: "))
    let upgrade = try Program.run("check", "--upgrade", "--config", folder)
    #expect(upgrade.code == 0 && upgrade.output.contains("history: "), "\(upgrade)")
    #expect(site.end() == 0)

    let again = try Program.run("check", "--upgrade", "--config", folder)
    #expect(again.code == 0 && again.output.contains("reads the saved state and goes on from it"), "\(again)")
    let store = try CheckpointStore(directory: folder + "/journal")
    let offset = try #require(store.open().parts?.offset)
    try store.save(Checkpoint(offset: offset, state: [9, 9, 9]))
    let older = try Program.run("check", "--upgrade", "--config", folder)
    #expect(older.code == 1 && older.output.contains("windows and models of all plants are rebuilt"), "\(older)")
    #expect(older.output.contains("history: 50 messages in "))
    #expect(older.output.contains("a rebuild takes about "))

    // A restore without a configuration puts that of the backup into its place.
    let fresh = folder + "/fresh"
    let restored = try Program.run("restore", file, "--config", fresh, "--into", folder + "/elsewhere")
    #expect(restored.code == 0, "\(restored.errors)")
    #expect(restored.output.contains("set journal.path of \(fresh)/wattline.yaml to \(folder)/elsewhere"))
    #expect(FileManager.default.fileExists(atPath: fresh + "/first.yaml"))
    try FileManager.default.createDirectory(
      atPath: folder + "/elsewhere/.restoring", withIntermediateDirectories: true)
    let text = try String(contentsOfFile: fresh + "/wattline.yaml", encoding: .utf8)
    try text.replacing("\(folder)/journal", with: "\(folder)/elsewhere")
      .write(toFile: fresh + "/wattline.yaml", atomically: true, encoding: .utf8)
    let interrupted = try Program.run("run", "--config", fresh)
    #expect(interrupted.code == 1 && interrupted.errors.contains("holds an interrupted restore"), "\(interrupted)")
  }
}
