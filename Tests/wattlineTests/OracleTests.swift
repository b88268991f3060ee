import Foundation
import PlantTesting
import Testing

@Suite("Nothing lost", .serialized)
struct OracleTests {
  /// A broker and a journal of one kind.
  struct Setting: Sendable, CustomTestStringConvertible {
    var seed: UInt64
    /// QoS 1 messages on their way to the program, enforced by the broker; 0 is without bound.
    var inflight: Int { [20, 0, 3][Int(seed % 3)] }
    var journal: String { ["sync: 50ms", "sync: always", "sync: never, max_bytes: 4MiB"][Int(seed / 3 % 3)] }
    var testDescription: String { "seed \(seed), inflight \(inflight), \(journal)" }
  }

  /// Three, or as many as `WATTLINE_ORACLE_SEEDS` says, from `WATTLINE_ORACLE_FIRST` on.
  static let settings: [Setting] = {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["WATTLINE_ORACLE_SEEDS"].flatMap { UInt64($0) } ?? 3
    let first = environment["WATTLINE_ORACLE_FIRST"].flatMap { UInt64($0) } ?? 0
    return (0..<count).map { Setting(seed: first + $0) }
  }()

  static let messageCount = 12_000

  @Test(
    "every acknowledged message is in raw and clean once, though program, database and broker fail at random moments",
    arguments: settings)
  func nothingLost(_ setting: Setting) throws {
    var options = LocalBroker.Options()
    options.maximumInflight = setting.inflight
    let site = try Site(broker: options, journal: setting.journal)
    defer { site.stop() }
    try site.add(plant: NumberedMessages.plant)
    try site.runOnline()

    let start = Int64(Date().timeIntervalSince1970) * 1_000 - 600_000
    let messages = NumberedMessages(count: Self.messageCount, start: start)
    let sensors = try Sensors(messages, on: site, rate: 2_000)
    var chaos = Chaos(seed: setting.seed)
    while !sensors.isDone { try chaos.strike(site) }
    #expect(sensors.finish(), "the broker acknowledges every message")

    // The broker keeps the order, so that nothing comes after this.
    let last = site.publisher()
    try last.publish(topic: "\(NumberedMessages.plant)/end/mark", payload: "1")
    #expect(last.flush())
    let arrived = Waiting.until(seconds: 30) {
      usleep(100_000)
      let marks = try? site.influx.query("SELECT count(\"value\") FROM \"raw\" WHERE \"asset\" = 'end'")
      return marks?.isEmpty == false
    }
    #expect(arrived, "\(chaos.story)\n\(site.logTail)")
    #expect(site.end() == 0, "\(site.logTail)")
    let oracle = try Oracle(messages, maybeTwice: sensors.maybeTwice, influx: site.influx)
    let findings = oracle.findings
    #expect(findings.isEmpty, "\(findings.count): \(findings.prefix(20)) after \(chaos.story)\n\(site.logTail)")
    #expect(site.deadLetters.isEmpty)
  }
}
