import Accounts
import Pipeline
import PlantModel
import WattlineTime
import WebServer

/// Commands to assets, and what people decide about them.
struct CommandEndpoints: Sendable {
  let api: API

  /// A command as the interface writes it.
  struct Document: Encodable {
    var id, plant, asset, action, reason, state, issued, expires: String
    var setpoint: Double?
    var predicted: Predicted

    struct Predicted: Encodable {
      var power: Double?
      var exchange: Double?
      var soc: Double?
      var cost: Double?

      enum CodingKeys: String, CodingKey {
        case soc, cost
        case power = "power_kw"
        case exchange = "grid_kw"
      }
    }

    enum CodingKeys: String, CodingKey {
      case id, plant, asset, action, reason, state, issued, expires, predicted
      case setpoint = "setpoint_kw"
    }

    init(_ command: Command, asset: String, plant: String) {
      (id, self.plant, self.asset) = (command.id, plant, asset)
      (action, reason, state) = (command.action.rawValue, command.reason, command.state.rawValue)
      (issued, expires) = (command.issued.description, command.expires.description)
      setpoint = command.setpoint?.known
      let effect = command.effect
      predicted = Predicted(
        power: effect.power.known, exchange: effect.exchange.known, soc: effect.stateOfCharge.known,
        cost: effect.cost.known)
    }

    static let schema = Schema.object([
      "id": .string, "plant": .string, "asset": .string, "action": .word(Command.Action.allCases.map(\.rawValue)),
      "reason": .string, "state": .word(Command.State.allCases.map(\.rawValue)), "issued": .time, "expires": .time,
      "setpoint_kw": .optional(.number),
      "predicted": .object([
        "power_kw": .optional(.number), "grid_kw": .optional(.number), "soc": .optional(.number),
        "cost": .optional(.number),
      ]),
    ])
  }

  var endpoints: [Endpoint] { [list, decision(.confirm), decision(.reject)] }

  private enum Answer: String { case confirm, reject }

  private var list: Endpoint {
    Endpoint(
      path: "/api/v1/commands", id: "listCommands", group: "commands", summary: "the command of each asset",
      details: "The command that is valid now, with its state. One that is `awaiting` waits for a person.",
      access: .action(.readCommands),
      parameters: [
        .plants,
        .init(name: "state", meaning: "one state", schema: .word(Command.State.allCases.map(\.rawValue))), .limit,
        .cursor,
      ],
      responses: [.json("The commands.", .page(Document.schema))], problems: [404],
      answer: { call throws(Problem) in
        let state = try call.word("state", of: Command.State.self)
        let all = try api.views(of: call, for: .readCommands).flatMap { view in
          view.commands.filter { state == nil || $0.command.state == state }
            .map { Document($0.command, asset: $0.asset, plant: view.name) }
        }
        return .json(try Page(all, call: call))
      })
  }

  private func decision(_ answer: Answer) -> Endpoint {
    Endpoint(
      method: "POST", path: PathTemplate("/api/v1/commands/{id}/\(answer.rawValue)"), id: "\(answer.rawValue)Command",
      group: "commands", summary: answer == .confirm ? "a command is to be carried out" : "a command is turned down",
      details:
        "Only a command that is `awaiting` can be decided, and before it expires. Its identifier is unique in its "
        + "plant; where two plants have the same, `plant` says which is meant.",
      access: .action(.decideCommands), parameters: [.init(name: "plant", meaning: "the plant of the command")],
      responses: [
        .json("It is done; the command as it is now.", Document.schema),
        .json("It is stored; the result is not known yet.", Document.schema, status: 202),
      ],
      problems: [409, 422, 503],
      answer: { call throws(Problem) in try decide(answer.rawValue, call: call) })
  }

  /// Returns the command of a path.
  func find(_ call: Call, for action: Action) throws(Problem) -> (plant: String, asset: String, command: Command) {
    let given = call.parameter("id")
    let wanted = call.argument("plant")
    let all = api.pipeline.status().stages.plants
      .filter { call.may(action, on: $0.name) && (wanted == nil || wanted == $0.name) }
      .flatMap { view in view.commands.map { (plant: view.name, asset: $0.asset, command: $0.command) } }
    let id = PathName.resolve(given, among: Set(all.map(\.command.id)))
    let found = all.filter { $0.command.id == id }
    guard let first = found.first else {
      throw Problem(404, "no command '\(given.prefix(200))' is valid now at your plants")
    }
    guard found.count == 1 else {
      let plants = found.map(\.plant).joined(separator: ", ")
      throw Problem(409, "the plants \(plants) have a command of this name; add plant=NAME")
    }
    return first
  }

  /// Carries a decision about the command of a path out.
  func decide(_ answer: String, call: Call) throws(Problem) -> HTTPResponse {
    let found = try find(call, for: .decideCommands)
    let isDone = try api.request(
      of: found.plant, subject: "commands", members: ["id": found.command.id, "action": answer, "by": call.user])
    let now = api.pipeline.status().stages.plants.first { $0.name == found.plant }?.commands
      .first { $0.command.id == found.command.id }?.command
    let document = Document(now ?? found.command, asset: found.asset, plant: found.plant)
    return .json(document, status: isDone ? 200 : 202)
  }
}

extension Double {
  /// The number, rounded to four decimals; `nil` if it is none.
  var known: Double? { isFinite ? (self * 1e4).rounded() / 1e4 : nil }
}
