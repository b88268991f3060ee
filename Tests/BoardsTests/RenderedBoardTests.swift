import Foundation
import LocalGrafana
import LocalServers
import PlantTesting
import Testing

/// The browser of this machine.
private enum Browser {
  private static let names = ["chromium", "chromium-browser", "google-chrome"]

  static var program: String? {
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/bin"]
    return names.lazy.flatMap { name in path.map { "\($0)/\(name)" } }
      .first(where: FileManager.default.isExecutableFile(atPath:))
  }

  static var isPossible: Bool {
    ProcessInfo.processInfo.environment["WATTLINE_RENDER_BOARDS"] != nil && program != nil
      && LocalGrafana.Program.installed() != nil
  }
}

/// Pages of a real Grafana as a browser shows them.
///
/// The tests run where `grafana-server` and Chromium are installed and `WATTLINE_RENDER_BOARDS` is set, since a page
/// takes some seconds.
@Suite("Boards in a browser", .serialized, .enabled(if: Browser.isPossible))
struct RenderedBoardTests {
  @Test func `boards say in words that nothing is stored, that no report comes, and what is wrong where`() throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    let boards = PackageFolder.root().appendingPathComponent("grafana").path
    let grafana = try #require(LocalGrafana.start(influx: influx.url, boards: boards))
    defer { grafana.stop() }
    let page = Page(url: grafana.url)
    #expect(Waiting.until(seconds: 60, pause: 500) { page.text("/api/health", budget: 100).contains("ok") })

    #expect(page.shows("NOTHING IN THE DATABASE YET", on: "/d/wattline-fleet"))

    try influx.write(Self.rows(age: 360))
    for board in ["/d/wattline-fleet", "/d/wattline-plant?var-plant=north"] {
      #expect(page.shows("NO REPORT FOR", on: board), "\(board)")
      #expect(!page.last.contains("ALL NORMAL"), "\(board)")
    }

    try influx.write(Self.rows(age: -60) + "\n" + Self.alert)
    #expect(page.shows("CRITICAL, reported within", on: "/d/wattline-fleet"))
    // The id is what a person acknowledges with, and the text says what to do.
    for words in ["north/pv1/trip-7", "pv1 has tripped", "read its codes"] {
      #expect(page.last.contains(words), "\(words)")
    }
    #expect(page.shows("north/pv1/trip-7", on: "/d/wattline-alerts"))
    #expect(page.shows("CRITICAL, reported within", on: "/d/wattline-plant?var-plant=north"))
    #expect(page.last.contains("north/pv1/trip-7"))
    #expect(page.shows("not_json", on: "/d/wattline-pipeline"))
  }

  /// A report of a process and its plant.
  ///
  /// - Parameter age: Seconds since it was written; less than none for one that stays fresh while pages load.
  /// - Returns: Line protocol.
  private static func rows(age: Int64) -> String {
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    let (time, at) = (min(now, now - age * 1_000), now - age * 1_000)
    let counts = age > 0 ? "critical=0i,warnings=0i" : "critical=1i,warnings=0i"
    return """
      pipeline,instance=a,stage=process \(counts),plants=1i,series=1i,reported_ms=\(at)i \(time)
      plant_state,plant=north \(counts),series=1i,reported_ms=\(at)i \(time)
      pipeline,instance=a,stage=refusal topic="north/x",reason="not_json",text="a message on north/x gives no reading" \(time)
      clean,plant=north,asset=pv1,sensor=power,unit=kW value=1,quality=0i \(time)
      kpi,plant=north generation_kw=0,load_kw=5,grid_kw=5,load_coverage=1 \(time)
      """
  }

  private static var alert: String {
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    return "alerts,plant=north,asset=pv1,rule=trip status=\"raised\",id=\"north/pv1/trip-7\",state=\"unacknowledged\","
      + "severity=\"critical\",rank=3i,cause=\"\",cause_title=\"\",title=\"pv1 has tripped\","
      + "text=\"It fell from 80 kW. Check the breaker, and read its codes before a restart.\",since_ms=\(now)i \(now)"
  }

  /// Pages of one server.
  private final class Page {
    private let url: String
    /// Text of the last page.
    private(set) var last = ""

    init(url: String) { self.url = url }

    /// Returns whether a page shows words, loaded once more if it does not at first.
    func shows(_ words: String, on path: String) -> Bool {
      for _ in 0..<3 {
        last = text(path + (path.contains("?") ? "&" : "?") + "kiosk", budget: 20_000)
        if last.contains(words) { return true }
      }
      return false
    }

    /// Returns the document of a page after its scripts have run.
    ///
    /// - Parameters:
    ///   - path: Path and query.
    ///   - budget: Time that its scripts believe to have [ms].
    /// - Returns: HTML; empty if the browser does not answer.
    func text(_ path: String, budget: Int) -> String {
      guard let browser = Browser.program, let folder = try? TemporaryFolder(prefix: "wattline-page") else {
        return ""
      }
      defer { folder.remove() }
      let output = folder.path + "/page.html"
      let child = try? ChildProcess(
        program: browser,
        arguments: [
          "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path)/profile",
          "--window-size=1600,2400", "--virtual-time-budget=\(budget)", "--timeout=45000", "--dump-dom", url + path,
        ], log: output)
      guard let child else { return "" }
      if !Waiting.until(seconds: 60, condition: { !child.isRunning }) { child.kill() }
      return (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
    }
  }
}
