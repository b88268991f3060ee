import PlantConfig
import PlantModel
import Settings
import Testing
import WattlineTime

@Suite("http.alerts and http.connections")
struct InterfaceBoundsTests {
  private static func load(_ text: String) -> LoadedConfiguration {
    ConfigurationLoader.load(
      files: [("wattline.yaml", Array("http: {listen: \"127.0.0.1:0\", \(text)}".utf8))], environment: [:]
    ) { _ in nil }
  }

  @Test func `without them the bounds are the usual ones`() throws {
    let http = try #require(Self.load("cors: []").settings.http)
    #expect(http.alerts == HTTPSettings.Bounds() && http.connections == nil)
    #expect(http.alerts.latency == .milliseconds(500) && http.alerts.errors == 0.05)
    #expect(http.alerts.refusedLogins == 20 && http.alerts.lateJob == .minutes(10))
  }

  @Test func `each bound can be set or switched off`() throws {
    let text = "alerts: {latency: 2s, errors: 0.5%, refused_logins: 100, late_job: 1h}, connections: 5000"
    let loaded = Self.load(text)
    try #require(loaded.isValid, "\(loaded.diagnostics)")
    let http = try #require(loaded.settings.http)
    #expect(http.alerts.latency == .seconds(2) && http.alerts.errors == 0.005)
    #expect(http.alerts.refusedLogins == 100 && http.alerts.lateJob == .hour && http.connections == 5_000)
    let off = try #require(
      Self.load("alerts: {latency: off, errors: off, refused_logins: off, late_job: off}").settings.http)
    #expect(off.alerts.latency == nil && off.alerts.errors == nil)
    #expect(off.alerts.refusedLogins == nil && off.alerts.lateJob == nil)
  }

  @Test(arguments: [
    ("alerts: {latency: 0s}", "'latency' must be a time from 1ms on, or off, not '0s'"),
    ("alerts: {errors: 5}", "'errors' must be from 0.1% to 100%, or off, not '5'"),
    ("alerts: {errors: 101%}", "'errors' must be from 0.1% to 100%"),
    ("alerts: {refused_logins: 0}", "'refused_logins' must be a whole number from 1 to 1000000, or off, not '0'"),
    ("alerts: {late_job: soon}", "'late_job' must be a time from 1s on, or off, not 'soon'"),
    ("alerts: {latencies: 1s}", "has no key 'latencies'"),
    ("connections: 15", "it must be a whole number from 16 to 100000"),
  ])
  func `what is out of bounds is named`(text: String, words: String) {
    let loaded = Self.load(text)
    #expect(loaded.diagnostics.contains { $0.message.contains(words) }, "\(loaded.diagnostics)")
  }
}
