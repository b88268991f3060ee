import DispatchPolicy
import DispatchStudies
import Foundation
import PlantModel
import PlantPhysics
import WattlineTime

/// `wattline bench dispatch`: compares all dispatch policies for a battery in each building of a folder.
enum BenchDispatch {
  private typealias Policy = DispatchComparison.Policy

  static let description = CommandDescription(
    name: "bench dispatch", summary: "a battery in each home of a folder: rest, rule, plan, learned, perfect foresight",
    options: [
      Option(
        name: "--data", value: "DIR",
        help: "folder of recordings with load.power, pv1.power, grid.price (default: three simulated homes)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
      Option(name: "--trace", value: "FILE", help: "writes home,time,battery_kw of the learned policy"),
      Option(name: "--battery-kwh", value: "KWH", help: "usable energy of the battery (default: 6.4)"),
      Option(name: "--battery-kw", value: "KW", help: "power of the battery (default: 5)"),
      Option(name: "--efficiency", value: "SHARE", help: "round trip, 0 to 1 (default: 0.9)"),
      Option(
        name: "--wear", value: "PRICE[,…]",
        help: "wear for each kWh of throughput (default: 0); of several prices the learned policy's curve is shown"),
      Option(name: "--demand-charge", value: "PRICE", help: "price of each kW of a month's peak (default: 0)"),
      Option(name: "--export", value: "PRICE", help: "payment for each kWh exported (default: 0)"),
      Option(name: "--forecast-error", value: "FACTOR", help: "makes forecast errors larger by it (default: 1)"),
      Option(name: "--utc-offset", value: "HOURS", help: "local standard time of the homes (default: -8)"),
      Option(name: "--zone", value: "TZ", help: "IANA zone of the homes, instead of --utc-offset"),
      RecordingArguments.columns, RecordingArguments.time,
    ] + RecordingArguments.options,
    details: RecordingArguments.details + """

      Slots of 1 minute to 2 hours, as long as rows are apart. What is missing or doubled in a file is told; a row that
      is missing is not made up. Costs of the whole recording, from an empty battery. A policy sees the slot it acts in,
      all before it and the prices of a day ahead. Beneath the table stands how long the learned policy took, on one
      core, for the first home.
      """,
    examples: [
      "wattline bench dispatch", "wattline bench dispatch --data recordings/homes --json --trace powers.csv",
      "wattline bench dispatch --wear 0,0.02,0.05,0.1", "wattline bench dispatch --forecast-error 1.3",
    ])

  static func run(_ arguments: Arguments) throws {
    let files = try arguments.text("--data").map(HomeRecording.files)
    let zone = try zone(arguments)
    if let files, try RecordingArguments.isExplained(files, arguments: arguments, zone: zone.identifier) { return }
    let wear = try wearPrices(arguments)
    let homes =
      try files.map { try recordings($0, arguments: arguments, zone: zone) } ?? HomeRecording.simulated(count: 3)
    if wear.count > 1 { return try showCurve(homes, prices: wear, arguments: arguments) }
    let error = try number(arguments, name: "--forecast-error", within: 0...100) ?? 1
    var progress = ProgressBar("dispatch", total: Double(homes.count))
    var results: [(name: String, comparison: DispatchComparison)] = []
    for home in homes {
      let problem = try problem(arguments, hours: home.step.inHours, wear: wear[0])
      results.append((home.name, DispatchComparison(home.series, problem: problem, forecastError: error)))
      progress.update(Double(results.count), note: home.name)
    }
    progress.finish()
    if let path = arguments.text("--trace") { try writeTrace(path, homes: homes, results: results.map(\.comparison)) }
    let rows = results.map { ($0.name, costs($0.comparison)) }
    let throughput = results.map { $0.comparison.bills[.learned]?.throughput ?? 0 }
    let timing = DispatchTiming(
      homes[0].series, problem: try problem(arguments, hours: homes[0].step.inHours, wear: wear[0]))
    if arguments.has("--json") { return try printJSON(rows, timing: timing) }
    printTable(rows, throughput: throughput)
    Console.print(
      String(
        format: "decision %.2f µs, learning %.2f ms a slot; %@ seen and learned slot by slot in %.1f s",
        timing.decisionMicroseconds, timing.learningMilliseconds, homes[0].name, timing.trainingSeconds))
  }

  /// Returns the zone of the homes.
  private static func zone(_ arguments: Arguments) throws -> LocalCalendar {
    let minutes = Int(60 * (try number(arguments, name: "--utc-offset", within: -14...14) ?? -8))
    let digits = 10_000 + minutes.magnitude / 60 * 100 + minutes.magnitude % 60
    let name = arguments.text("--zone") ?? "GMT\(minutes < 0 ? "-" : "+")\(String(digits).dropFirst())"
    guard let zone = LocalCalendar(identifier: name) else {
      throw Misuse(message: "--zone: there is no zone '\(name)'; expected a name such as Europe/Berlin or UTC")
    }
    return zone
  }

  private static func recordings(
    _ files: [String], arguments: Arguments, zone: LocalCalendar
  ) throws -> [HomeRecording] {
    let selected = try RecordingArguments.selection(arguments)
    return try files.map { path in
      let file = try RecordingArguments.open(path, arguments: arguments, zone: zone.identifier)
      let home = try HomeRecording(file, selected: selected, clock: zone)
      home.notes.forEach { Console.report($0) }
      return home
    }
  }

  private static func showCurve(_ homes: [HomeRecording], prices: [Double], arguments: Arguments) throws {
    var progress = ProgressBar("wear", total: Double(homes.count * prices.count))
    let curve = try WearCurve(homes, prices: prices, progress: { progress.update($0) }) { home, price in
      try problem(arguments, hours: home.step.inHours, wear: price)
    }
    progress.finish()
    if arguments.has("--json") { return try Console.print(json: ["curve": curve.rows]) }
    Console.print("      wear         kWh      energy       total  total if wear is ignored")
    for row in curve.rows {
      Console.print(
        String(
          format: "%10.3f %11.0f %11.1f %11.1f %25.1f", row.wear, row.throughput, row.energy, row.total,
          row.totalIfIgnored))
    }
  }

  /// Returns the wear prices, given as one number or several separated by commas.
  private static func wearPrices(_ arguments: Arguments) throws(Misuse) -> [Double] {
    guard let text = arguments.text("--wear") else { return [0] }
    let prices = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? -1 }
    guard prices.allSatisfy({ (0...1e6).contains($0) }) else {
      throw Misuse(message: "--wear needs a price from 0, or several with commas, not '\(text)'")
    }
    return prices
  }

  private static func problem(_ arguments: Arguments, hours: Double, wear: Double) throws -> DispatchProblem {
    let battery = BatteryModel(
      energyKilowattHours: try arguments.positiveNumber("--battery-kwh") ?? 6.4,
      powerKilowatts: try arguments.positiveNumber("--battery-kw") ?? 5,
      efficiency: try number(arguments, name: "--efficiency", within: 0.01...1) ?? 0.9, minimumStateOfCharge: 0,
      maximumStateOfCharge: 1)
    return DispatchProblem(
      battery: battery, hours: hours, exportPrice: try number(arguments, name: "--export", within: -1e6...1e6) ?? 0,
      wearPrice: wear,
      demandCharge: try number(arguments, name: "--demand-charge", within: 0...1e6) ?? 0)
  }

  private static func number(
    _ arguments: Arguments, name: String, within range: ClosedRange<Double>
  ) throws(Misuse) -> Double? {
    guard let text = arguments.text(name) else { return nil }
    guard let number = Double(text), range.contains(number) else {
      throw Misuse(message: "\(name) needs a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
    }
    return number
  }

  private static func costs(_ comparison: DispatchComparison) -> [Double] {
    Policy.allCases.map { comparison.bills[$0]?.total ?? .nan }
  }

  private static func sum(_ rows: [(String, [Double])]) -> [Double] {
    Policy.allCases.indices.map { column in rows.reduce(0) { $0 + $1.1[column] } }
  }

  private static func printJSON(_ rows: [(String, [Double])], timing: DispatchTiming) throws {
    func object(_ costs: [Double]) -> [String: Any] {
      Dictionary(uniqueKeysWithValues: zip(Policy.allCases.map(\.rawValue), costs.map { ($0 * 1e4).rounded() / 1e4 }))
    }
    let homes = rows.map { name, costs in object(costs).merging(["home": name]) { $1 } }
    let times = [
      "decision_us": timing.decisionMicroseconds, "learning_ms": timing.learningMilliseconds,
      "training_s": timing.trainingSeconds,
    ]
    let document: [String: Any] = ["homes": homes, "sum": object(sum(rows)), "timing": times]
    let data = try JSONSerialization.data(withJSONObject: document, options: [.prettyPrinted, .sortedKeys])
    Console.print(String(decoding: data, as: UTF8.self))
  }

  /// Prints the costs by policy, the recovered share of the optimal saving, and the battery's throughput [kWh].
  ///
  /// The last two are those of the learned policy.
  private static func printTable(_ rows: [(String, [Double])], throughput: [Double]) {
    let width = max(4, rows.map(\.0.count).max() ?? 0)
    func line(_ name: String, cells: [String]) {
      let padded = cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
      Console.print(name + String(repeating: " ", count: width - name.count) + padded)
    }
    line("home", cells: Policy.allCases.map(\.rawValue) + ["recovered", "kWh"])
    for ((name, costs), energy) in zip(rows + [("sum", sum(rows))], throughput + [throughput.reduce(0, +)]) {
      let share = costs[0] > costs[4] ? (costs[0] - costs[3]) / (costs[0] - costs[4]) : 1
      line(
        name,
        cells: costs.map { String(format: "%.1f", $0) } + [
          String(format: "%.2f %%", 100 * share), String(format: "%.0f", energy),
        ])
    }
  }

  private static func writeTrace(_ path: String, homes: [HomeRecording], results: [DispatchComparison]) throws {
    var text = "home,time,battery_kw\n"
    for (home, result) in zip(homes, results) {
      for (time, power) in zip(home.times, result.powers[.learned] ?? []) { text += "\(home.name),\(time),\(power)\n" }
    }
    try OutputFile.write(text, to: path)
  }
}
