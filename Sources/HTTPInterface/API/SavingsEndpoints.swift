import Accounts
import InfluxSink
import Pipeline
import PlantConfig
import PlantModel
import PointSchema
import Savings
import SavingsAccounts
import WattlineTime
import WebServer

/// Verified savings of plants: months, frozen models, investigations, events, and what people decide about them.
struct SavingsEndpoints: Sendable {
  let api: API

  /// A meter as the interface writes it.
  struct Meter: Encodable {
    var plant, meter, fuel, baselineFirst, baselineLast: String
    var model: String?
    var openInvestigations, pendingEvents: Int

    static let schema = Schema.object([
      "plant": .string, "meter": .string, "fuel": .word(SavingsPlan.Fuel.allCases.map(\.rawValue)),
      "baseline_first": .string, "baseline_last": .string, "model": .optional(.string), "open_investigations": .integer,
      "pending_events": .integer,
    ])
  }

  /// A month as the interface writes it.
  struct Month: Encodable {
    var meter, month, model: String
    var predictedKwh, actualKwh, deviationPct, halfKwh: Double?
    var state: String?

    static let schema = Schema.object([
      "meter": .string, "month": .string, "model": .string, "predicted_kwh": .optional(.number),
      "actual_kwh": .optional(.number), "deviation_pct": .optional(.number), "half_kwh": .optional(.number),
      "state": .optional(.word(["tracking", "warning", "alert"])),
    ])
  }

  /// A frozen model as the interface writes it.
  struct Version: Encodable {
    var meter, version, role, firstDay, lastDay, model, created, author, program, checksum: String
    var settings: [String: String]

    static let schema = Schema.object([
      "meter": .string, "version": .string, "role": .string, "first_day": .string, "last_day": .string,
      "model": .string, "created": .string, "author": .string, "program": .string, "checksum": .string,
      "settings": .map(.string),
    ])

    init(_ sealed: SealedModel) {
      let model = sealed.model
      (meter, version, role, settings) = (model.meter, model.version, model.role, model.settings)
      (firstDay, lastDay, created) = (model.firstDay, model.lastDay, model.created)
      (author, program, checksum) = (model.author, model.program, sealed.checksum)
      self.model = model.verifier.model.name
    }
  }

  var endpoints: [Endpoint] {
    [meters, months, versions, investigations, events, work]
      + [
        decision("confirm", of: "events", summary: "an event is no effect of a measure"),
        decision("reject", of: "events", summary: "an event belongs to the saving"),
        decision("assign", of: "investigations", summary: "an investigation has a cause"),
        decision("close", of: "investigations", summary: "an investigation is over"), enter,
      ]
  }

  // MARK: Reading

  /// Returns the plant of a path, if its file has `savings`.
  private func plant(of call: Call, for action: Action) throws(Problem) -> Plant {
    let plant = try api.plant(of: call, for: action)
    guard !plant.savings.isEmpty else { throw Problem(404, "the file of plant '\(plant.name)' has no 'savings'") }
    return plant
  }

  private func logbook(of plant: Plant) throws(Problem) -> LogbookRecord {
    do throws(RegistryDefect) { return try api.pipeline.savings().logbook.record(of: plant.name) } catch {
      throw Problem(503, error.description)
    }
  }

  private func models(of plant: Plant, meter: String) throws(Problem) -> [SealedModel] {
    do throws(RegistryDefect) { return try api.pipeline.savings().models(plant: plant.name, meter: meter) } catch {
      throw Problem(503, error.description)
    }
  }

  private var meters: Endpoint {
    Endpoint(
      path: "/api/v1/savings", id: "listSavings", group: "savings", summary: "meters whose savings are verified",
      details: "`model` is the version of the operational model: the latest that is frozen.",
      access: .action(.readSavings), parameters: [.limit, .cursor],
      responses: [.json("The meters.", .page(Meter.schema))], problems: [503],
      answer: { call throws(Problem) in
        var all: [Meter] = []
        for plant in api.pipeline.configuration().plants
        where !plant.savings.isEmpty && call.may(.readSavings, on: plant.name) {
          let record = try logbook(of: plant)
          for plan in plant.savings {
            all.append(
              Meter(
                plant: plant.name, meter: plan.meter, fuel: plan.fuel.rawValue,
                baselineFirst: MeterDay.text(ofDate: plan.baseline.lowerBound),
                baselineLast: MeterDay.text(ofDate: plan.baseline.upperBound),
                model: try models(of: plant, meter: plan.meter).last?.model.version,
                openInvestigations: record.investigations.count { $0.meter == plan.meter && $0.state != .closed },
                pendingEvents: record.events.count { $0.meter == plan.meter && $0.decision == .pending }))
          }
        }
        return .json(try Page(all, call: call))
      })
  }

  private var months: Endpoint {
    Endpoint(
      path: "/api/v1/savings/{plant}/months", id: "listSavingsMonths", group: "savings",
      summary: "closed months of a plant's meters",
      details: "With `against=baseline` predictions are those of the frozen baseline, so that savings are negative "
        + "deviations. With `against=operation`, as without, they are those of the operational model.",
      access: .action(.readSavings),
      parameters: [
        .init(
          name: "against", meaning: "baseline or operation", schema: .word(["baseline", "operation"])),
        .limit, .cursor,
      ],
      responses: [.json("The months, oldest first.", .page(Month.schema))], problems: [503],
      answer: { call throws(Problem) in
        let plant = try plant(of: call, for: .readSavings)
        let against = call.argument("against") ?? "operation"
        guard ["baseline", "operation"].contains(against) else {
          throw Problem(400, "against is baseline or operation, not '\(against.prefix(100))'")
        }
        return .json(try Page(try months(of: plant, isBaseline: against == "baseline"), call: call))
      })
  }

  private func months(of plant: Plant, isBaseline: Bool) throws(Problem) -> [Month] {
    let measurement = isBaseline ? Measurement.savingsMonth : .savingsOperationMonth
    let predicted = isBaseline ? FieldKey<Double>.predictedEnergy : .expectedEnergy
    let model = isBaseline ? Tag.model.quoted : FieldKey<String>.model.quoted
    let names = [predicted, .actualEnergy, .deviation, .halfInterval].map(\.quoted)
    let statement =
      "SELECT \((names + [FieldKey<String>.state.quoted, Tag.meter.quoted, model]).joined(separator: ", ")) FROM "
      + "\(measurement.name) WHERE \(Tag.plant.quoted) = \(DatabaseReader.quoted(plant.name))"
    let reader = try api.reader()
    let rows: [QueryRow]
    do throws(ReadError) { rows = try reader.rows(statement) } catch { throw API.problem(error) }
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    return rows.compactMap { row in
      guard let time = row.number("time"), let meter = row.text(.meter) else { return nil }
      let local = calendar.civil(at: Timestamp(milliseconds: Int64(time)))
      let date = CivilTime.daysSinceEpoch(year: local.year, month: local.month, day: local.day)
      return Month(
        meter: meter, month: String(MeterDay.text(ofDate: date).prefix(7)),
        model: row.text(FieldKey<String>.model.name) ?? "", predictedKwh: row.number(predicted)?.known,
        actualKwh: row.number(.actualEnergy)?.known, deviationPct: row.number(.deviation)?.known,
        halfKwh: row.number(.halfInterval)?.known, state: row.text(FieldKey<String>.state.name))
    }
  }

  private var versions: Endpoint {
    Endpoint(
      path: "/api/v1/savings/{plant}/versions", id: "listSavingsVersions", group: "savings",
      summary: "frozen models of a plant's meters, with their provenance",
      details: "A measure raises the second number, a recalibration of the operational model the third.",
      access: .action(.readSavings), parameters: [.limit, .cursor],
      responses: [.json("The models in order of their versions.", .page(Version.schema))], problems: [503],
      answer: { call throws(Problem) in
        let plant = try plant(of: call, for: .readSavings)
        var all: [Version] = []
        for plan in plant.savings { all += try models(of: plant, meter: plan.meter).map(Version.init) }
        return .json(try Page(all, call: call))
      })
  }

  private var investigations: Endpoint {
    Endpoint(
      path: "/api/v1/savings/{plant}/investigations", id: "listInvestigations", group: "savings",
      summary: "investigations of a plant's deviations",
      details: "The latest first. Candidates are what other parts of Wattline know of the time.",
      access: .action(.readSavings),
      parameters: [
        .init(
          name: "state", meaning: "one state", schema: .word(Investigation.State.allCases.map(\.rawValue))), .limit,
        .cursor,
      ],
      responses: [.json("The investigations.", .page(InvestigationDocument.schema))], problems: [503],
      answer: { call throws(Problem) in
        let plant = try plant(of: call, for: .readSavings)
        let state = try call.word("state", of: Investigation.State.self)
        let all = try logbook(of: plant).investigations.reversed().filter { state == nil || $0.state == state }
        return .json(try Page(all.map(InvestigationDocument.init), call: call))
      })
  }

  private var events: Endpoint {
    Endpoint(
      path: "/api/v1/savings/{plant}/events", id: "listSavingsEvents", group: "savings",
      summary: "non-routine events of a plant's meters",
      details: "The latest first. A confirmed event is taken out of the saving.", access: .action(.readSavings),
      parameters: [
        .init(
          name: "decision", meaning: "one decision", schema: .word(LoggedEvent.Decision.allCases.map(\.rawValue))),
        .limit, .cursor,
      ],
      responses: [.json("The events.", .page(EventDocument.schema))], problems: [503],
      answer: { call throws(Problem) in
        let plant = try plant(of: call, for: .readSavings)
        let decision = try call.word("decision", of: LoggedEvent.Decision.self)
        let all = try logbook(of: plant).events.reversed().filter { decision == nil || $0.decision == decision }
        return .json(try Page(all.map(EventDocument.init), call: call))
      })
  }

  private var work: Endpoint {
    Endpoint(
      path: "/api/v1/savings/{plant}/work", id: "listSavingsWork", group: "savings",
      summary: "entries of maintenance and operation of a plant", details: "The latest first.",
      access: .action(.readSavings), parameters: [.limit, .cursor],
      responses: [.json("The entries.", .page(WorkDocument.schema))], problems: [503],
      answer: { call throws(Problem) in
        let plant = try plant(of: call, for: .readSavings)
        return .json(try Page(try logbook(of: plant).works.reversed().map(WorkDocument.init), call: call))
      })
  }

  // MARK: Deciding

  private func decision(_ action: String, of things: String, summary: String) -> Endpoint {
    let member = action == "assign" ? "cause" : "note"
    let text = Schema.text(1...SavingsRequest.longestText)
    let isEvent = things == "events"
    return Endpoint(
      method: "POST", path: PathTemplate("/api/v1/savings/{plant}/\(things)/{id}/\(action)"),
      id: "\(action)\(isEvent ? "SavingsEvent" : "Investigation")", group: "savings", summary: summary,
      details: "It is in the logbook with who and when. A repetition changes nothing."
        + (isEvent ? " The saving changes with the next account, within minutes." : ""),
      access: .action(.decideSavings),
      body: .init(
        contentTypes: ["application/json"], schema: .object([member: action == "assign" ? text : .optional(text)]),
        isRequired: action == "assign"),
      responses: [
        .json("It is done.", isEvent ? EventDocument.schema : InvestigationDocument.schema),
        .json(
          "It is stored; the result is not known yet.", isEvent ? EventDocument.schema : InvestigationDocument.schema,
          status: 202),
      ],
      problems: [409, 422, 503],
      answer: { call throws(Problem) in
        let plant = try plant(of: call, for: .decideSavings)
        let (id, record) = (call.parameter("id"), try logbook(of: plant))
        let known = isEvent ? record.events.map(\.id) : record.investigations.map(\.id)
        guard known.contains(id) else {
          throw Problem(404, "plant '\(plant.name)' has no \(isEvent ? "event" : "investigation") '\(id.prefix(100))'")
        }
        let body = try JSONBody(call, members: [member])
        var members = ["id": id, "action": action, "by": call.user]
        members[member] = try action == "assign" ? body.text(member) : body.optionalText(member)
        let isDone = try api.request(of: plant.name, subject: SavingsRequest.subject, members: members)
        return try answer(id, of: plant, isEvent: isEvent, status: isDone ? 200 : 202)
      })
  }

  private func answer(_ id: String, of plant: Plant, isEvent: Bool, status: Int) throws(Problem) -> HTTPResponse {
    let record = try logbook(of: plant)
    if isEvent, let event = record.events.first(where: { $0.id == id }) {
      return .json(EventDocument(event), status: status)
    }
    guard let found = record.investigations.first(where: { $0.id == id }) else {
      throw Problem(404, "plant '\(plant.name)' has no '\(id.prefix(100))'")
    }
    return .json(InvestigationDocument(found), status: status)
  }

  private var enter: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/savings/{plant}/work", id: "addSavingsWork", group: "savings",
      summary: "work on a plant or a change of its operation is entered",
      details: "It stands as an annotation, and is a candidate for the causes of deviations. `date` is a day such as "
        + "2026-05-03, today if it is missing.",
      access: .action(.decideSavings),
      body: .init(
        contentTypes: ["application/json"],
        schema: .object([
          "kind": .word(["maintenance", "operation"]), "text": .text(1...SavingsRequest.longestText),
          "date": .optional(.example(.string, "2026-05-03")), "asset": .optional(.text(1...200)),
          "meter": .optional(.text(1...200)),
        ])),
      responses: [
        .json("It is entered.", WorkDocument.schema), .empty("It is entered already, or is no longer the latest."),
        .json("It is stored; the result is not known yet.", .object([:]), status: 202),
      ],
      problems: [409, 422, 503],
      answer: { call throws(Problem) in
        let plant = try plant(of: call, for: .decideSavings)
        let body = try JSONBody(call, members: ["kind", "text", "date", "asset", "meter"])
        let kind = try body.text("kind", longest: 20)
        guard ["maintenance", "operation"].contains(kind) else {
          throw Problem(422, "'kind' is maintenance or operation, not '\(kind)'")
        }
        let text = try body.text("text")
        var members = ["action": kind, "text": text, "by": call.user]
        for name in ["date", "asset", "meter"] { members[name] = try body.optionalText(name, longest: 200) }
        if let date = members["date"], SavingsRequest.date(date) == nil {
          throw Problem(422, "'date' is a day such as 2026-05-03, not '\(date)'")
        }
        if let meter = members["meter"], !plant.savings.contains(where: { $0.meter == meter }) {
          throw Problem(422, "plant '\(plant.name)' has no meter '\(meter)' under 'savings'")
        }
        guard SavingsRequest(members) != nil else { throw Problem(422, "'text' must have visible characters") }
        guard try api.request(of: plant.name, subject: SavingsRequest.subject, members: members) else {
          return .json([String: String](), status: 202)
        }
        let entries = try logbook(of: plant).works
        guard let entry = entries.last(where: { $0.author == call.user }) else {
          return HTTPResponse.text("", status: 204)
        }
        return .json(WorkDocument(entry))
      })
  }
}

/// An investigation as JSON.
private struct InvestigationDocument: Encodable {
  var id, meter, state, severity, opened, since, model: String
  var deviationPct, deviationKwh, halfKwh: Double?
  var standing: Bool
  var candidates: [String]
  var cause, assignedBy, assigned, closedBy, closed, note: String?

  static let schema = Schema.object([
    "id": .string, "meter": .string, "state": .word(Investigation.State.allCases.map(\.rawValue)), "severity": .string,
    "opened": .time, "since": .string, "model": .string, "deviation_pct": .optional(.number),
    "deviation_kwh": .optional(.number), "half_kwh": .optional(.number), "standing": .boolean,
    "candidates": .array(.string), "cause": .optional(.string), "assigned_by": .optional(.string),
    "assigned": .optional(.time), "closed_by": .optional(.string), "closed": .optional(.time),
    "note": .optional(.string),
  ])

  init(_ found: Investigation) {
    let opening = found.opening
    (id, meter, state, severity) = (found.id, found.meter, found.state.rawValue, found.severity)
    (opened, since, model) = (opening.time, MeterDay.text(ofDate: opening.first), opening.model)
    (deviationPct, deviationKwh, halfKwh) = (opening.percent.known, opening.energy.known, opening.half.known)
    (standing, candidates, cause) = (found.isStanding, found.candidates, found.cause)
    (assignedBy, assigned) = (found.assignment?.author, found.assignment?.time)
    (closedBy, closed) = (found.closing?.author, found.closing?.time)
    note = found.closing.flatMap { $0.words.isEmpty ? nil : $0.words }
  }
}

/// A non-routine event as JSON.
private struct EventDocument: Encodable {
  var id, meter, firstDay, lastDay, decision: String
  var effectKwh: Double?
  var decidedBy, decided, note: String?

  static let schema = Schema.object([
    "id": .string, "meter": .string, "first_day": .string, "last_day": .string,
    "decision": .word(LoggedEvent.Decision.allCases.map(\.rawValue)), "effect_kwh": .optional(.number),
    "decided_by": .optional(.string), "decided": .optional(.time), "note": .optional(.string),
  ])

  init(_ logged: LoggedEvent) {
    (id, meter, decision) = (logged.id, logged.meter, logged.decision.rawValue)
    (firstDay, lastDay) = (MeterDay.text(ofDate: logged.event.start), MeterDay.text(ofDate: logged.event.end))
    (effectKwh, decidedBy, decided) = (logged.event.effect.known, logged.deciding?.author, logged.deciding?.time)
    note = logged.deciding.flatMap { $0.words.isEmpty ? nil : $0.words }
  }
}

/// An entry of work as JSON.
private struct WorkDocument: Encodable {
  var id, kind, text, date, by, entered: String
  var asset, meter: String?

  static let schema = Schema.object([
    "id": .string, "kind": .word(["maintenance", "operation"]), "text": .string, "date": .string, "by": .string,
    "entered": .time, "asset": .optional(.string), "meter": .optional(.string),
  ])

  init(_ entry: LogbookEntry) {
    (id, kind, text, by, entered) = (entry.subject, entry.kind.rawValue, entry.words, entry.author, entry.time)
    date = MeterDay.text(ofDate: entry.first)
    asset = entry.asset.isEmpty ? nil : entry.asset
    meter = entry.meter.isEmpty ? nil : entry.meter
  }
}

extension LogbookEntry {
  /// Time at which it was made, as RFC 3339 writes it.
  fileprivate var time: String { Timestamp(milliseconds: milliseconds).description }
}
