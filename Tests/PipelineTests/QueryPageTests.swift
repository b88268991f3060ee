import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantSimulation
import PlantTesting
import Testing
import WattlineTime

@testable import Pipeline

/// What the data scientist's pages tell to ask, asked of a real database after a real pipeline has run.
///
/// Flux runs on InfluxDB 2 only, of which Debian has no package: of Flux the form and the names are tested.
@Suite("Queries of the pages", .serialized, .timeLimit(.minutes(3)))
struct QueryPageTests {
  /// Interpreter that has what the page and the notebook import; `nil` if there is none.
  ///
  /// Debian's packages python3-pandas, python3-matplotlib and python3-requests are for `/usr/bin/python3`.
  private static let python: String? = {
    let environment = ProcessInfo.processInfo.environment
    let places = ["/usr/bin"] + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let programs = environment["WATTLINE_PYTHON"].map { [$0] } ?? places.map { $0 + "/python3" }
    return programs.first { program in
      FileManager.default.isExecutableFile(atPath: program)
        && (try? run(program, arguments: ["-c", "import pandas, matplotlib, requests"]))?.code == 0
    }
  }()

  private static func run(
    _ program: String, arguments: [String], environment: [String: String] = [:]
  ) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  /// Two days of the shipped plant up to the present, as the pipeline writes them, while `body` runs.
  private func withHistory(_ body: (Site) throws -> Void) throws {
    let site = try Site()
    defer { site.end() }
    try FileManager.default.copyItem(
      atPath: PackageFolder.root().path + "/pipelines/riverside.yaml", toPath: site.folder + "/riverside.yaml")
    try site.influx.createDatabase()
    let pipeline = try site.pipeline()
    try pipeline.start()
    defer { pipeline.stop() }
    #expect(Waiting.until(seconds: 10) { pipeline.status().intake.isSubscribed })
    let plant = try #require(site.plants().first)
    let topics = try SensorTopic(plant: plant)
    let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970)).floored(to: .minute)
    var simulator = PlantSimulator(plant: plant, seed: 1, start: now - .hours(48), step: .minutes(3))
    while simulator.now <= now {
      for reading in simulator.advance() where reading.time <= now {
        let message = topics.message(
          asset: reading.asset, sensor: reading.sensor, value: reading.value, time: reading.time)
        if let message { try site.publisher.publish(topic: message.topic, payload: message.payload) }
      }
    }
    #expect(site.publisher.flush(timeout: .seconds(30)))
    let last = "SELECT last(\"value\") FROM \"clean\" WHERE \"asset\" = 'load' AND \"sensor\" = 'power'"
    #expect(
      try Waiting.until(seconds: 40, pause: 100) {
        let time = try site.influx.query(last).first?.number("time").map { Timestamp(milliseconds: Int64($0)) }
        return time.map { now - $0 <= .minutes(3) } ?? false
      })
    try body(site)
  }

  @Test func `every InfluxQL query on the pages gives rows after two days of the plant that it names`() throws {
    let queries = try QueryPage.blocks().filter { $0.language == "sql" }
    #expect(queries.count >= 7)
    #expect(Set(queries.map(\.page)).isSuperset(of: ["Series.md", "Queries.md"].map { "\(QueryPage.folder)/\($0)" }))
    try withHistory { site in
      for query in queries {
        let text = query.text.replacing("\n", with: " ")
        let answered = try Waiting.until(seconds: 10, pause: 250) { try !site.influx.query(text).isEmpty }
        #expect(answered, "no rows: \(query.page): \(query.text)")
      }
    }
  }

  @Test(.enabled(if: python != nil, "no python3 has pandas, matplotlib and requests"))
  func `the Python of the pages and the notebook run on those points, and the integral is the account`() throws {
    let program = try #require(Self.python)
    let snippets = try QueryPage.blocks().filter { $0.language == "python" }
    #expect(!snippets.isEmpty)
    try withHistory { site in
      let environment = [
        "INFLUXDB_URL": site.influx.url, "MPLBACKEND": "Agg", "MPLCONFIGDIR": site.folder, "WATTLINE_DAYS": "3",
        "PYTHONWARNINGS": "error::FutureWarning",
      ]
      for snippet in snippets {
        let script = snippet.text + "\nassert len(load) > 90 and load.mean() > 0, load\n"
        let result = try Self.run(program, arguments: ["-c", script], environment: environment)
        #expect(result.code == 0, "\(snippet.page): \(result.output)")
      }
      let runner = """
        import json, sys
        space = {"__name__": "__main__"}
        for number, cell in enumerate(json.load(open(sys.argv[1]))["cells"], 1):
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), f"cell {number}", "exec"), space)
        assert abs(space["difference"]) < 0.001, space["difference"]
        assert len(space["whole"]) > 150, len(space["whole"])
        assert space["coverage"]["covered"].between(0, 1).all() and len(space["coverage"]) >= 5, space["coverage"]
        assert (space["quality"][0] > 900).all(), space["quality"]
        assert len(space["plt"].get_fignums()) == 3
        assert set(space["health"]["asset"]) >= {"load", "grid", "bess", "pv1"}
        """
      let result = try Self.run(program, arguments: ["-c", runner, Self.notebook], environment: environment)
      #expect(result.code == 0, "\(result.output)")
    }
  }

  private static let notebook = PackageFolder.root().path + "/\(QueryPage.folder)/Plant.ipynb"

  @Test func `the notebook is stored without outputs, and with nothing of the machine that wrote it`() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: Self.notebook))
    let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let cells = try #require(document["cells"] as? [[String: Any]])
    #expect(document["nbformat"] as? Int == 4 && cells.count >= 12)
    for cell in cells where cell["cell_type"] as? String == "code" {
      #expect((cell["outputs"] as? [Any])?.isEmpty == true && cell["execution_count"] is NSNull)
    }
    let text = String(decoding: data, as: UTF8.self)
    for word in ["/home/", "/root/", "/work/", "/tmp/"] { #expect(!text.contains(word)) }
  }

  @Test func `every Flux query on the pages has the form and the names of a query`() throws {
    let queries = try QueryPage.blocks().filter { $0.language == "flux" }
    #expect(queries.count >= 3)
    for query in queries { #expect(QueryPage.defects(ofFlux: query.text) == [], "\(query.page): \(query.text)") }
    // No query hides in a block without a language.
    for block in try QueryPage.blocks() where block.language != "flux" && block.text.contains("from(bucket") {
      Issue.record("\(block.page): a Flux query without its language: \(block.text)")
    }
    for block in try QueryPage.blocks() where block.language != "sql" && block.text.hasPrefix("SELECT") {
      Issue.record("\(block.page): a query without its language: \(block.text)")
    }
  }

  @Test(arguments: [
    ("from(bucket: \"w\")\n  |> range(start: -1d)", ["no measurement of the schema"]),
    (
      "from(bucket: \"w\")\n  |> filter(fn: (r) => r._measurement == \"clean\" and r.assett == \"a\")",
      ["no tag or field assett"]
    ),
    (
      "from(bucket: \"w\")\n  |> filter(fn: (r) => r._measurement == \"kpi\" and r._field == \"imports\")\n  | mean()",
      ["no step:   | mean()", "no field imports"]
    ),
    ("from(bucket: \"w\")\n  |> filter(fn: (r) => r._measurement == \"kpi\"", ["no step", "( without )"]),
  ])
  func `a defect of a Flux query is found`(query: String, words: [String]) {
    let defects = QueryPage.defects(ofFlux: query)
    #expect(defects.count == words.count)
    for (defect, word) in zip(defects, words) { #expect(defect.hasPrefix(word)) }
  }
}
