import LocalServers
import PlantModel
import PlantTesting
import Settings
import SinkCore
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("Savings of each day")
struct SavingsKeeperTests {
  private static let first = MadeMeter.firstDay
  private static let measure = first + 365 + 31

  private static var plan: SavingsPlan {
    var plan = SavingsPlan(
      asset: "main", sensor: "power", temperature: SensorName(asset: "roof", sensor: "temperature"),
      baseline: first...(first + 364), reportingStart: measure)
    plan.measures = [.init(date: measure, name: "lighting")]
    return plan
  }

  private static func plant(_ plan: SavingsPlan) -> Plant {
    var plant = Plant(
      name: "hill", location: Location(latitude: 48, longitude: 11, timezone: MadeMeter.zone),
      assets: [Asset(name: "main", kind: .meter), Asset(name: "roof", kind: .weather)])
    plant.savings = [plan]
    return plant
  }

  @Test func `a meter is due at first, then an hour after each local day, and wholly when its settings change`() {
    var schedule = SavingsSchedule()
    let plant = Self.plant(Self.plan)
    let (date, start) = (Self.measure + 100, MadeMeter.start(Self.measure + 100))
    #expect(schedule.due(Self.plan, of: plant, at: start + .hours(5)) == .min)
    schedule.record(Self.plan, of: plant, at: start + .hours(5))
    #expect(schedule.due(Self.plan, of: plant, at: start + .hours(24)) == nil)
    #expect(schedule.due(Self.plan, of: plant, at: start + .minutes(25 * 60 - 1)) == nil)
    #expect(schedule.due(Self.plan, of: plant, at: start + .hours(25)) == date - SavingsSchedule.repeatedDays)
    // After days without a database, all that were missed are due.
    #expect(schedule.due(Self.plan, of: plant, at: start + .days(4)) == date - SavingsSchedule.repeatedDays)
    var other = Self.plan
    other.confidence = 0.8
    #expect(schedule.due(other, of: plant, at: start + .hours(6)) == .min)
  }

  @Test func `each closed day and month is written once it is known, and a restart writes the same`() throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    let folder = try TemporaryFolder(prefix: "wattline-savings")
    defer { folder.remove() }
    try influx.write(
      MadeMeter(measure: (Self.measure, 0.1)).lines(Self.first..<Self.measure + 100, plant: "hill"))
    var settings = ProcessSettings()
    settings.influxdb = influx.settings()
    settings.journal.path = folder.path
    let plant = Self.plant(Self.plan)
    let (sink, notes) = (KeptSink(), Locked<[LogEntry]>([]))
    let keeper = SavingsKeeper(
      settings, sink: sink, program: "test", plants: { [plant] }, tell: { _ in true },
      note: { entry in notes.with { $0.append(entry) } })
    var schedule = SavingsSchedule()
    let now = MadeMeter.start(Self.measure + 100) + .hours(9)

    #expect(keeper.work(&schedule, at: now), "\(notes.value)")
    let lines = sink.take()
    let days = lines.filter { $0.hasPrefix("savings,") }
    #expect(
      days.count == 100 && days.allSatisfy { $0.contains("meter=main.power,model=1.0.0") }, "\(lines.first ?? "")")
    #expect(days.filter { $0.contains("measures=\"lighting\"") } == [days[0]])
    // February to April are closed, May is not.
    #expect(lines.filter { $0.hasPrefix("savings_month,") }.count == 3)

    #expect(keeper.work(&schedule, at: now + .hours(1)) && sink.take().isEmpty)
    #expect(keeper.work(&schedule, at: now + .days(1)))
    let repeated = sink.take().filter { $0.hasPrefix("savings,") }
    #expect(repeated.count == SavingsSchedule.repeatedDays && repeated.allSatisfy(days.contains))

    var restarted = SavingsSchedule()
    #expect(keeper.work(&restarted, at: now) && sink.take() == lines)
    #expect(notes.value.isEmpty)
  }

  @Test func `a database that is away is told once, and the days are written when it is back`() throws {
    var settings = ProcessSettings()
    settings.influxdb.url = "http://127.0.0.1:1"
    let plant = Self.plant(Self.plan)
    let notes = Locked<[LogEntry]>([])
    let keeper = SavingsKeeper(
      settings, sink: KeptSink(), program: "test", plants: { [plant] }, tell: { _ in true },
      note: { entry in notes.with { $0.append(entry) } })
    var schedule = SavingsSchedule()
    let now = MadeMeter.start(Self.measure + 100)
    #expect(!keeper.work(&schedule, at: now) && !keeper.work(&schedule, at: now))
    #expect(notes.value.count == 1 && notes.value[0].message.contains("hill"), "\(notes.value)")
    #expect(schedule.due(Self.plan, of: plant, at: now) == .min)
  }

  /// A sink that keeps what it is given.
  private final class KeptSink: Sink {
    private let lines = Locked<[String]>([])
    var counts: SinkCounts {
      var counts = SinkCounts()
      counts.state = .ok
      return counts
    }
    var acceptedUpTo: UInt64? { nil }
    func submit(_ batch: WriteBatch) -> Bool { offer(batch) }
    func offer(_ batch: WriteBatch) -> Bool {
      lines.with { $0 += String(decoding: batch.bytes, as: UTF8.self).split(separator: "\n").map(String.init) }
      return true
    }
    func stop(within span: TimeSpan) -> UInt64? { nil }
    /// Returns the lines since the last call.
    func take() -> [String] {
      lines.with { kept in
        defer { kept = [] }
        return kept
      }
    }
  }
}
