import Foundation
import InfluxSink
import Journal
import Pipeline
import PlantConfig
import PlantModel
import Settings
import SinkCore
import WattlineTime

/// `wattline replay JOURNAL`: runs recorded messages through the stages again, with the present configuration.
enum ReplayJournal {
  static func run(_ arguments: Arguments, directory: String) throws {
    let loaded = BrokerAccess.load(arguments.configuration)
    guard loaded.isValid else { throw Failure(description: "the configuration has mistakes; see wattline check") }
    let archive = try JournalArchive(directory: directory)
    guard try archive.reader(from: archive.startOffset).next() != nil else {
      throw Failure(
        description:
          "\(directory) has no journal, or nothing is in it; name the folder that is journal.path of wattline.yaml")
    }
    var changed = JournalReplay(.changed(loaded.sources))
    var recorded = arguments.has("--diff") ? JournalReplay(.asRecorded(otherwise: loaded.sources)) : nil
    let output = try ReplayOutput(arguments, settings: loaded.settings.influxdb)
    let signals = SignalWatch()
    var progress = ProgressBar("replaying", total: Double(max(1, archive.endOffset - archive.startOffset)))
    let reader = archive.reader(from: archive.startOffset)
    var records = 0
    while let record = try reader.next() {
      try changed.process(record) { try output.write($0) }
      recorded?.process(record) { _ in }
      records += 1
      if records % 256 == 0 {
        progress.update(Double(record.endOffset - archive.startOffset), note: "\(records) records")
        if signals.wait(seconds: 0) == .stop { break }
      }
    }
    try changed.finish { try output.write($0) }
    recorded?.finish { _ in }
    progress.finish()
    try output.finish()
    if reader.damage.places > 0 { Console.report("\(directory): damaged: \(reader.damage)") }
    if arguments.has("--json") {
      try Console.print(json: ReplayReport(changed.audit, recorded: recorded?.audit))
    } else {
      let lines =
        recorded.map { differences($0.audit, after: changed.audit, plants: loaded.plants) }
        ?? summary(changed.audit, plants: loaded.plants, messages: changed.ledger.messages)
      // Standard output may already receive the points.
      lines.forEach(arguments.text("--output") == "-" ? Console.report : Console.print)
    }
  }

  private static func summary(_ audit: ReplayAudit, plants: [Plant], messages: UInt64) -> [String] {
    var lines = ["\(messages.counted("message")), \(audit.points.counted("point")) beside raw and clean"]
    for (name, plant) in audit.plants.sorted(by: { $0.key < $1.key }) {
      lines.append(
        "\(name): \(plant.readings.reduce(0, +).counted("reading")), \(plant.readings[0]) of them good, "
          + "\(plant.alerts.values.reduce(0, +).counted("alert")), cost \(money(plant.cost, of: name, plants: plants))")
    }
    return lines
  }

  private static func differences(_ before: ReplayAudit, after: ReplayAudit, plants: [Plant]) -> [String] {
    var lines: [String] = []
    for name in Set(before.plants.keys).union(after.plants.keys).sorted() {
      let (old, new) = (before.plants[name] ?? .init(), after.plants[name] ?? .init())
      for rule in Set(old.alerts.keys).union(new.alerts.keys).sorted() where old.alerts[rule] != new.alerts[rule] {
        lines.append("\(name): alerts of \(rule): \(old.alerts[rule] ?? 0) before, \(new.alerts[rule] ?? 0) now")
      }
      for quality in Quality.allCases where old.readings[quality] != new.readings[quality] {
        lines.append("\(name): readings \(quality): \(old.readings[quality]) before, \(new.readings[quality]) now")
      }
      for (what, old, new) in [("cost", old.cost, new.cost), ("what dispatch would save", old.saving, new.saving)]
      where old != new {
        lines.append(
          "\(name): \(what): \(money(old, of: name, plants: plants)) before, \(money(new, of: name, plants: plants)) now"
        )
      }
    }
    for key in Set(before.scores.keys).union(after.scores.keys).sorted() {
      let (old, new) = (before.scores[key] ?? .init(), after.scores[key] ?? .init())
      guard old != new else { continue }
      lines.append(
        "\(key.series), model \(key.model): pinball \(score(old)) before, \(score(new)) now "
          + "(\(old.count) and \(new.count) forecasts)")
    }
    return lines.isEmpty ? ["nothing differs in alerts, qualities, forecasts' scores and cost"] : lines
  }

  private static func money(_ value: Double, of name: String, plants: [Plant]) -> String {
    let currency = plants.first { $0.name == name }.map { " \($0.currency)" } ?? ""
    return String(format: "%.2f", value) + currency
  }

  private static func score(_ score: ReplayAudit.Score) -> String {
    score.count > 0 ? String(format: "%.4f", score.meanPinball) : "none"
  }
}

extension [Int] {
  fileprivate subscript(quality: Quality) -> Int { self[Int(quality.rawValue)] }
}

/// Destination of a replay's lines: a file, standard output, another database, or none.
private final class ReplayOutput {
  private var file: OutputFile?
  private var sink: InfluxSink?

  init(_ arguments: Arguments, settings: DatabaseSettings) throws {
    file = try arguments.text("--output").map { try OutputFile($0) }
    if let name = arguments.text("--database") {
      guard name != settings.database else {
        throw Misuse(message: "--database \(name) is where the pipeline writes; name another one for the replay")
      }
      var settings = settings
      settings.database = name
      sink = try InfluxSink(
        settings, deadLetters: "replay-dead-letter", stateChanged: { Console.report("database: \($0)") },
        accepted: { _ in })
    }
  }

  func write(_ batch: WriteBatch) throws {
    try file?.write(batch.bytes)
    sink?.submit(batch)
  }

  /// Waits until the database has received everything.
  func finish() throws {
    try file?.close()
    guard let sink else { return }
    sink.stop(within: .hours(1))
    let refused = sink.counts.deadLetters.values.reduce(0, +)
    if refused > 0 { Console.report("refused points: \(refused), in replay-dead-letter") }
  }
}

/// JSON document of `--json`.
private struct ReplayReport: Encodable {
  struct Plant: Encodable {
    var readings: [String: Int]
    var alerts: [String: Int]
    var cost: Double
    var saving: Double
  }

  struct Score: Encodable {
    var series: String
    var model: String
    var forecasts: Int
    var pinball: Double
    var mae: Double
  }

  struct Outcome: Encodable {
    var plants: [String: Plant]
    var scores: [Score]

    init(_ audit: ReplayAudit) {
      plants = audit.plants.mapValues { plant in
        let readings = Quality.allCases.map { ("\($0)", plant.readings[$0]) }.filter { $0.1 > 0 }
        return Plant(
          readings: Dictionary(uniqueKeysWithValues: readings), alerts: plant.alerts, cost: plant.cost,
          saving: plant.saving)
      }
      scores = audit.scores.sorted { $0.key < $1.key }.map { key, score in
        Score(
          series: key.series, model: key.model, forecasts: score.count, pinball: score.meanPinball,
          mae: score.meanAbsoluteError)
      }
    }
  }

  var now: Outcome
  var recorded: Outcome?

  init(_ now: ReplayAudit, recorded: ReplayAudit?) {
    self.now = Outcome(now)
    self.recorded = recorded.map(Outcome.init)
  }
}
