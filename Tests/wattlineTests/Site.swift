import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Testing

/// A broker, a database, a folder of configuration and the program itself, as on a user's machine.
final class Site {
  let broker: LocalBroker
  let influx: LocalInflux
  let folder: TemporaryFolder
  private(set) var program: ChildProcess?
  private let mqtt: String
  private let journal: String

  /// `mqtt` is the protocol's version, and `journal` are the settings of that section besides its path.
  init(
    broker options: LocalBroker.Options = LocalBroker.Options(),
    influx database: LocalInflux.Options = LocalInflux.Options(), mqtt: String = "auto", journal: String = "sync: 50ms"
  ) throws {
    broker = try LocalBroker.started(options: options)
    influx = try LocalInflux.started(options: database)
    folder = try TemporaryFolder(prefix: "wattline-site")
    (self.mqtt, self.journal) = (mqtt, journal)
    try set(workers: 1)
  }

  /// Writes the process's file; with effect from the next start.
  func set(workers: Int) throws {
    try write(
      "wattline.yaml",
      text: """
        mqtt: {url: "mqtt://127.0.0.1:\(broker.port)", client_id: wattline, protocol: \(mqtt)}
        influxdb: {url: "\(influx.url)", database: wattline}
        journal: {path: "\(folder.path)/journal", \(journal)}
        workers: \(workers)
        """)
  }

  /// A publisher with an id of its own.
  func publisher(window: Int = 500, onEvent: @escaping @Sendable (PublisherEvent) -> Void = { _ in }) -> Publisher {
    var settings = broker.settings
    settings.clientID = "sensors-\(UUID().uuidString)"
    return Publisher(settings: settings, window: window, onEvent: onEvent)
  }

  /// Puts a file into the folder at once, whole; `modified` is the time that it shows.
  func write(_ name: String, text: String, modified: Date? = nil) throws {
    let (place, draft) = (folder.path + "/" + name, folder.path + "/" + name + ".draft")
    try Data(text.utf8).write(to: URL(fileURLWithPath: draft))
    if let modified { try FileManager.default.setAttributes([.modificationDate: modified], ofItemAtPath: draft) }
    guard rename(draft, place) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Adds a plant; its topics are `NAME/{asset}/{sensor}` unless others are given.
  func add(plant: String, topics: [String]? = nil, further: String = "", modified: Date? = nil) throws {
    let rules = (topics ?? ["\(plant)/{asset}/{sensor}"]).map { "  - {match: \"\($0)\"}" }.joined(separator: "\n")
    try write(
      "\(plant).yaml",
      text: """
        plant: \(plant)
        location: {latitude: 34.1, longitude: -117.5, timezone: Etc/GMT+8}
        topics:
        \(rules)
        \(further)
        """, modified: modified)
  }

  // MARK: The program

  /// Starts `wattline run`, which this process's end would end too.
  func run(options: [String] = []) throws {
    program = try ChildProcess(
      program: Program.path, arguments: ["run", "--config", folder.path] + options, log: logFile)
  }

  /// Ends the program as a crash would.
  func kill() { program?.kill() }

  /// Asks the program to end, and returns its exit code. A program that has only just been started is given the time to
  /// come to hear signals, or it would end by the signal itself.
  func end() -> Int32? {
    Waiting.until { program.map { !$0.isRunning || holdsBack(SIGTERM, program: $0) } ?? true }
    program?.terminate(within: 30)
    return program?.wait()
  }

  /// Whether a thread of the program is closed to a signal, as proc(5) tells; all are but the one that waits for it.
  private func holdsBack(_ signal: Int32, program: ChildProcess) -> Bool {
    let tasks = "/proc/\(program.identifier)/task"
    return ((try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []).contains { task in
      let status = (try? String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8)) ?? ""
      let mask = status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }?.split(separator: "\t").last ?? ""
      return UInt64(mask, radix: 16).map { $0 >> UInt64(signal - 1) & 1 == 1 } ?? false
    }
  }

  /// Starts the program and waits for its `online`.
  func runOnline(options: [String] = []) throws {
    let status = StatusWatch(broker.settings)
    try run(options: options)
    #expect(Waiting.until(seconds: 20) { status.words.last == "online" }, "\(logTail)")
  }

  private var logFile: String { folder.path + "/program.log" }

  /// What the program said.
  var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

  /// The last of what the program said.
  var logTail: String {
    log.split(separator: "\n").suffix(12).joined(separator: "\n")
  }

  // MARK: The database

  func count(_ measurement: String, plant: String) -> Int {
    let query = "SELECT count(\"value\") FROM \"\(measurement)\" WHERE \"plant\" = '\(plant)'"
    return Int((try? influx.query(query).first?.number("count")) ?? 0)
  }

  /// Files of points that the database refused.
  var deadLetters: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/journal/dead-letter")) ?? []
  }

  func stop() {
    program?.kill()
    influx.stop()
    broker.stop()
    folder.remove()
  }
}
