import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@testable import DataSources

@Suite("a portal that is read with a browser")
struct PortalTests {
  /// A portal with a login, a cookie and a hidden token, under three paths: as usual, changed, and with a captcha.
  private static let portal = """
    import http.server, secrets, sys, urllib.parse
    token, session = secrets.token_hex(8), secrets.token_hex(8)
    class Portal(http.server.BaseHTTPRequestHandler):
        def log_message(self, *words): pass
        def say(self, text, status=200, **headers):
            self.send_response(status)
            for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())
        def form(self, more=""):
            self.say(f"<form method=post><input type=hidden name=token value={token}><input name=user>"
                     f"<input type=password name=password><button type=submit>in</button>{more}</form>")
        def do_GET(self):
            address = urllib.parse.urlparse(self.path)
            kind = address.path.split("/")[1]
            if address.path.endswith("/login"):
                return self.form("<div class=h-captcha>are you human?</div>" if kind == "captcha" else "")
            if session not in self.headers.get("Cookie", ""): return self.say("", 302, Location=f"/{kind}/login")
            first = urllib.parse.parse_qs(address.query).get("from", [""])[0]
            unit = "Verbrauch" if kind == "changed" else "kWh"
            self.say(f"<table><thead><tr><th>Time<th>{unit}</thead><tbody><tr><td>{first}T00:00:00Z<td>1.234,5</tr>"
                     f"<tr><td>{first}T01:00:00Z<td>2</tr></tbody></table>")
        def do_POST(self):
            form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            open(sys.argv[1] + ".logins", "a").write("login\\n")
            if form.get("token") != [token] or form.get("password") != ["right"]: return self.form("wrong")
            self.say("", 303, Location=self.path.replace("login", "readings?from=2026-01-01"),
                     Set_Cookie=f"session={session}; Path=/")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    open(sys.argv[1], "w").write(str(server.server_address[1]))
    server.serve_forever()
    """

  private static func fetch(
    _ kind: String, port: Int, password: String = "right"
  ) -> (lines: FetchedLines, result: Result<FetchResult, FetchError>) {
    let script = PackageFolder.root().path + "/pipelines/sources/portal_scraper.py"
    let base = "http://127.0.0.1:\(port)/\(kind)"
    var access = ExecAccess(command: [
      script, "--login", base + "/login", "--readings", base + "/readings?from={since:date}",
    ])
    access.environment = ["PORTAL_USER": .text("anna"), "PORTAL_PASSWORD": .text(password)]
    (access.timeout, access.mostMemory) = (.minutes(2), 4 << 30)
    let rule = TopicRule(
      match: DataSource.topic, payload: .json, asset: "meter", time: "/time",
      values: [TopicRule.Value(name: "energy", path: "/kwh")])
    let plant = Plant(name: "p", location: Location(latitude: 48.1, longitude: 11.6, timezone: "UTC"))
    let log = FetchedLines()
    let intake = SourceIntake(
      DataSource(name: "portal", access: .exec(access), rule: rule), plant: plant, state: SourceState(), log: log)
    let fetcher = ExecFetcher(access, directory: "/", calendar: .utc)
    let span = intake.beginFetch(at: Timestamp(seconds: 1_772_370_000))
    return (log, Result { () throws(FetchError) in try fetcher.fetch(span, into: intake) { false } })
  }

  @Test func `a login is done, and a changed page, a wrong password and a captcha are told, each after one try`() throws
  {
    let folder = try TemporaryFolder(prefix: "wattline-portal")
    defer { folder.remove() }
    try Data(Self.portal.utf8).write(to: URL(fileURLWithPath: folder.path + "/portal.py"))
    let python = try #require(Programs.find("python3"))
    let server = try ChildProcess(
      program: python, arguments: [folder.path + "/portal.py", folder.path + "/port"], log: folder.path + "/log")
    defer { server.kill() }
    var port: Int?
    _ = Waiting.until(seconds: 20) {
      port = (try? String(contentsOfFile: folder.path + "/port", encoding: .utf8)).flatMap { Int($0) }
      return port != nil
    }
    let number = try #require(port)
    let read = Self.fetch("usual", port: number)
    #expect(try read.result.get() == FetchResult(rows: 2) && read.lines.count == 2)
    #expect {
      try Self.fetch("changed", port: number).result.get()
    } throws: {
      ($0 as? FetchError)?.words.contains("no table has the headings Time, kWh; it has Time, Verbrauch") == true
    }
    for (kind, password, words) in [
      ("usual", "wrong", "the portal refuses user or password"), ("captcha", "right", "the portal asks for a captcha"),
    ] {
      #expect {
        try Self.fetch(kind, port: number, password: password).result.get()
      } throws: {
        ($0 as? FetchError)?.kind == .refused && ($0 as? FetchError)?.words.contains(words) == true
      }
    }
    // Three logins were sent; with a captcha none.
    let logins = try String(contentsOfFile: folder.path + "/port.logins", encoding: .utf8)
    #expect(logins == "login\nlogin\nlogin\n")
  }
}
