import CommandChannel
import Foundation
import LocalServers
import PlantTesting
import Testing

@Suite("The log of wattline run", .serialized)
struct LogTests {
  @Test func `lines are text with time and level, or JSON with fields, and mistakes of a file are among them`() throws {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "first")
    try site.runOnline(options: ["--log-format", "json"])
    let publisher = site.publisher()
    try publisher.publish(topic: "first/load/power", payload: "no \u{1} \"number\"")
    #expect(
      Waiting.until(seconds: 20) { Self.objects(site).contains { $0["reason"] == "unknown_format" } }, "\(site.logTail)"
    )
    try site.write("second.yaml", text: "plant: 7\ntopics: 7\n")
    #expect(Waiting.until(seconds: 10) { Self.objects(site).contains { $0["level"] == "error" } }, "\(site.logTail)")
    #expect(site.end() == 0)
    let objects = Self.objects(site)
    // Every line is an object with the same members.
    #expect(objects.count == site.log.split(separator: "\n").count)
    for object in objects {
      #expect(["time", "level", "message"].allSatisfy { object[$0] != nil }, "\(object)")
      #expect(object["time"]?.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/#) != nil)
    }
    #expect(objects.contains { $0["topic"] == "first/load/power" && $0["level"] == "warning" })
    #expect(objects.last?["message"] == "stopping")
  }

  @Test func `a level leaves lighter lines out, and an unknown one is misuse`() throws {
    for words in [["--log-format", "xml"], ["--log-level", "loud"]] {
      let result = try Program.run(["run"] + words)
      #expect(result.code == 2 && result.errors.contains("is one of"), "\(result.errors)")
    }
    let port = try Loopback.freePort()
    let folder = try TemporaryFolder(prefix: "wattline-log")
    defer { folder.remove() }
    let text = "mqtt: {url: \"mqtt://127.0.0.1:\(port)\"}\njournal: {path: \"\(folder.path)/journal\"}\n"
    try text.write(toFile: folder.path + "/wattline.yaml", atomically: true, encoding: .utf8)
    let plant = """
      plant: first
      location: {latitude: 34.1, longitude: -117.5, timezone: Etc/GMT+8}
      topics: [{match: "first/{asset}/{sensor}"}]
      """
    try plant.write(toFile: folder.path + "/first.yaml", atomically: true, encoding: .utf8)
    let log = folder.path + "/program.log"
    let program = try ChildProcess(
      program: Program.path, arguments: ["run", "--config", folder.path, "--log-level", "warning"], log: log)
    defer { program.kill() }
    #expect(
      Waiting.until(seconds: 20) { (try? String(contentsOfFile: log, encoding: .utf8))?.contains("broker: ") ?? false })
    let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
    #expect(lines.allSatisfy { $0.contains("Z warning ") || $0.contains("Z error ") }, "\(lines)")
  }

  @Test func `where stderr is the journal of systemd, lines have its levels and no time`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-journald")
    defer { folder.remove() }
    let text = "journal: {path: \"\(folder.path)/file/journal\"}\n"
    try text.write(toFile: folder.path + "/wattline.yaml", atomically: true, encoding: .utf8)
    try "".write(toFile: folder.path + "/file", atomically: true, encoding: .utf8)
    // As systemd does, the shell names the device and inode of stderr.
    let script = """
      exec 2> \(folder.path)/stream
      JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) \(Program.path) run --config \(folder.path)
      """
    let result = try Program.run(["-c", script], of: "/bin/sh")
    #expect(result.code == 1)
    let lines = try String(contentsOfFile: folder.path + "/stream", encoding: .utf8).split(separator: "\n")
    #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("<3>") && !$0.contains("Z error") }, "\(lines)")
    let other = try Program.run(["run", "--config", folder.path], environment: ["JOURNAL_STREAM": "1:2"])
    #expect(!other.errors.isEmpty && !other.errors.hasPrefix("<"), "\(other.errors)")
  }

  private static func objects(_ site: Site) -> [[String: String]] {
    site.log.split(separator: "\n").compactMap {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: String]
    }
  }
}
