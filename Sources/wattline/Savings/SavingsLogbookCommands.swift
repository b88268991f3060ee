import Foundation
import PlantModel
import Savings
import SavingsAccounts
import WattlineTime

/// `wattline savings investigations`: what a plant's logbook of savings says.
enum SavingsInvestigationsCommand {
  static let description = CommandDescription(
    name: "savings investigations", summary: "investigations, non-routine events and work in the logbook of savings",
    options: [
      Option(name: "--plant", value: "P", help: "the plant (default: all with savings)"),
      CommandDescription.configurationOption,
      Option(name: "--all", value: nil, help: "closed investigations and decided events too"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      An alert of a deviation opens an investigation, with candidates for the cause in words. An event is a span of days
      at another level. Once it is confirmed it is taken out of the saving; the command for that is
      wattline savings confirm. The logbook is in the folder savings below journal.path. Nothing in it is changed or
      removed; each entry says who made it and when.
      """,
    examples: ["wattline savings investigations", "wattline savings investigations --plant riverside --all --json"])

  /// Logbook of a plant, for JSON.
  private struct Document: Encodable {
    struct Case: Encodable {
      var id, meter, state, severity, opened, since: String
      var deviationPct, halfKwh: Double
      var standing: Bool
      var candidates: [String]
      var cause, closedBy: Nullable<String>
    }
    struct Event: Encodable {
      var id, meter, firstDay, lastDay, decision: String
      var effectKwh: Double
      var decidedBy: Nullable<String>
    }
    struct Work: Encodable { var id, kind, date, text, asset, by: String }

    var plant: String
    var investigations: [Case]
    var events: [Event]
    var work: [Work]
  }

  static func run(_ arguments: Arguments) throws {
    let savings = try PlantSavings(arguments.configuration, plant: arguments.text("--plant"))
    let isWhole = arguments.has("--all")
    let documents = try savings.logbooks().map { document($0.plant, record: $0.record, isWhole: isWhole) }
    if arguments.has("--json") {
      return Console.print(
        try Console.json(
          documents, keys: .convertToSnakeCase, formatting: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]))
    }
    Console.print(documents.map(text).joined(separator: "\n\n"))
  }

  private static func document(_ plant: Plant, record: LogbookRecord, isWhole: Bool) -> Document {
    Document(
      plant: plant.name,
      investigations: record.investigations.filter { isWhole || $0.state != .closed }.map { found in
        let opening = found.opening
        return Document.Case(
          id: found.id, meter: found.meter, state: found.state.rawValue, severity: found.severity,
          opened: Timestamp(milliseconds: opening.milliseconds).description, since: SavingsReport.text(opening.first),
          deviationPct: rounded(opening.percent), halfKwh: rounded(opening.half), standing: found.isStanding,
          candidates: found.candidates, cause: Nullable(found.cause), closedBy: Nullable(found.closing?.author))
      },
      events: record.events.filter { isWhole || $0.decision == .pending }.map { logged in
        Document.Event(
          id: logged.id, meter: logged.meter, firstDay: SavingsReport.text(logged.event.start),
          lastDay: SavingsReport.text(logged.event.end), decision: logged.decision.rawValue,
          effectKwh: rounded(logged.event.effect), decidedBy: Nullable(logged.deciding?.author))
      },
      work: record.works.map { entry in
        Document.Work(
          id: entry.subject, kind: entry.kind.rawValue, date: SavingsReport.text(entry.first), text: entry.words,
          asset: entry.asset, by: entry.author)
      })
  }

  private static func text(_ document: Document) -> String {
    var lines = [document.plant]
    for found in document.investigations {
      lines.append(
        "  \(found.id)  \(found.meter)  \(found.state)  \(found.severity)  since \(found.since), "
          + String(format: "%+.1f %%", found.deviationPct) + (found.standing ? "" : ", tracks again"))
      lines += found.candidates.map { "      ? \($0)" }
      if let cause = found.cause.value { lines.append("      cause: \(cause)") }
    }
    lines += document.events.map { event in
      "  \(event.id)  \(event.meter)  \(event.decision)  \(event.firstDay) to \(event.lastDay), "
        + String(format: "%.0f kWh %@", abs(event.effectKwh), event.effectKwh > 0 ? "more" : "less")
    }
    lines += document.work.map { work in
      "  \(work.id)  \(work.kind)\(work.asset.isEmpty ? "" : " of \(work.asset)")  \(work.date)  \(work.text) (\(work.by))"
    }
    if lines.count == 1 { lines.append("  nothing is open") }
    return lines.joined(separator: "\n")
  }
}

/// `wattline savings confirm`, `reject`, `assign` and `close`: what a person decides about an event or investigation.
struct SavingsDecisionCommand: Sendable {
  static let confirm = SavingsDecisionCommand(
    action: "confirm", operand: "EVENT", summary: "an event is no effect of a measure: it is taken out of the saving")
  static let reject = SavingsDecisionCommand(
    action: "reject", operand: "EVENT", summary: "an event belongs to the saving")
  static let assign = SavingsDecisionCommand(
    action: "assign", operand: "INVESTIGATION", summary: "an investigation has a cause")
  static let close = SavingsDecisionCommand(
    action: "close", operand: "INVESTIGATION", summary: "an investigation is over")

  private let action: String
  private let operand: String
  private let summary: String

  private var option: String { action == "assign" ? "--cause" : "--note" }

  var description: CommandDescription {
    CommandDescription(
      name: "savings \(action)", summary: summary, operands: [operand],
      options: [
        Option(name: "--plant", value: "P", help: "the plant; needed if several have savings"),
        CommandDescription.configurationOption,
        Option(name: option, value: "WORDS", help: action == "assign" ? "the cause" : "a note for the logbook"),
      ],
      details: """
        wattline savings investigations lists what there is. The entry is in the logbook with the name of the user and
        the time; a later decision replaces an earlier one. A running service heeds it within minutes. Run it as the user
        of the service, which owns the logbook.
        """,
      examples: [
        "wattline savings \(action) \(operand == "EVENT" ? "E1" : "I1") --plant riverside"
          + (action == "assign" ? " --cause 'the damper of unit 2 was stuck'" : "")
      ])
  }

  @Sendable func run(_ arguments: Arguments) throws {
    let id = arguments.operands[0]
    var members = ["action": action, "id": id, "by": NSUserName()]
    members[String(option.dropFirst(2))] = arguments.text(option)
    if action == "assign", arguments.text(option) == nil { throw Misuse(message: "savings assign needs --cause WORDS") }
    try SavingsWorkCommand.enter(members, arguments: arguments)
  }
}

/// `wattline savings work`: an entry of maintenance or operation.
enum SavingsWorkCommand {
  static let description = CommandDescription(
    name: "savings work", summary: "enters maintenance or a change of operation, a candidate for causes",
    operands: ["TEXT"],
    options: [
      Option(name: "--plant", value: "P", help: "the plant; needed if several have savings"),
      CommandDescription.configurationOption,
      Option(name: "--operation", value: nil, help: "a change of operation, such as a schedule (default: maintenance)"),
      Option(name: "--date", value: "DATE", help: "the day (default: today)"),
      Option(name: "--asset", value: "A", help: "the asset that was worked on"),
      Option(name: "--meter", value: "M", help: "the meter that it concerns (default: all)"),
    ],
    details: "The entry stands as an annotation on the board Savings, and among the candidates of investigations.",
    examples: [
      "wattline savings work 'filter changed' --plant riverside --asset ahu1",
      "wattline savings work 'opens at 6:00' --operation --date 2026-05-04",
    ])

  static func run(_ arguments: Arguments) throws {
    var members = [
      "action": arguments.has("--operation") ? "operation" : "maintenance", "text": arguments.operands[0],
      "by": NSUserName(),
    ]
    for name in ["date", "asset", "meter"] { members[name] = arguments.text("--\(name)") }
    if let date = members["date"], SavingsRequest.date(date) == nil {
      throw Misuse(message: "--date is a day such as 2026-05-04, not '\(date)'")
    }
    try enter(members, arguments: arguments)
  }

  /// Enters a request into the logbook of the plant that the arguments name.
  static func enter(_ members: [String: String], arguments: Arguments) throws {
    let savings = try PlantSavings(arguments.configuration, plant: arguments.text("--plant"))
    guard savings.plants.count == 1, let plant = savings.plants.first else {
      throw Misuse(message: "--plant is needed: \(savings.plants.map(\.name).joined(separator: ", ")) have savings")
    }
    guard let request = SavingsRequest(members) else {
      throw Misuse(message: "the text or identifier is empty or too long")
    }
    let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    switch try savings.registry.logbook.follow(request, of: plant, at: now) {
    case .refused(.late): throw Failure(description: "'\(request.id)' of plant '\(plant.name)' is closed")
    case .refused:
      let what = request.id.isEmpty ? "meter '\(request.meter)' under 'savings'" : "'\(request.id)' in its logbook"
      throw Failure(
        description: "plant '\(plant.name)' has no \(what); wattline savings investigations --all lists what there is")
    case .taken, .open: Console.print("entered")
    }
  }
}
