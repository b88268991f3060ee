import PlantModel
import Settings
import Testing
import WattlineTime

@testable import PlantConfig

@Suite("influxdb.retention")
struct RetentionSettingsTests {
  private static func load(_ text: String) -> LoadedConfiguration {
    ConfigurationLoader.load(
      files: [("wattline.yaml", Array("influxdb: {\(text)}".utf8))], environment: [:]
    ) { _ in nil }
  }

  @Test func `ages are days or years, and quiet hours are local`() throws {
    let loaded = Self.load("retention: {raw: 90d, clean: 2y, hours: \"23:30-04:00\"}")
    #expect(loaded.isValid, "\(loaded.diagnostics)")
    let retention = try #require(loaded.settings.influxdb.retention)
    #expect(retention.ages == ["raw": .days(90), "clean": .days(730)])
    #expect(retention.isQuiet(minute: 23 * 60 + 30) && retention.isQuiet(minute: 0) && !retention.isQuiet(minute: 240))
    #expect(Self.load("url: \"http://a.example\"").settings.influxdb.retention == nil)
  }

  @Test func `bounds of alerts about the process are shares, times or off`() {
    func load(_ text: String) -> LoadedConfiguration {
      ConfigurationLoader.load(files: [("wattline.yaml", Array("watch: {\(text)}".utf8))], environment: [:]) { _ in nil
      }
    }
    let loaded = load("memory: 80%, disk: off, backlog: 1h, database: off, clock: 30s")
    #expect(loaded.isValid, "\(loaded.diagnostics)")
    let watch = loaded.settings.watch
    #expect(watch.memory == 0.8 && watch.disk == nil && watch.backlog == .hour && watch.database == nil)
    #expect(watch.clock == .seconds(30) && watch.stages == .minute)
    for text in ["memory: 0.8", "memory: 100%", "disk: 0%", "backlog: 1s", "clock: soon", "database: 1"] {
      #expect(load(text).diagnostics.contains { $0.message.contains("or off, not") }, "\(text)")
    }
  }

  @Test(arguments: [
    (
      "retention: {feature: 90d}",
      "these points are few and stay; retention bounds raw, clean, feature_1m, forecast, pipeline"
    ),
    ("retention: {rwa: 90d}", "did you mean 'raw'?"), ("retention: {raw: 2h}", "must be a time from 1d on"),
    ("retention: {raw: soon}", "must be a time from 1d on"), ("retention: {raw: -1y}", "must be a time from 1d on"),
    ("retention: {raw: 90d, hours: night}", "'hours' must be like 01:00-05:00"),
    ("retention: {raw: 90d, hours: \"25:00-26:00\"}", "'hours' must be like 01:00-05:00"),
    ("version: 3, retention: {raw: 90d}", "InfluxDB 3 Core deletes no points"),
    ("retention: 90d", "must be a mapping"),
  ])
  func `a slip is refused with what would be right`(text: String, words: String) {
    let loaded = Self.load(text)
    #expect(loaded.diagnostics.contains { $0.message.contains(words) }, "\(loaded.diagnostics)")
  }
}
