import PlantModel
import Settings
import Testing
import WattlineTime

@testable import PlantConfig

@Suite("Keys of backup")
struct BackupSettingsTests {
  private func load(_ text: String) -> LoadedConfiguration {
    ConfigurationLoader.load(files: [("wattline.yaml", Array(text.utf8))], environment: [:]) { _ in nil }
  }

  @Test func `all keys are read, and the defaults are a daily backup of which fourteen are kept`() {
    let settings = load("backup: {path: /mnt/b}").settings.backup
    #expect(settings == BackupSettings(path: "/mnt/b"))
    #expect(settings?.every == .days(1) && settings?.keep == 14)
    let all = load(
      "backup: {path: /mnt/b, every: 6h, keep: 3, key_file: /k, database: \"db:8088\", history: no}")
    #expect(all.diagnostics.isEmpty)
    var expected = BackupSettings(path: "/mnt/b")
    (expected.every, expected.keep, expected.keyFile) = (.hours(6), 3, "/k")
    (expected.database, expected.includesHistory) = (.at("db:8088"), false)
    #expect(all.settings.backup == expected)
    #expect(all.namedFiles == [NamedFile(path: "/k", isSecret: true)])
    #expect(load("mqtt: {qos: 1}").settings.backup == nil)
  }

  @Test(arguments: [
    ("{}", "backup needs 'path', such as path: /mnt/backup/wattline"),
    ("{path: relative}", "'path' must start with /, such as /mnt/backup/wattline"),
    (
      "{path: /var/lib/wattline/backups}",
      "'path' is in the folder of the journal; name one outside, best on another disk"
    ),
    ("{path: /b, every: 10s}", "'every' must be a time from 1m to 365d, such as 1d, not '10s'"),
    ("{path: /b, keep: 0}", "'keep' is '0'; it must be a whole number from 1 to 10000"),
    (
      "{path: /b, database: db}",
      "'database' must be auto, none, or the address of InfluxDB's backup port, such as 127.0.0.1:8088"
    ),
  ])
  func `a slip is named with what would be right`(text: String, message: String) {
    #expect(load("backup: \(text)").diagnostics.map(\.message) == [message])
  }
}
