import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantTesting
import Testing

@Suite("Nothing lost", .serialized)
struct OracleTests {
  /// A broker and a journal of one kind, and how long pauses are.
  struct Setting: Sendable, CustomTestStringConvertible {
    var seed: UInt64
    var slowness: Double
    private var kind: Int { Int((seed + seed / 3) % 3) }
    /// QoS 1 messages on their way to the program; 0 is without bound.
    var inflight: Int { [20, 0, 3][Int(seed % 3)] }
    /// Mosquitto enforces its window under 3.1.1 only; under 5 that of the client takes its place.
    var mqtt: String { seed % 3 == 0 || seed / 9 % 2 == 1 ? "3.1.1" : "auto" }
    var journal: String { ["sync: 50ms", "sync: always", "sync: never, max_bytes: 1MiB"][kind] }
    /// So large that the small journal cannot hold them all.
    var padding: Int { [0, 0, 150][kind] }
    /// Workers at the first start; the third seed in three has another number with each further start.
    var workers: Int { [1, 2, 2][kind] }
    var changesWorkers: Bool { kind == 2 }
    var testDescription: String { "seed \(seed), MQTT \(mqtt), inflight \(inflight), workers \(workers), \(journal)" }
  }

  /// Seeds 0 to 2, or as many as `WATTLINE_ORACLE_SEEDS` says from `WATTLINE_ORACLE_FIRST` on;
  /// `WATTLINE_ORACLE_SLOWNESS` draws a run out, so that checkpoints are written in between.
  static let settings: [Setting] = {
    let environment = ProcessInfo.processInfo.environment
    func number(_ name: String) -> UInt64? { environment["WATTLINE_ORACLE_\(name)"].flatMap { UInt64($0) } }
    let slowness = Double(number("SLOWNESS") ?? 1)
    return (0..<(number("SEEDS") ?? 3)).map { Setting(seed: (number("FIRST") ?? 0) + $0, slowness: slowness) }
  }()

  static let messageCount = 12_000

  @Test(
    "every acknowledged message is in raw and clean once, though program, database and broker fail at random moments",
    arguments: settings)
  func everyAcknowledgedMessageIsInRawAndCleanOnceThoughProgramDatabaseAnd(_ setting: Setting) throws {
    var options = LocalBroker.Options()
    options.maximumInflight = setting.inflight
    let site = try Site(broker: options, mqtt: setting.mqtt, journal: setting.journal)
    defer { site.stop() }
    for plant in NumberedMessages.plants { try site.add(plant: plant) }
    try site.set(workers: setting.workers)
    try site.runOnline()

    let start = Int64(Date().timeIntervalSince1970) * 1_000 - 600_000
    let messages = NumberedMessages(count: Self.messageCount, start: start, padding: setting.padding)
    let sensors = try Sensors(messages, on: site, rate: 2_000 / setting.slowness)
    var chaos = Chaos(seed: setting.seed, slowness: setting.slowness, changesWorkers: setting.changesWorkers)
    while !sensors.isDone { try chaos.strike(site) }
    try expectAll(messages, from: sensors, on: site, after: chaos.story)
  }

  @Test("what is on its way when the broker ends is taken once, though the program restarts before the broker is back")
  func whatIsOnItsWayWhenTheBrokerEndsIsTakenOnceThoughTheProgramRestartsBefore() throws {
    var options = LocalBroker.Options()
    options.maximumInflight = 0
    let site = try Site(broker: options)
    defer { site.stop() }
    for plant in NumberedMessages.plants { try site.add(plant: plant) }
    try site.runOnline()
    let start = Int64(Date().timeIntervalSince1970) * 1_000 - 600_000
    let messages = NumberedMessages(count: 30_000, start: start)
    let sensors = try Sensors(messages, on: site, rate: .infinity)
    for _ in 0..<3 {
      usleep(200_000)
      haltUnhearing(site.broker)
      #expect(site.end() == 0, "\(site.logTail)")
      try site.broker.start()
      try site.run()
    }
    try expectAll(messages, from: sensors, on: site, after: [])
  }

  /// Waits until all that was published has arrived, ends the program and asks the oracle.
  private func expectAll(_ messages: NumberedMessages, from sensors: Sensors, on site: Site, after story: [String])
    throws
  {
    #expect(sensors.finish(), "the broker acknowledges every message")

    // The broker and each worker keep the order, so that nothing comes after these.
    let last = site.publisher()
    for plant in NumberedMessages.plants { try last.publish(topic: "\(plant)/end/mark", payload: "1") }
    #expect(last.flush())
    let arrived = Waiting.until(seconds: 60) {
      usleep(100_000)
      let marks = try? site.influx.query("SELECT count(\"value\") FROM \"raw\" WHERE \"asset\" = 'end'")
      return marks?.first?.number("count") == Double(NumberedMessages.plants.count)
    }
    #expect(arrived, "\(story)\n\(site.logTail)")
    #expect(site.end() == 0, "\(site.logTail)")
    let oracle = try Oracle(messages, maybeTwice: sensors.maybeTwice, influx: site.influx)
    let findings = oracle.findings
    #expect(findings.isEmpty, "\(findings.count): \(findings.prefix(20)) after \(story)\n\(site.logTail)")
    #expect(site.deadLetters.isEmpty)
    let sent = messages.count + NumberedMessages.plants.count
    let unbalanced = try KeptAccounts(journal: site.folder.path + "/journal")
      .findings(readings: sent...sent + sensors.maybeTwice.count)
    #expect(unbalanced.isEmpty, "\(unbalanced) after \(story)")
  }

  /// Ends a broker that has not read what came in the last moments: it stands still while the program takes and
  /// acknowledges what is on its way, and wakes up with the request to end.
  private func haltUnhearing(_ broker: LocalBroker) {
    guard let identifier = broker.processIdentifier else { return }
    kill(identifier, SIGSTOP)
    usleep(200_000)
    kill(identifier, SIGTERM)
    kill(identifier, SIGCONT)
    broker.halt()
  }
}
