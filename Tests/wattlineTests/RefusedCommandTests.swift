import Foundation
import LocalServers
import PlantTesting
import Testing

/// Tasks that a command cannot do or must not take for done.
@Suite("Refused commands", .timeLimit(.minutes(10)))
struct RefusedCommandTests {
  private static let plant = """
    plant: hillside
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    topics: [{match: "hillside/{asset}/{sensor}"}]
    assets: {house: {kind: load}}
    """

  @Test(
    "an option's value that is missing, empty, another option or out of its range is misuse, told with the option",
    arguments: [
      ["simulate", "--step", "9.3e9", "--for", "1"], ["simulate", "--step", "0"], ["simulate", "--step", "nan"],
      ["simulate", "--fault", ""], ["simulate", "--plant", "--json"], ["simulate", "--speed", "--step=2"],
      ["scenario", "x.csv", "--event", "heat=+6K", "--name", "--json"], ["scenario", "x.csv", "--event", ""],
      ["backtest", "x.csv", "--target", "y", "--models", ""],
      ["backtest", "x.csv", "--target", "y", "--models", ","],
      ["backtest-solar", "a.csv", "b.csv", "--test-days", "0"],
      ["backtest-solar", "a.csv", "b.csv", "--test-days", "99999999999999999999"],
    ])
  func anOptionsValueThatIsMissingEmptyAnotherOptionOrOutOfItsRangeIsMisuseTold(words: [String]) throws {
    let result = try Program.run(words)
    #expect(result.code == 2, "\(result)")
    #expect(result.output == "")
    let option = words.first { $0.hasPrefix("--") && !["--event", "--target"].contains($0) } ?? "--event"
    #expect(result.errors.contains(option), "\(result.errors)")
  }

  @Test func `a benchmark that there is not is told with those that there are, as words`() throws {
    let result = try Program.run("bench", "nope")
    #expect(result.code == 2 && !result.errors.contains("[") && result.errors.contains("decode"), "\(result.errors)")
  }

  /// A device on which every write fails, where the machine has it.
  private static let full: String? = {
    var status = stat()
    return stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR ? "/dev/full" : nil
  }()

  @Test(.enabled(if: full != nil))
  func `output that is lost is a failure, and a device stays a device`() throws {
    let device = try #require(Self.full)
    try inFolder(["hillside.yaml": Self.plant, "rig.csv": Self.rig]) { folder in
      let commands = [
        ["check", "--config", folder, ">", device], ["check", "--json", "--config", folder, ">", device],
        ["--help", ">", device],
        ["backtest-health", folder + "/rig.csv", "--labels", "bad", "--fit-rows", "20", "--trace", device],
      ]
      for words in commands {
        let result = try Program.run(["-c", "\"$0\" " + words.joined(separator: " "), Program.path], of: "/bin/sh")
        #expect(result.code == 1, "\(words): \(result)")
        #expect(result.errors.contains("cannot be written: No space left on device"), "\(words): \(result)")
        var status = stat()
        #expect(stat(device, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
      }
    }
  }

  @Test(arguments: ["check --config", "check --json --config"])
  func `a reader that has seen enough is no failure`(command: String) throws {
    let assets = (0..<2_000).map { "  a\($0): {kind: load}\n" }.joined()
    let many = Self.plant.replacingOccurrences(of: "assets: {house: {kind: load}}", with: "assets:\n" + assets)
    try inFolder(["hillside.yaml": many]) { folder in
      let result = try Program.run(["-c", "\"$0\" \(command) \(folder) | head -1", Program.path], of: "/bin/sh")
      #expect(result.code == 0 && result.errors == "" && !result.output.isEmpty, "\(result)")
    }
  }

  /// A sensor, a label, and forty rows.
  private static let rig =
    "time,x,bad\n"
    + (0..<40).map { String(format: "2026-01-01T00:%02d:00Z,%d,0\n", $0, $0 * 7 % 11) }.joined()

  @Test func `a trace goes into the file that is named, also through a link`() throws {
    try inFolder(["rig.csv": Self.rig, "old.csv": "x"]) { folder in
      try FileManager.default.createSymbolicLink(atPath: folder + "/link.csv", withDestinationPath: "old.csv")
      let result = try Program.run(
        "backtest-health", folder + "/rig.csv", "--labels", "bad", "--fit-rows", "20", "--trace", folder + "/link.csv")
      #expect(result.code == 0, "\(result)")
      let text = try String(contentsOfFile: folder + "/old.csv", encoding: .utf8)
      #expect(text.hasPrefix("file,time,score,alarm\n") && text.split(separator: "\n").count == 21)
    }
  }

  @Test func `a replay of nothing is a failure that says what is wrong`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let files = [
      "wattline.yaml": "mqtt: {url: \"mqtt://127.0.0.1:\(broker.port)\"}", "hillside.yaml": Self.plant,
      "timeless.csv": "time,house.power\nyesterday,1\n", "header.csv": "time,house.power\n",
      "blank.csv": "time,house.power\n2026-01-01T00:00:00Z,\n",
      "good.csv": "time,house.power\n2026-01-01T00:00:00Z,1\n",
    ]
    try inFolder(files) { folder in
      func run(_ file: String) throws -> Program.Result {
        try Program.run("replay", folder + "/" + file, "--config", folder, "--plant", "hillside")
      }
      let timeless = try run("timeless.csv")
      #expect(
        timeless.code == 1 && timeless.output == "" && timeless.errors.contains("timeless.csv:2: time"), "\(timeless)")
      for (file, words) in [("header.csv", "no row that can be read"), ("blank.csv", "no value that a topic")] {
        let result = try run(file)
        #expect(result.code == 1 && result.errors.contains(words), "\(result)")
      }
      let folderOnly = try run("")
      #expect(folderOnly.code == 1 && folderOnly.errors.contains("has no journal"), "\(folderOnly)")
      let good = try run("good.csv")
      #expect(good.code == 0 && good.output == "1 row, 1 message published\n", "\(good)")
    }
  }

  @Test func `a broker that refuses is told as that, once, and not as one that does not answer`() throws {
    var options = LocalBroker.Options()
    options.credentials = ("plant", "right")
    let broker = try LocalBroker.started(options: options)
    defer { broker.stop() }
    let process = "mqtt: {url: \"mqtt://127.0.0.1:\(broker.port)\", username: plant, password: wrong}"
    try inFolder(["wattline.yaml": process, "hillside.yaml": Self.plant]) { folder in
      let result = try Program.run("simulate", "--config", folder, "--for", "1")
      #expect(result.code == 1 && result.output == "", "\(result)")
      #expect(result.errors.components(separatedBy: "not authorised").count == 2, "\(result.errors)")
      #expect(result.errors.contains("see url, username and password of mqtt in wattline.yaml"), "\(result.errors)")
    }
  }

  @Test func `a speed that the machine cannot reach ends after --for and on SIGTERM`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let process = "mqtt: {url: \"mqtt://127.0.0.1:\(broker.port)\"}"
    try inFolder(["wattline.yaml": process, "hillside.yaml": Self.plant]) { folder in
      let ended = try Program.run("simulate", "--config", folder, "--speed", "1e300", "--for", "1")
      #expect(ended.code == 0 && ended.output.contains("messages published"), "\(ended)")
      let stopped = try Program.run(
        ["-s", "TERM", "-k", "60", "3", Program.path, "simulate", "--config", folder, "--speed", "1e300"],
        of: "/usr/bin/timeout")
      // 124: the signal was enough; 137: it had to be killed.
      #expect(stopped.code == 124 && stopped.output.contains("messages published"), "\(stopped)")
    }
  }

  @Test func `a number that is not finite is null in JSON and a dash in a table`() throws {
    var recording = "time,load.power,grid.price\n"
    for day in 0..<40 {
      let date = String(format: "2026-%02d-%02d", 1 + day / 28, 1 + day % 28)
      for hour in 0..<24 { recording += String(format: "%@T%02d:00:00Z,%d,0.2\n", date, hour, 3 + hour) }
    }
    try inFolder(["year.csv": recording]) { folder in
      let words = [
        "scenario", folder + "/year.csv", "--event", "load:capacity=+50%", "--price", "1e308", "--runs", "5",
      ]
      let json = try Program.run(words + ["--json"])
      let document = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      let cost = try #require(document["cost"] as? [String: Any])
      #expect(json.code == 0 && cost["recorded"] is NSNull, "\(json.output) \(json.errors)")
      let table = try Program.run(words)
      #expect(table.code == 0 && table.output.contains("–") && !table.output.contains("inf"), "\(table)")
    }
  }

  @Test func `a target without numbers is told`() throws {
    var rows = ""
    for hour in 0..<24 * 20 {
      rows +=
        String(format: "2026-01-%02dT%02d:00:00Z,nan,", 1 + hour / 24, hour % 24) + (hour < 24 * 15 ? "1\n" : "\n")
    }
    try inFolder(["x.csv": "time,none,early\n" + rows]) { folder in
      for (target, words) in [("none", "no number in any row"), ("early", "nothing could be scored")] {
        let result = try Program.run(
          "backtest", folder + "/x.csv", "--target", target, "--test", "2d", "--models", "naive")
        #expect(result.code == 1 && result.output == "" && result.errors.contains(words), "\(result)")
      }
    }
  }

  @Test(arguments: [{ -$0 }, { _ in 5 }] as [@Sendable (Int) -> Int])
  func `cycles that do not go up are told as that`(number: @Sendable (Int) -> Int) throws {
    let rows = (0..<40).map { "\(number($0)),\(2.0 - 0.01 * Double($0))\n" }.joined()
    try inFolder(["cell.csv": "cycle,capacity\n" + rows]) { folder in
      let result = try Program.run("backtest-ageing", folder + "/cell.csv")
      #expect(result.code == 1 && result.errors.contains("the cycles do not go up"), "\(result)")
    }
  }

  @Test func `what a killed process has left is swept, and nothing of one that runs`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-swept")
    defer { folder.remove() }
    let gone = try ChildProcess(program: "/bin/true", arguments: [], log: folder.path + "/log")
    gone.wait()
    let name = "sweeptest\(getpid())"
    let left = try TemporaryFolder(prefix: "wattline-\(name)-\(gone.identifier)")
    let used = try TemporaryFolder(prefix: "wattline-\(name)-\(getpid())")
    let other = try TemporaryFolder(prefix: "wattline-\(name)-faults")
    defer { for folder in [left, used, other] { folder.remove() } }
    TemporaryFolder.sweep(names: [name])
    let exist = [left, used, other].map { FileManager.default.fileExists(atPath: $0.path) }
    #expect(exist == [false, true, true])
  }
}
