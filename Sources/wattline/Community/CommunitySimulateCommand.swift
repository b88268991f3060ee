import Community
import Foundation

/// `wattline community simulate`: random years of a community, with variants side by side.
enum CommunitySimulateCommand {
  static let description = CommandDescription(
    name: "community simulate", summary: "runs random years of a community, with mixes of technology side by side",
    optionalOperands: ["INSTANCE"],
    options: [
      Option(
        name: "--community", value: "NAME", help: "a community in numbers of the configuration, in place of INSTANCE"),
      CommandDescription.configurationOption,
      Option(name: "--out", value: "DIR", help: "folder of the runs; with those of the same study it goes on"),
      Option(name: "--variant", value: "SPEC", help: "a mix, several times for several: sun:pv=+200,invest=180000"),
      Option(name: "--vary", value: "SPEC", help: "the range of an input, several times: price=0.9..1.4"),
      Option(name: "--runs", value: "N", help: "how many runs (default: 1000)"),
      Option(name: "--days", value: "N", help: "days of the instance's length that a year is made of (default: 365)"),
      Option(name: "--years", value: "N", help: "years of the study (default: 20)"),
      Option(name: "--rate", value: "SHARE", help: "rate by which a year's money is discounted (default: 0.04)"),
      Option(name: "--tail", value: "SHARE", help: "worst share of runs that risk is told of (default: 0.05)"),
      Option(name: "--control", value: "KIND", help: "what storage does, by rule or by plan (default: rule)"),
      Option(name: "--trajectories", value: "N", help: "of the sensitivity, 0 for none (default: 20)"),
      Option(name: "--seed", value: "N", help: "seed of all that is drawn (default: 1)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      INSTANCE is a folder as for `wattline community solve`. Its day or week, with the weather, load and outages of
      each run, makes a year. A community in numbers has a year of its own, with seasons. Members are taken as one, and
      their storage as one battery.

      A run draws each input from its range, and the weather of its days. All variants of a run have the same draws.
      The first year is without adoption, the last with all of it; between them cost changes evenly. Costs are those of
      the connection, carbon, overload and wear. In an outage PV and storage serve what they can; the rest is unserved.

      Inputs: weather, load, price and export_price are factors; load_growth and price_growth are shares a year; pv and
      storage are shares that are added until the last year; cars and heat_pumps are added a member; outages are those
      of a year, outage_hours their mean length.

      Variants have a name and what is added: pv=+KW or pv=+SHARE%, storage=+KWH or storage=+SHARE%, cars=+N,
      heat_pumps=+N, limit=+SHARE% of the connection, and invest=MONEY.

      rule      storage takes surplus and serves deficit
      plan      storage does what costs least at the prices of a horizon, which it knows beforehand; it does not look at
                limits, so that what is above them may cost more

      DIR gets runs.csv (a line a run and variant), summary.json and sensitivity.csv. Ctrl-C keeps the runs so far, and
      the same command goes on from there. The same seed gives the same files, however often it was stopped.
      """,
    examples: [
      "wattline community simulate village --out study",
      "wattline community simulate village --variant sun:pv=+200,invest=180000 --out study",
      "wattline community simulate --community study --vary price=0.9..1.6 --runs 10000 --out study",
    ])

  static func run(_ arguments: Arguments) throws {
    let signals = SignalWatch()
    let study = try SimulationStudy(arguments)
    let store = try SimulationStore(arguments.text("--out") ?? "", study: study)
    let clock = ContinuousClock()
    let start = clock.now
    let runs = try simulate(study, store: store, signals: signals)
    let seconds = (clock.now - start) / .seconds(1)
    let sensitivity = try sensitivity(study, signals: signals, done: runs)
    let summary = SimulationSummary(study, runs: store.rows, sensitivity: sensitivity)
    try summary.write(to: store.folder)
    if arguments.has("--json") { return try Console.print(json: summary, keys: .convertToSnakeCase) }
    summary.tell()
    if runs > 0 {
      let days = Double(runs * study.variants.count * study.simulation.settings.daysPerYear)
      let stages = study.simulation.settings.years > 1 ? 2.0 : 1
      Console.report(
        String(
          format: "%d runs in %.1f s: %.1f a second, %.0f days a second", runs, seconds, Double(runs) / seconds,
          days * stages / seconds))
    }
  }

  /// Does the runs that are missing; returns how many those were.
  private static func simulate(_ study: SimulationStudy, store: SimulationStore, signals: SignalWatch) throws -> Int {
    var bar = ProgressBar("simulating", total: Double(study.runs))
    defer { bar.finish() }
    let present = store.runs
    var kept = ContinuousClock.now
    for number in present..<max(present, study.runs) {
      if signals.wait(seconds: 0) == .stop {
        try store.keep()
        throw stopped(number, of: study)
      }
      store.append(study.simulation.run(number, variants: study.variants))
      bar.update(Double(number + 1), note: store.note)
      if ContinuousClock.now - kept > .seconds(5) {
        try store.keep()
        kept = .now
      }
    }
    try store.keep()
    return max(0, study.runs - present)
  }

  private static func stopped(_ runs: Int, of study: SimulationStudy) -> Failure {
    Failure(description: "stopped after \(runs) of \(study.runs) runs, which are kept; the same command goes on")
  }

  private static func sensitivity(
    _ study: SimulationStudy, signals: SignalWatch, done runs: Int
  ) throws -> MorrisScreening? {
    guard study.trajectories > 0, !study.simulation.variedInputs.isEmpty else { return nil }
    var bar = ProgressBar(
      "sensitivity", total: Double(study.trajectories * (study.simulation.variedInputs.count + 1)))
    defer { bar.finish() }
    var done = 0.0
    let screening = study.simulation.sensitivity(trajectories: study.trajectories) {
      bar.update(done)
      done += 1
      return signals.wait(seconds: 0) != .stop
    }
    guard let screening else { throw stopped(study.runs, of: study) }
    return screening
  }
}

/// A study as the command line tells it.
struct SimulationStudy {
  let simulation: CommunitySimulation
  let variants: [CommunityVariant]
  let runs: Int
  let trajectories: Int
  let tail: Double
  /// Identity of a study, without the number of its runs, so that only the same one goes on.
  let text: String

  /// Creates a study without a sensitivity.
  ///
  /// - Parameters:
  ///   - simulation: The simulation.
  ///   - variants: Variants, the base first.
  ///   - runs: Number of runs.
  init(_ simulation: CommunitySimulation, variants: [CommunityVariant], runs: Int) {
    (self.simulation, self.variants, self.runs) = (simulation, variants, runs)
    (trajectories, tail) = (0, 0.05)
    text = SimulationStudy.text(simulation, variants: variants)
  }

  init(_ arguments: Arguments) throws {
    var settings = CommunitySimulation.Settings()
    settings.daysPerYear = try arguments.count("--days", in: 1...10_000) ?? settings.daysPerYear
    settings.years = try arguments.count("--years", in: 1...100) ?? settings.years
    settings.discountRate =
      try arguments.number("--rate", in: -0.5...1, words: "from -0.5 to 1") ?? settings.discountRate
    settings.seed = try arguments.count("--seed") ?? settings.seed
    if let text = arguments.text("--control") {
      guard let control = StorageControl(rawValue: text) else {
        throw Misuse(message: "--control is rule or plan, not '\(text)'")
      }
      settings.control = control
    }
    var variants = [CommunityVariant.base]
    do {
      for text in arguments.texts("--vary") {
        let (input, range) = try UncertainInput.range(text)
        settings.ranges[input] = range
      }
      for text in arguments.texts("--variant") { variants.append(try CommunityVariant(text)) }
    } catch { throw Misuse(message: error.description) }
    if let name = SimulationStudy.repeated(variants) {
      throw Misuse(message: "two variants are called '\(name)'; give each its own name")
    }
    runs = try arguments.count("--runs", in: 1...100_000) ?? 1000
    trajectories = try arguments.count("--trajectories", in: 0...1000).map { $0 == 1 ? 2 : $0 } ?? 20
    tail = try arguments.number("--tail", in: 0.001...0.5, words: "from 0.001 to 0.5") ?? 0.05
    guard arguments.text("--out") != nil else {
      throw Misuse(message: "community simulate needs --out DIR: the folder of the runs")
    }
    let days = try SimulationStudy.days(arguments)
    if days[0].generationPower <= 0, let variant = variants.first(where: { $0.pvPower > 0 }) {
      throw Misuse(message: "variant '\(variant.name)': the community has no PV whose days more of it could have")
    }
    simulation = CommunitySimulation(days: days, settings: settings)
    self.variants = variants
    text = SimulationStudy.text(simulation, variants: variants)
  }

  private static func days(_ arguments: Arguments) throws -> [CommunityAggregate] {
    if let name = arguments.text("--community") {
      guard arguments.operands.isEmpty else { throw Misuse(message: "INSTANCE or --community NAME, not both") }
      return try ConfiguredCommunity.year(of: name, in: BrokerAccess.load(arguments.configuration))
    }
    guard let folder = arguments.operands.first else {
      throw Misuse(message: "community simulate needs INSTANCE, or --community NAME for one of the configuration")
    }
    guard FileManager.default.fileExists(atPath: folder) else {
      throw Failure(description: "there is no folder '\(folder)'; it is to have community.json and tables beside it")
    }
    return [CommunityAggregate(try InstanceReader.read(folder))]
  }

  private static func repeated(_ variants: [CommunityVariant]) -> String? {
    var seen: Set<String> = []
    return variants.map(\.name).first { !seen.insert($0).inserted }
  }

  private static func text(_ simulation: CommunitySimulation, variants: [CommunityVariant]) -> String {
    let settings = simulation.settings
    let ranges = UncertainInput.allCases.map { "\($0.rawValue)=\(settings.ranges[$0] ?? $0.range)" }
    let prints = simulation.days.map { String($0.fingerprint, radix: 16) }
    return """
      days \(settings.daysPerYear), years \(settings.years), rate \(settings.discountRate), seed \(settings.seed), \
      control \(settings.control.rawValue)
      inputs \(ranges.joined(separator: " "))
      variants \(variants.map { "\($0)" }.joined(separator: " | "))
      community \(prints.joined(separator: " "))

      """
  }
}

/// The runs of a study in a folder: `study.txt` says what study it is, `runs.csv` has a line a run and variant.
final class SimulationStore {
  /// A line of `runs.csv`.
  typealias Row = CommunitySimulation.Outcome

  let folder: String
  private let variants: [String]
  /// Outcomes by run and variant.
  private(set) var rows: [[Row]] = []
  private var mean = (sum: 0.0, squares: 0.0)

  private static let header =
    "run,variant,cost,peak_kw,emissions_kg,self_sufficiency,unserved_kwh,npv,payback_years"

  /// Number of runs.
  var runs: Int { rows.count }

  /// Opens a folder, which is made if it is missing, and reads the runs that it has.
  init(_ folder: String, study: SimulationStudy) throws {
    self.folder = folder
    variants = study.variants.map(\.name)
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(description: "the folder '\(folder)' cannot be made: \(error.localizedDescription)")
    }
    let path = "\(folder)/study.txt"
    if let present = FileManager.default.contents(atPath: path) {
      guard String(decoding: present, as: UTF8.self) == study.text else {
        throw Failure(
          description: "\(folder) has the runs of another study (see study.txt there); name another folder with --out")
      }
      try read("\(folder)/runs.csv", most: study.runs)
    } else {
      let file = try OutputFile(replacing: path)
      try file.write(study.text.utf8)
      try file.close()
    }
  }

  private func read(_ path: String, most: Int) throws {
    guard let data = FileManager.default.contents(atPath: path) else { return }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst()
    var run: [Row] = []
    for (place, line) in lines.enumerated() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let numbers = fields.dropFirst(2).prefix(5).compactMap(Double.init)
      guard fields.count == 9, numbers.count == 5, fields[0] == "\(rows.count)", fields[1] == variants[run.count] else {
        throw Failure(description: "\(path), line \(place + 2) is none of this study's; remove the file to start anew")
      }
      run.append(
        Row(
          cost: numbers[0], peak: numbers[1], emissions: numbers[2], selfSufficiency: numbers[3],
          unserved: numbers[4], netPresentValue: Double(fields[7]), payback: Double(fields[8])))
      if run.count == variants.count {
        append(run)
        run = []
        if rows.count == most { return }
      }
    }
  }

  /// Adds the outcomes of a run.
  func append(_ run: [Row]) {
    rows.append(run)
    mean.sum += run[0].cost
    mean.squares += run[0].cost * run[0].cost
  }

  /// The mean cost so far with its standard error.
  var note: String {
    let count = Double(rows.count)
    let average = mean.sum / count
    let error = max(0, mean.squares / count - average * average) / max(1, count - 1)
    return String(format: "cost %.0f ± %.0f", average, error.squareRoot())
  }

  /// Writes the runs in place of what the folder has.
  func keep() throws {
    let file = try OutputFile(replacing: "\(folder)/runs.csv")
    try file.write("\(SimulationStore.header)\n".utf8)
    for (number, run) in rows.enumerated() {
      for (variant, row) in zip(variants, run) {
        let numbers = [row.cost, row.peak, row.emissions, row.selfSufficiency, row.unserved].map { "\($0)" }
        let further = [row.netPresentValue, row.payback].map { $0.map { "\($0)" } ?? "" }
        try file.write("\(number),\(variant),\((numbers + further).joined(separator: ","))\n".utf8)
      }
    }
    try file.close()
  }
}
