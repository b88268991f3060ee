import Foundation
import InfluxSink
import LocalServers
import PlantTesting
import Testing

@Suite("sources beside MQTT", .serialized)
struct SourceRunTests {
  /// Count and sum of what the database has of the meter, in Wh.
  private static func stored(_ site: Site, sensor: String = "energy", asset: String = "meter") -> (count: Int, sum: Int)
  {
    let query =
      "SELECT count(\"value\"), sum(\"value\") FROM \"raw\" WHERE \"asset\" = '\(asset)' AND \"sensor\" = '\(sensor)'"
    let row = try? site.influx.query(query).first
    return (Int(row?.number("count") ?? 0), Int(((row?.number("sum") ?? 0) * 1_000).rounded()))
  }

  private static func states(_ site: Site) throws -> [[String: Any]] {
    let result = try Program.run("sources", "--config", site.folder.path, "--json")
    let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    return document?["sources"] as? [[String: Any]] ?? []
  }

  private static func sources(_ portal: Portal, every: String = "1s") -> String {
    """
    sources:
      - name: utility
        every: \(every)
        backfill: 30d
        overlap: 4d
        http: {url: "http://127.0.0.1:\(portal.port)/api/meter?from={since:iso}&to={until:iso}", \
    headers: {X-Key: {file: portal-key}}, next: "/next"}
        payload: json
        each: "/readings"
        time: "/at"
        asset: meter
        values: {energy: "/kwh"}
    """
  }

  /// Readings of a quarter of an hour each, before now.
  private static func readings(days: Int, seed: UInt64) -> [Int64: Int] {
    var random = SplitMix(state: seed)
    let end = Int64(Date().timeIntervalSince1970) / 900 * 900
    return Dictionary(
      uniqueKeysWithValues: (0..<days * 96).map { (end - Int64($0) * 900, 100 + Int(random.uniform(0...1) * 900)) })
  }

  @Test func `what a portal has is stored once, with late and corrected values, and the rows are counted once`() throws
  {
    let site = try Site()
    defer { site.stop() }
    let portal = try Portal()
    defer { portal.stop() }
    var rows = Self.readings(days: 20, seed: 3)
    let late = rows.keys.sorted().suffix(200).prefix(96)
    let held = rows.filter { late.contains($0.key) }
    for time in late { rows[time] = nil }
    portal.set(rows)
    portal.set(pageSize: 300)
    try site.write("portal-key", text: "secret\n")
    portal.set(key: "secret")
    try site.add(plant: "riverside", further: Self.sources(portal))
    try site.run()
    #expect(Waiting.until(seconds: 30) { Self.stored(site).count == rows.count }, "\(site.logTail)")
    // A day that was missing comes late, and a value is corrected.
    portal.change { rows in
      rows.merge(held) { $1 }
      if let last = rows.keys.max() { rows[last - 900 * 10] = 77_777 }
    }
    let wanted = portal.rows
    #expect(
      Waiting.until(seconds: 30) {
        let stored = Self.stored(site)
        return stored.count == wanted.count && stored.sum == wanted.values.reduce(0, +)
      }, "\(Self.stored(site)) of \(wanted.count)\n\(site.logTail)")
    // The state follows the points, once the fetch has ended.
    #expect(
      Waiting.until(seconds: 20) { (try? Self.states(site).first?["rows"] as? Int) == wanted.count + 1 },
      "every row once, and the corrected one twice")
    let state = try #require(try Self.states(site).first)
    #expect(state["name"] as? String == "utility" && state["plant"] as? String == "riverside")
    #expect(state["error"] is NSNull && state["last_success"] is String, "\(state)")
    #expect(Set(state.keys) == ["name", "plant", "state", "last_success", "next", "rows", "error"])
  }

  @Test(arguments: TestSeeds.first(1, of: 50))
  func `after faults of the portal and kills of the program, the database has what the portal has`(seed: UInt64) throws
  {
    let site = try Site(journal: "sync: 10ms")
    defer { site.stop() }
    let portal = try Portal(seed: seed)
    defer { portal.stop() }
    var random = SplitMix(state: seed)
    portal.set(Self.readings(days: 3, seed: seed))
    portal.set(faults: Portal.Faults(errors: 0.1, refusals: 0.05, cuts: 0.1, duplicates: 0.2, reordered: 0.2))
    try site.write("portal-key", text: "secret")
    try site.add(plant: "riverside", further: Self.sources(portal))
    for _ in 0..<3 {
      try site.run()
      usleep(UInt32(300_000 + random.uniform(0...1) * 1_500_000))
      site.kill()
      let (place, value) = (Int(random.uniform(0...1) * 200), Int(random.uniform(0...1) * 5_000))
      portal.change { rows in
        let times = rows.keys.sorted()
        rows[times[times.count - 1 - place]] = value
      }
    }
    portal.set(faults: Portal.Faults())
    let wanted = portal.rows
    try site.run()
    #expect(
      Waiting.until(seconds: 40) {
        let stored = Self.stored(site)
        return stored.count == wanted.count && stored.sum == wanted.values.reduce(0, +)
      }, "\(Self.stored(site)) of \(wanted.count)\n\(site.logTail)")
  }

  @Test func `refused credentials are tried once, and again once they have changed`() throws {
    let site = try Site()
    defer { site.stop() }
    let portal = try Portal()
    defer { portal.stop() }
    portal.set(Self.readings(days: 1, seed: 1))
    portal.set(key: "right")
    try site.write("portal-key", text: "wrong")
    try site.add(plant: "riverside", further: Self.sources(portal))
    try site.run()
    #expect(
      Waiting.until(seconds: 20) { (try? Self.states(site).first?["state"] as? String) == "refused" }, "\(site.logTail)"
    )
    let tries = portal.requests.count
    site.kill()
    try site.run()
    #expect(Waiting.until(seconds: 20) { site.log.contains("started with") || site.log.contains("1 plant") })
    usleep(2_500_000)
    #expect(portal.requests.count == tries, "a restart does not try them again")
    try site.write("portal-key", text: "right")
    #expect(Waiting.until(seconds: 20) { Self.stored(site).count == portal.rows.count }, "\(site.logTail)")
  }

  @Test func `a stopped source fetches nothing, also after a restart, until it is started`() throws {
    let site = try Site()
    defer { site.stop() }
    let portal = try Portal()
    defer { portal.stop() }
    try site.write("portal-key", text: "secret")
    try site.add(plant: "riverside", further: Self.sources(portal))
    #expect(try Program.run("sources", "stop", "utility", "--config", site.folder.path).code == 0)
    try site.run()
    #expect(
      Waiting.until(seconds: 20) { (try? Self.states(site).first?["state"] as? String) == "stopped" }, "\(site.logTail)"
    )
    #expect(portal.requests.isEmpty)
    #expect(try Program.run("sources", "start", "riverside/utility", "--config", site.folder.path).code == 0)
    #expect(Waiting.until(seconds: 10) { !portal.requests.isEmpty }, "\(site.logTail)")
    let wrong = try Program.run("sources", "stop", "utilty", "--config", site.folder.path)
    #expect(wrong.code == 1 && wrong.errors.contains("there are riverside/utility"), "\(wrong.errors)")
  }

  @Test func `rows of growing, rotated and compressed files are taken once, and an unfinished line waits`() throws {
    let site = try Site()
    defer { site.stop() }
    let inbox = site.folder.path + "/inbox"
    try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
    let now = Int64(Date().timeIntervalSince1970) / 60 * 60
    func row(_ minute: Int) -> String { "\(Portal.iso(now - 86_400 + Int64(minute) * 60)),\(minute).5,x\n" }
    func append(_ text: String, to name: String) throws {
      let path = inbox + "/" + name
      if !FileManager.default.fileExists(atPath: path) {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
      }
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.seekToEnd()
      try file.write(contentsOf: Data(text.utf8))
      try file.close()
    }
    try append("time,P_AC,note\n" + (0..<100).map(row).joined() + String(row(100).dropLast(4)), to: "a.csv")
    try site.add(
      plant: "riverside",
      further: """
        assets: {roof: {kind: pv, capacity_kw: 200}}
        sources:
          - name: logger
            every: 1s
            file: {path: "inbox/*.csv"}
            values: {roof.power: "P_AC"}
        """)
    func stored() -> (count: Int, sum: Int) { Self.stored(site, sensor: "power", asset: "roof") }
    func sum(_ count: Int) -> Int { (0..<count).reduce(0) { $0 + $1 * 1_000 + 500 } }
    try site.run()
    #expect(Waiting.until(seconds: 20) { stored().count == 100 }, "\(stored())\n\(site.logTail)")
    #expect(stored().sum == sum(100))
    try append(String(row(100).suffix(4)) + row(101), to: "a.csv")
    #expect(Waiting.until(seconds: 20) { stored() == (102, sum(102)) }, "\(stored())\n\(site.logTail)")
    // Rotated while the program is down, with rows that it has not seen.
    site.kill()
    try append(row(102), to: "a.csv")
    try FileManager.default.moveItem(atPath: inbox + "/a.csv", toPath: inbox + "/a.csv.1")
    try append("time,P_AC,note\n" + row(103), to: "a.csv")
    try site.run()
    #expect(Waiting.until(seconds: 20) { stored() == (104, sum(104)) }, "\(stored())\n\(site.logTail)")
    let packed = try Program.run(
      ["-c", "printf 'time,P_AC,note\\n\(row(104).dropLast())\\n' | gzip > '\(inbox)/b.csv'"], of: "/bin/sh")
    #expect(packed.code == 0)
    #expect(Waiting.until(seconds: 20) { stored() == (105, sum(105)) }, "\(stored())\n\(site.logTail)")
    #expect(Waiting.until(seconds: 5) { (try? Self.states(site).first?["rows"] as? Int) == 105 })
    #expect(FileManager.default.fileExists(atPath: inbox + "/a.csv.1"), "the files stay")
  }
}
