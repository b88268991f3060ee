import CommandChannel
import Foundation
import LocalServers
import PlantTesting
import Testing

@Suite("wattline status", .serialized)
struct StatusTests {
  /// Result of `wattline status --json`.
  private struct Status {
    var code: Int32
    var errors: String
    var document: [String: Any]
    var report: [String: Any] { document["report"] as? [String: Any] ?? [:] }

    init(_ folder: String, _ options: String...) throws {
      let result = try Program.run(["status", "--json", "--config", folder] + options)
      (code, errors) = (result.code, result.errors)
      document = try #require(
        try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result)")
    }
  }

  @Test func `a running process is healthy, in an outage it is not ready, and a killed one is neither`() throws {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "first")
    let before = try Status(site.folder.path)
    #expect(before.code == 1 && before.errors.contains("no process holds \(site.folder.path)/journal/lock"))
    try site.runOnline()
    let publisher = site.publisher()
    #expect(Waiting.until(seconds: 10) { (try? Status(site.folder.path, "--ready"))?.code == 0 }, "\(site.logTail)")
    try publisher.publish(topic: "first/load/power", payload: "12.5")
    #expect(Waiting.until(seconds: 20) { Self.plant(site)?["last_reading"] is String })
    #expect(Self.plant(site)?["sensors"] as? Int == 1)
    let status = try Status(site.folder.path)
    #expect(status.report["process"] as? Int == Int(site.program?.identifier ?? 0))
    let balances = try #require(status.report["balances"] as? [String: Int])
    #expect(balances == ["messages": 0, "readings": 0, "points": 0])
    let offsets = try #require(status.report["offsets"] as? [String: Int])
    #expect((offsets["appended"] ?? 0) >= (offsets["accepted"] ?? .max))

    let asked = ContinuousClock.now
    let text = try Program.run("status", "--config", site.folder.path)
    #expect(ContinuousClock.now - asked < .seconds(1))
    #expect(text.code == 0 && text.errors == "", "\(text)")
    for word in ["every subscription is confirmed", "database  ok", "first     1 sensor, last reading ", "0 alerts"] {
      #expect(text.output.contains(word), "\(word) in \(text.output)")
    }

    site.broker.stop()
    #expect(Waiting.until(seconds: 10) { (try? Status(site.folder.path, "--ready"))?.code == 1 })
    let away = try Status(site.folder.path)
    #expect(away.code == 0 && away.errors.hasPrefix("warning: the broker is away"), "\(away.errors)")

    site.kill()
    #expect(Waiting.until(seconds: 5) { (try? Status(site.folder.path))?.code == 1 })
    let killed = try Status(site.folder.path)
    #expect(killed.errors.contains("ended or was killed") && killed.document["running"] as? Bool == false)
  }

  private static func plant(_ site: Site) -> [String: Any]? {
    ((try? Status(site.folder.path))?.report["plants"] as? [[String: Any]])?.first
  }

  @Test func `a process that stands still is not healthy although it holds the lock, and a broken file is a warning`()
    throws
  {
    let site = try Site()
    defer { site.stop() }
    try site.add(plant: "first")
    try site.runOnline()
    #expect(Waiting.until(seconds: 10) { (try? Status(site.folder.path, "--ready"))?.code == 0 }, "\(site.logTail)")
    try site.write("second.yaml", text: "plant: 7\ntopics: 7\n")
    #expect(Waiting.until(seconds: 10) { (try? Status(site.folder.path, "--ready"))?.code == 1 })
    let refused = try Status(site.folder.path)
    #expect(refused.code == 0 && refused.errors.contains("second.yaml:"), "\(refused.errors)")
    site.program?.signal(SIGSTOP)
    // The report of a process that stands still grows old; its age stands for half a minute of waiting.
    let path = site.folder.path + "/journal/status.json"
    let report = try String(contentsOfFile: path, encoding: .utf8)
    let written = try #require(report.firstMatch(of: #/"written":"([^"]+)"/#)?.1)
    try report.replacing(written, with: "2026-01-01T00:00:00Z").write(toFile: path, atomically: true, encoding: .utf8)
    let stale = try Status(site.folder.path)
    #expect(stale.code == 1 && stale.errors.contains("and one is due every 10 s"), "\(stale.errors)")
    #expect(stale.document["running"] as? Bool == true)
    for text in ["", "{", "{\"version\": 1}", "\u{0}"] {
      try text.write(toFile: path, atomically: false, encoding: .utf8)
      let broken = try Program.run("status", "--config", site.folder.path)
      #expect(broken.code == 1 && broken.errors.contains("status.json cannot be read"), "\(broken)")
    }
    site.program?.signal(SIGCONT)
  }

  @Test func `without a process the mistakes of the configuration are told, and a missing folder`() throws {
    try inFolder(["wattline.yaml": "journal: {path: /nowhere/at/all}", "a.yaml": "plant: a\ncolour: red\n"]) { folder in
      let result = try Program.run("status", "--config", folder)
      #expect(result.code == 1 && result.output == "")
      #expect(result.errors.contains("no process holds /nowhere/at/all/lock"))
      #expect(result.errors.contains("the configuration does not load: a.yaml:2:1: error:"), "\(result.errors)")
      let missing = try Program.run("status", "--config", folder + "/none")
      #expect(missing.code == 1 && missing.errors.contains("/none"), "\(missing.errors)")
    }
  }
}
