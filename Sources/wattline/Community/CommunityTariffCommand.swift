import Community
import Foundation

/// `wattline community tariff`: what members do under tariffs, and what comes of it.
enum CommunityTariffCommand {
  static let description = CommandDescription(
    name: "community tariff", summary: "evaluates tariffs of a community by what its members do under them",
    operands: ["INSTANCE"],
    options: [
      Option(name: "--tariff", value: "SPEC", help: "a tariff, several times for several: tou=0.22/17-21:0.40"),
      Option(name: "--best", value: "FORM", help: "seeks the best tariff of a form: flat, dynamic or tou"),
      Option(
        name: "--prices", value: "LOW..HIGH", help: "prices that --best may offer (default: 0 to twice the grid's)"),
      Option(name: "--band", value: "H-H", help: "local hours of the other price of --best tou (default: 17-21)"),
      Option(name: "--most-fee", value: "MONEY", help: "greatest fee of a day that --best may take (default: any)"),
      Option(name: "--first-hour", value: "H", help: "local hour at which the first step begins (default: 12)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      INSTANCE is a folder as for `wattline community solve`. Each member answers a tariff by its own best schedule of
      battery, car and flexible load behind its own meter.

      Tariffs:
        flat=0.30                   one price
        dynamic=+0.02               the grid's price, and a surcharge
        tou=0.22/17-21:0.40/0-6:0.18  a price, and others by hours of the local day
      Each may be followed by ,export=0.06 (default: the grid's payment) and by ,fee=0.40, money of a day, which makes
      it a tariff of two parts.

      --best seeks the prices of greatest welfare, with a daily fee if members would else pay less than the connection
      costs. It is told what the welfare is if elasticities are half or one and a half of those in members.csv.

      The table has what members pay, what the connection costs, welfare and how far it is from the optimum, the peak,
      and how many members gain or lose against the grid's tariff without a plan.
      """,
    examples: [
      "wattline community tariff village --tariff flat=0.30 --tariff tou=0.22/17-21:0.40,fee=0.25",
      "wattline community tariff village --tariff dynamic=+0.02,export=0.08 --first-hour 0 --json",
      "wattline community tariff village --best flat --best tou --band 17-21 --prices 0.1..0.6",
    ])

  /// The report of a tariff.
  struct Row: Encodable {
    let tariff: String
    let revenue: Double
    let gridBill: Double
    let welfare: Double
    let belowOptimum: Double
    let peakKw: Double
    let overloadKwh: Double
    let gaining: Int
    let losing: Int
    let gainTotal: Double
    let welfareAtHalfElasticity: Double?
    let welfareAtHigherElasticity: Double?

    init(_ outcome: TariffOutcome, best: Double, elasticity: [Double] = []) {
      (tariff, revenue, gridBill) = (outcome.tariff.name, outcome.revenue, outcome.gridBill)
      (welfare, belowOptimum, peakKw) = (outcome.welfare, best - outcome.welfare, outcome.peak)
      (overloadKwh, gaining, losing) = (outcome.overload, outcome.gaining, outcome.losing)
      gainTotal = outcome.gains.reduce(0, +)
      welfareAtHalfElasticity = elasticity.first
      welfareAtHigherElasticity = elasticity.last
    }
  }

  /// Returns what comes of tariffs.
  ///
  /// - Parameters:
  ///   - forms: The tariffs.
  ///   - instance: The instance.
  ///   - hour: Local hour at which its first step begins.
  static func rows(_ forms: [TariffForm], of instance: CommunityInstance, firstHour hour: Double) throws -> [Row] {
    let best = -(try CommunitySolver.solve(instance, objective: .welfare).least)
    let study = TariffStudy(instance)
    return forms.map { Row(study.outcome($0.tariff(for: instance, firstHour: hour)), best: best) }
  }

  static func run(_ arguments: Arguments) throws {
    let texts = arguments.texts("--tariff")
    let kinds = try arguments.texts("--best").map { text in
      guard let kind = TariffKind(rawValue: text) else {
        throw Misuse(message: "--best is flat, dynamic or tou, not '\(text)'")
      }
      return kind
    }
    guard !texts.isEmpty || !kinds.isEmpty else {
      throw Misuse(
        message: "community tariff needs --tariff SPEC, such as flat=0.30 or tou=0.22/17-21:0.40, or --best FORM")
    }
    let hour = try arguments.number("--first-hour", in: 0...24, words: "from 0 to 24") ?? 12
    var forms: [TariffForm] = []
    for text in texts {
      do { forms.append(try TariffForm(text)) } catch { throw Misuse(message: "--tariff: \(error.description)") }
    }
    let instance = try InstanceReader.read(arguments.operands[0])
    let best = -(try CommunitySolver.solve(instance, objective: .welfare).least)
    let study = TariffStudy(instance)
    var rows = forms.map { Row(study.outcome($0.tariff(for: instance, firstHour: hour)), best: best) }
    if !kinds.isEmpty { rows += try sought(kinds, instance: instance, hour: hour, best: best, arguments: arguments) }
    if arguments.has("--json") { return try Console.print(json: rows, keys: .convertToSnakeCase) }
    tell(rows, best: best)
  }

  /// Returns the best tariff of each form.
  private static func sought(
    _ kinds: [TariffKind], instance: CommunityInstance, hour: Double, best: Double, arguments: Arguments
  ) throws -> [Row] {
    func range(_ name: String, separator: String, example: String) throws(Misuse) -> ClosedRange<Double>? {
      guard let text = arguments.text(name) else { return nil }
      let ends = text.split(separator: separator).compactMap { Double($0) }
      guard ends.count == 2, ends[0] < ends[1], ends.allSatisfy(\.isFinite) else {
        throw Misuse(message: "\(name) needs two numbers such as \(example), not '\(text)'")
      }
      return ends[0]...ends[1]
    }
    let dearest = max(0.01, instance.series.importPrice.max() ?? 0)
    let band = try range("--band", separator: "-", example: "17-21") ?? 17...21
    guard band.upperBound <= 24 else { throw Misuse(message: "--band has hours from 0 to 24") }
    let limits = TariffSearch.Limits(
      prices: try range("--prices", separator: "..", example: "0.1..0.6") ?? 0...2 * dearest, band: band,
      fee: try arguments.number("--most-fee", in: 0...1e9, words: "from 0") ?? .infinity)
    let search = TariffSearch(instance, firstHour: hour)
    return try kinds.map { kind in
      var bar = ProgressBar("seeking \(kind.rawValue)", total: 1)
      defer { bar.finish() }
      guard let found = search.best(kind, limits: limits, progress: { bar.update($0) }) else {
        throw Failure(
          description: "no \(kind.rawValue) tariff within --prices pays for the connection with a fee within --most-fee"
        )
      }
      return Row(found.outcome, best: best, elasticity: found.welfareByElasticity)
    }
  }

  private static func tell(_ rows: [Row], best: Double) {
    func line(_ name: String, _ cells: [String]) {
      let padded = cells.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }
      Console.print(name + String(repeating: " ", count: max(1, 28 - name.count)) + padded.joined())
    }
    Console.print(String(format: "welfare of the optimum: %.2f", best))
    line("tariff", ["members pay", "grid bill", "welfare", "below best", "peak kW", "gain/lose"])
    for row in rows {
      let numbers = [row.revenue, row.gridBill, row.welfare, row.belowOptimum, row.peakKw]
      line(row.tariff, numbers.map { String(format: "%.2f", $0) } + ["\(row.gaining)/\(row.losing)"])
      if let low = row.welfareAtHalfElasticity, let high = row.welfareAtHigherElasticity {
        Console.print(String(format: "  welfare %.2f at half the elasticities, %.2f at one and a half", low, high))
      }
    }
  }
}
