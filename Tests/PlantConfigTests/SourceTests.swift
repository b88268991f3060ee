import PlantModel
import Testing
import WattlineTime

@testable import PlantConfig

@Suite("keys of sources")
struct SourceTests {
  private func load(_ text: String) -> LoadedConfiguration {
    let file =
      "plant: p\nlocation: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}\n"
      + "assets: {roof: {kind: pv, capacity_kw: 10}}\nsources:\n\(text)\n"
    return ConfigurationLoader.load(files: [("p.yaml", Array(file.utf8))], environment: [:]) { _ in nil }
  }

  @Test func `the form of the page is read`() throws {
    let loaded = load(
      """
        - name: utility
          every: 15m                         # or at: "14:05" local
          backfill: 30d
          overlap: 4d
          http: {url: "https://portal.example/api/meter?from={since:iso}&to={until:iso}", \
      headers: {X-Key: {file: portal-key}}, next: "/next"}
          payload: json
          each: "/readings"
          time: "/at"
          asset: meter
          values: {energy: "/kwh"}
        - name: logger
          file: {path: "inbox/*.csv"}
          values: {roof.power: "P_AC"}
      """)
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    let sources = try #require(loaded.plants.first?.sources)
    #expect(sources.map(\.name) == ["utility", "logger"])
    #expect(sources[0].schedule == .every(.minutes(15)))
    #expect(sources[0].backfill == .days(30) && sources[0].overlap == .days(4))
    guard case .http(let http) = sources[0].access else { throw TestFailure() }
    #expect(http.headers == ["X-Key": .file("portal-key")] && http.next == "/next")
    #expect(sources[0].rule.each == "/readings" && sources[0].rule.asset == "meter")
    #expect(sources[1].hasHeadings && sources[1].rule.values.map(\.path) == ["P_AC"])
    #expect(sources[1].access == .file(FileAccess(path: "inbox/*.csv")))
    #expect(sources[1].overlap == .day)
  }

  @Test func `a program is read with its arguments, variables and limits`() throws {
    let loaded = load(
      """
        - name: portal
          every: 1h
          exec: {command: [python3, portal.py, "{since:date}"], timeout: 2m, memory_mb: 512, \
      environment: {PORTAL_USER: anna, PORTAL_PASSWORD: {file: portal-password}}}
          payload: json
          asset: meter
          values: {energy: "/kwh"}
        - {name: gateway, exec: {command: [bacnet-reader], keep_running: true}, payload: line}
      """)
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    let sources = try #require(loaded.plants.first?.sources)
    var access = ExecAccess(command: ["python3", "portal.py", "{since:date}"])
    access.environment = ["PORTAL_USER": .text("anna"), "PORTAL_PASSWORD": .file("portal-password")]
    (access.timeout, access.mostMemory) = (.minutes(2), 512 << 20)
    #expect(sources[0].access == .exec(access) && sources[0].schedule == .every(.hours(1)))
    var kept = ExecAccess(command: ["bacnet-reader"])
    kept.isKept = true
    #expect(sources[1].access == .exec(kept) && sources[1].schedule == .every(.second))
  }

  private struct TestFailure: Error {}

  private static let url = "http: {url: \"https://a.example/\"}"

  @Test(arguments: [
    ("- {http: {url: \"https://a.example\"}}", "the source needs 'name', such as name: utility"),
    ("- {name: a/b, \(url)}", "'name' is 'a/b'; write 1 to 100 letters"),
    ("- {name: mqtt, \(url)}", "'name' is 'mqtt', which is the broker"),
    ("- {name: a}", "the source needs one of http"),
    ("- {name: a, \(url), file: {path: x.csv}}", "the source has http, file, and takes one of"),
    ("- {name: a, \(url)}\n  - {name: a, \(url)}", "a source called 'a' is above"),
    ("- {name: a, every: 10ms, \(url)}", "'every' is '10ms'; write a time from 1s to 7d"),
    ("- {name: a, every: 1h, at: \"10:00\", \(url)}", "'every' and 'at' are both there"),
    ("- {name: a, at: \"25:00\", \(url)}", "'at' is '25:00'; write a local time"),
    ("- {name: a, evry: 1h, \(url)}", "the source has no key 'evry'; did you mean 'every'?"),
    ("- {name: a, match: x, \(url)}", "the source has no key 'match'"),
    ("- {name: a, http: {url: \"ftp://a.example\"}}", "begins with neither https:// nor http://"),
    ("- {name: a, http: {url: \"https://u:p@a.example\"}}", "'url' has a user name or password"),
    ("- {name: a, http: {url: \"https://a.example/{from}\"}}", "{from} stands for nothing; write {since:iso}"),
    ("- {name: a, http: {url: \"https://a.example/{since:isoo}\"}}", "{since:isoo} has no such form"),
    ("- {name: a, http: {url: \"https://a.example\", next: next}}", "'next' is 'next'; write a place"),
    ("- {name: a, http: {url: \"https://a.example\", cursor: c}}", "'cursor' needs 'next'"),
    ("- {name: a, http: {url: \"https://a.example\", headers: {\"X Y\": z}}}", "'X Y' is no header"),
    ("- {name: a, exec: {timeout: 5s}}", "'exec' needs 'command', the program and its arguments"),
    ("- {name: a, exec: {command: \"python3 x.py\"}}", "'command' must be a list, since no shell reads it"),
    ("- {name: a, exec: {command: []}}", "'command' must be a list"),
    ("- {name: a, exec: {command: [x, \"{since:isoo}\"]}}", "{since:isoo} has no such form"),
    ("- {name: a, exec: {command: [x], environment: {A-B: c}}}", "'A-B' is no variable"),
    ("- {name: a, exec: {command: [x], keep_running: true, timeout: 5s}}", "'timeout' is of programs that end"),
    ("- {name: a, exec: {command: [x], memory_mb: 0}}", "it must be megabytes from 1, such as 512"),
    ("- {name: a, http: {url: \"https://a.example\", page: p, offset: o}}", "page, offset are ways to the next page"),
    ("- {name: a, http: {url: \"https://a.example\", oauth2: {client_id: x}}}", "token_url"),
    (
      "- {name: a, http: {url: \"https://a.example\", oauth2: {client_id: x, token_url: \"https://a.example/t\"}}}",
      "oauth2 needs 'client_secret' or 'refresh_token'"
    ),
    ("- {name: a, file: {path: \"in/\"}, values: {a.b: c}}", "'path' is 'in/'; name files"),
    ("- {name: a, file: {path: \"in/*.csv\"}}", "a table needs 'values'"),
    ("- {name: a, payload: sparkplug, \(url)}", "Sparkplug comes over MQTT"),
  ])
  func `mistakes are told`(text: String, words: String) {
    let loaded = load("  " + text)
    #expect(loaded.diagnostics.contains { $0.message.contains(words) }, "\(loaded.diagnostics)")
  }

  @Test func `no rule takes the topics of what was fetched`() {
    let file =
      "plant: p\nlocation: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}\n"
      + "topics: [{match: \"$wattline/source/p/+\"}]\n"
    let loaded = ConfigurationLoader.load(files: [("p.yaml", Array(file.utf8))], environment: [:]) { _ in nil }
    #expect(loaded.diagnostics.contains { $0.message.contains("is for what Wattline itself puts into its journal") })
  }
}
