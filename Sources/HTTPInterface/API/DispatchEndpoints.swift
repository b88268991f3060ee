import Accounts
import DispatchPolicy
import Pipeline
import PlantModel
import PlantPhysics
import WattlineTime
import WebServer

/// Recommendations for batteries and flexible load.
struct DispatchEndpoints: Sendable {
  let api: API

  /// A recommendation as the interface writes it.
  struct Document: Encodable {
    var plant, asset, time, reason: String
    var recommendedKw: Double?
    var soc: Double?
    var price: Double?
    var lacksData: Bool

    static let schema = Schema.object([
      "plant": .string, "asset": .string, "time": .time, "reason": .string, "recommended_kw": .optional(.number),
      "soc": .optional(.number), "price": .optional(.number), "lacks_data": .boolean,
    ])

    init(_ decision: DispatchDecision, asset: String, plant: String) {
      (self.plant, self.asset, time, reason) = (plant, asset, decision.time.description, decision.reason)
      // Without data the power is not a setpoint.
      recommendedKw = decision.lacksData ? nil : decision.recommendedKilowatts.known
      (soc, price, lacksData) = (decision.stateOfCharge.known, decision.price.known, decision.lacksData)
    }
  }

  private struct Plan: Encodable {
    var powerKw: [Double?]
    var soc: [Double?]
    var cost: Double?
    var costWithout: Double?
    var saving: Double?

    static let schema = Schema.object([
      "power_kw": .array(.number), "soc": .array(.number), "cost": .optional(.number),
      "cost_without": .optional(.number), "saving": .optional(.number),
    ])
  }

  private static let mostSlots = 2_976

  var endpoints: [Endpoint] { [latest, run] }

  private var latest: Endpoint {
    Endpoint(
      path: "/api/v1/plants/{plant}/dispatch", id: "listDispatch", group: "dispatch",
      summary: "the latest recommendation for each asset of a plant",
      details: "Power in the asset's own direction: positive is discharge of a battery. Its history is the measurement "
        + "`dispatch` of the series.",
      access: .action(.readDispatch), parameters: [.limit, .cursor],
      responses: [.json("The recommendations.", .page(Document.schema))],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .readDispatch)
        let all = api.view(of: plant).decisions.map { Document($0.decision, asset: $0.asset, plant: plant.name) }
        return .json(try Page(all, call: call))
      })
  }

  private var run: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/plants/{plant}/dispatch/run", id: "runDispatch", group: "dispatch",
      summary: "the cheapest plan of a battery for given loads and prices",
      details:
        "All slots are taken as known, so this is the lower bound of the cost, not a forecast. Energy left at the "
        + "end has no value. Lists have one number a slot, at most \(Self.mostSlots). Sizes that are missing are those of "
        + "the plant's battery.",
      access: .action(.runDispatch),
      body: .init(
        contentTypes: ["application/json"],
        schema: .object([
          "asset": .optional(.string), "load_kw": .array(.number), "generation_kw": .optional(.array(.number)),
          "price": .array(.number), "export_price": .optional(.number), "step_minutes": .optional(.within(1...1_440)),
          "energy_kwh": .optional(.number), "power_kw": .optional(.number), "efficiency": .optional(.number),
          "demand_charge": .optional(.number), "wear_price": .optional(.number),
        ])),
      responses: [.json("The plan: positive power is discharge.", Plan.schema)], problems: [422],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .runDispatch)
        return .json(try Self.plan(call, plant: plant))
      })
  }

  private static func plan(_ call: Call, plant: Plant) throws(Problem) -> Plan {
    let body = try JSONBody(
      call,
      members: [
        "asset", "load_kw", "generation_kw", "price", "export_price", "step_minutes", "energy_kwh", "power_kw",
        "efficiency", "demand_charge", "wear_price",
      ])
    let battery = try battery(body, plant: plant)
    let minutes = try body.integer("step_minutes", in: 1...1_440) ?? 15
    let problem = DispatchProblem(
      battery: battery, hours: Double(minutes) / 60,
      exportPrice: try body.number("export_price", in: -1e6...1e6) ?? 0,
      wearPrice: try body.number("wear_price", in: 0...1e6) ?? 0,
      demandCharge: try body.number("demand_charge", in: 0...1e6) ?? 0)
    guard let load = try body.numbers("load_kw", most: mostSlots),
      let price = try body.numbers("price", most: mostSlots)
    else { throw Problem(422, "'load_kw' and 'price' are needed, one number a slot") }
    let generation =
      try body.numbers("generation_kw", most: mostSlots) ?? Array(repeating: 0, count: load.count)
    guard !load.isEmpty, load.count == price.count, load.count == generation.count else {
      throw Problem(
        422,
        "'load_kw', 'generation_kw' and 'price' must have equally many numbers, at least one; they have "
          + "\(load.count), \(generation.count) and \(price.count)")
    }
    var series = DispatchSeries()
    for slot in load.indices { series.append(load: load[slot], generation: generation[slot], price: price[slot]) }
    let powers = PerfectForesight.powers(series, problem: problem)
    let cost = series.bill(of: powers, problem: problem).total
    let without = series.bill(of: load.map { _ in 0 }, problem: problem).total
    var energy = 0.0
    let charges = powers.map { power -> Double? in
      energy = problem.advance(energy, wanted: power).energy
      return (battery.minimumStateOfCharge + energy / battery.energyKilowattHours).known
    }
    return Plan(
      powerKw: powers.map(\.known), soc: charges, cost: cost.known, costWithout: without.known,
      saving: (without - cost).known)
  }

  private static func battery(_ body: JSONBody, plant: Plant) throws(Problem) -> BatteryModel {
    let name = try body.optionalText("asset")
    let batteries = plant.assets.filter { $0.kind == .battery && (name == nil || $0.name == name) }
    if let name, batteries.isEmpty { throw Problem(422, "plant '\(plant.name)' has no battery '\(name)'") }
    let own = batteries.first.flatMap { BatteryModel($0) }
    guard let energy = try body.number("energy_kwh", in: 1e-3...1e9) ?? own?.energyKilowattHours,
      let power = try body.number("power_kw", in: 0...1e9) ?? own?.powerKilowatts
    else { throw Problem(422, "the plant has no battery with sizes; give 'energy_kwh' and 'power_kw'") }
    return BatteryModel(
      energyKilowattHours: energy, powerKilowatts: power,
      efficiency: try body.number("efficiency", in: 0.01...1) ?? own?.efficiency ?? Asset.usualEfficiency,
      minimumStateOfCharge: own?.minimumStateOfCharge ?? Asset.usualMinimumStateOfCharge,
      maximumStateOfCharge: own?.maximumStateOfCharge ?? Asset.usualMaximumStateOfCharge)
  }
}

extension JSONBody {
  /// Returns numbers; `nil` if they are missing.
  func numbers(_ name: String, most: Int) throws(Problem) -> [Double]? {
    guard has(name) else { return nil }
    guard let list = value(name) as? [Any], list.count <= most else {
      throw Problem(422, "'\(name)' must be a list of at most \(most) numbers")
    }
    var numbers: [Double] = []
    for element in list {
      guard let number = JSONBody.number(element), number.magnitude <= 1e9 else {
        throw Problem(422, "'\(name)' must have numbers from -1e9 to 1e9 alone")
      }
      numbers.append(number)
    }
    return numbers
  }
}
