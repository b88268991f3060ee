import Community
import CommunityControl
import DataSources
import Journal
import LineProtocol
import PlantModel
import PlantTesting
import PointSchema
import Savings
import SinkCore
import StreamCore
import Testing
import WattlineTime

@testable import Backup
@testable import Forecasting
@testable import InfluxSink
@testable import Pipeline
@testable import SavingsAccounts

@Suite("Written points")
struct WrittenPointsTests {
  @Test("every point has declared tags and fields of declared types, and every field that is always there is written")
  func everyPointHasDeclaredTagsAndFieldsOfDeclaredTypesAndEveryFieldThatIs() throws {
    var written = WrittenPoints()
    let history = try History(
      seed: 3, hours: 21, more: "\ncommands: {mode: advise}\nsensors: [{match: bess.temperature, range: [90, 99]}]\n")
    var processor = RecordProcessor(sources: history.first)
    for record in history.records {
      _ = record.body.withUnsafeBytes { processor.process(kind: record.kind, received: record.received, body: $0) }
      written.read(processor.encoder.drain(upTo: 0).bytes)
    }
    written.read(Self.scenario())
    var reporter = Reporter(instance: "a", folder: "/")
    written.read(reporter.report(Self.status(processor.ledger), at: .distantPast).bytes)
    written.read(reporter.report(refused: "a/b", reason: "not_json", text: "words", at: .distantPast).bytes)
    written.read(reporter.report(configuration: "started with 1 plant", at: .distantPast).bytes)

    let audit = AuditPoint(
      action: "login", user: "anna", address: "192.0.2.1", target: "", result: "done", time: .distantPast)
    written.read(audit.rendered(instance: "a").bytes)

    written.read(try Self.savings())
    written.read(try Self.community())

    for measurement in Measurement.all {
      let seen = written.fields[measurement.name, default: []]
      #expect(!seen.isEmpty, "nothing writes \(measurement.name)")
      let missing = measurement.fields.filter { $0.condition == nil && !seen.contains($0.name) }.map(\.name)
      #expect(missing == [], "nothing writes these of \(measurement.name)")
    }
    // The reasons of each counter do not depend on the plant.
    let counters = Set(Measurement.pipeline.fields.map(\.name))
    #expect(written.fields["pipeline"] == counters)
  }

  /// The points of a community of one member: a decision, its quarter as it was settled, and a variant of a study.
  private static func community() throws -> [UInt8] {
    let mark = Timestamp(seconds: 1_790_000_100).floored(to: .minutes(15))
    var machine = CommunityMachine(name: "village")
    var encoder = LineEncoder()
    func take(_ kind: RecordKind, _ write: (inout SnapshotWriter) -> Void) throws {
      var writer = SnapshotWriter()
      write(&writer)
      encoder.append(try machine.apply(kind, body: writer.bytes))
    }
    var state = MemberState(time: mark)
    (state.load, state.generation, state.batteryPower) = (2, 0, 0)
    state.battery = .init(capacity: 10, power: 5, efficiency: 0.95, wear: 0, minimum: 1, maximum: 9, energy: 5)
    state.cars = [.init(energy: 8, hours: 9, power: 7.4)]
    try take(.memberSummary, MemberSummary(plant: "north", state: state).write)
    try take(
      .communityQuarter,
      CommunityQuarter(
        time: mark, members: ["north"], objective: .cost, importPrice: (0..<96).map { $0 > 60 ? 0.4 : 0.2 },
        exportPrice: (0..<96).map { _ in 0.1 }
      ).write)
    let planner = try CommunityPlanner(machine)
    let solution = try CommunitySolver.solve(planner.instance, objective: planner.objective)
    try take(.communityDecision, planner.decision(of: solution, seconds: 1).write)
    var next = MemberSummary(plant: "north", state: MemberState(time: mark + .minutes(15)))
    next.quarters = [.init(start: mark, net: 1, load: 2, generation: 0, battery: 1)]
    try take(.memberSummary, next.write)
    encoder.append(
      CommunityMachine.studyPoints(
        of: "village", at: mark,
        variants: [
          .init(name: "base", cost: 9, costLow: 8, costHigh: 10, peak: 5, carbon: 3, selfSufficiency: 0.4)
        ]))
    return encoder.bytes
  }

  /// The points of a meter's savings, with a contract, prices and a measure.
  private static func savings() throws -> [UInt8] {
    let first = MadeMeter.firstDay
    let plant = Plant(name: "north", location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
    let days = (first..<first + 430).map {
      MeterDay(date: $0, use: MadeMeter().use($0), temperature: MadeMeter.temperature($0))
    }
    var plan = SavingsPlan(
      asset: "main", temperature: SensorName(asset: "roof", sensor: "temperature"), baseline: first...(first + 364))
    plan.measures = [SavingsPlan.Measure(date: first + 365, name: "lighting")]
    plan.guarantee = SavingsPlan.Guarantee(kilowattHoursPerYear: 100, from: first + 365)
    let record = MeterRecord(
      days: days, prices: Dictionary(uniqueKeysWithValues: days.map { ($0.date, 0.3) }),
      emissions: Dictionary(uniqueKeysWithValues: days.map { ($0.date, 0.4) }))
    let verifier = try SavingsVerifier(baseline: Array(days[..<365]), years: 2022...2026, countries: [])
    let model = FrozenModel(
      plant: plant.name, meter: plan.meter, version: "1.0.0", role: "baseline", firstDay: "", lastDay: "",
      settings: [:],
      dataDigest: "", program: "", author: "", created: "", previous: "", witness: verifier.witness, verifier: verifier)
    let account = SavingsAccount(
      SealedModel(model: model, version: ModelVersion(1), checksum: "", file: ""), plan: plan, plant: plant,
      record: record, dates: (first + 365)...(first + 429))
    var logbook = LogbookRecord()
    for (kind, subject) in [(LogbookEntry.Kind.found, "E1"), (.raised, "I1"), (.assigned, "I1"), (.maintenance, "M1")] {
      var entry = LogbookEntry(
        kind, subject: subject, plant: plant.name, meter: plan.meter, milliseconds: 1, author: "anna")
      (entry.first, entry.last, entry.words, entry.asset) = (first, first + 9, "words", "main")
      logbook.add(entry, checksum: "")
    }
    var encoder = LineEncoder()
    encoder.append(account.points(), of: PlantRegister(plant: plant))
    encoder.append(logbook.points(of: plant), of: PlantRegister(plant: plant))
    return encoder.bytes
  }

  /// The points of a scenario of one slot.
  private static func scenario() -> [UInt8] {
    let one = ScenarioOutcome.Quantiles([1])
    let figure = ScenarioOutcome.Figure(recorded: 1, without: one, with: one, change: one)
    let outcome = ScenarioOutcome(
      energy: figure, cost: figure, peak: figure,
      slots: [
        ScenarioOutcome.Slot(
          time: .distantPast, recorded: 1, load: one, cost: one, peak: one, costWithout: 1, peakWithout: 1)
      ], notes: [])
    var encoder = LineEncoder()
    let plant = Plant(name: "north", location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
    encoder.append(outcome.points(name: "more"), of: PlantRegister(plant: plant))
    return encoder.bytes
  }

  /// A status with something of each kind.
  private static func status(_ ledger: Ledger) -> PipelineStatus {
    var status = PipelineStatus()
    status.stages.ledger = ledger
    status.stages.ledger.refusedValues["not_finite"] = 1
    status.stages.qualityCounts = Array(repeating: 1, count: 10)
    status.sink.accounts.deadLetters[.malformed] = PointTally()
    status.sink.accounts.dropped[.spoolFull] = PointTally()
    let alerts = StageCounters(stage: "alerts", reasons: ["mail"])
    alerts.drop("mail")
    status.alerts = alerts.snapshot()
    status.backup = BackupKeeper.Status(last: .distantPast, bytes: 1, isOK: true)
    status.interface = InterfaceFacts(requests: 3, slow: 1)
    status.interface?.url = "http://127.0.0.1:8080/"
    status.stages.plants = [PlantView(name: "north")]
    status.fetched = [SourceStatus(name: "portal", plant: "north", state: .waiting)]
    status.retention = RetentionCounts(days: 1, failures: 0, lastSeconds: 1)
    return status
  }
}

/// Lines of line protocol, held against the schema.
private struct WrittenPoints {
  /// Names of the declarations of the fields that were seen, by measurement.
  private(set) var fields: [String: Set<String>] = [:]

  mutating func read(_ lines: [UInt8]) {
    lines.withUnsafeBytes { bytes in
      var start = 0
      for end in bytes.indices where bytes[end] == UInt8(ascii: "\n") {
        read(bytes, line: start..<end)
        start = end + 1
      }
    }
  }

  private mutating func read(_ bytes: UnsafeRawBufferPointer, line: Range<Int>) {
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    guard let scanner = LineScanner(bytes, line: line),
      let measurement = Measurement.all.first(where: { $0.name == text(scanner.measurement) })
    else {
      Issue.record("undeclared: \(text(line))")
      return
    }
    var tags: [String] = []
    var rest = scanner.tags
    while let pair = LineScanner.pair(bytes, rest: &rest, quotes: false) { tags.append(text(pair.key)) }
    let declared = measurement.tags.filter { !$0.isOptional || tags.contains($0.name) }
    if tags != declared.map(\.name) { Issue.record("tags \(tags): \(text(line))") }
    var seen: Set<String> = []
    rest = scanner.fields
    while let pair = LineScanner.pair(bytes, rest: &rest, quotes: true) {
      guard let field = measurement.declaration(of: text(pair.key)), field.type == Self.type(bytes[pair.value]) else {
        Issue.record("field \(text(pair.key)): \(text(line))")
        continue
      }
      seen.insert(field.name)
    }
    for field in measurement.fields where field.condition == nil && !seen.contains(field.name) {
      Issue.record("no \(field.name), which is always there: \(text(line))")
    }
    fields[measurement.name, default: []].formUnion(seen)
  }

  /// The type of a value as it is written.
  private static func type(_ value: Slice<UnsafeRawBufferPointer>) -> FieldType {
    switch value.last {
    case UInt8(ascii: "\""): .text
    case UInt8(ascii: "i"): .integer
    case UInt8(ascii: "e"): .boolean
    default: .float
    }
  }
}
