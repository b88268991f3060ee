import Foundation
import LocalServers
import Settings
import Testing

@testable import PlantConfig

@Suite("Files of certificates and keys")
struct NamedFileTests {
  /// Returns what a folder with this process and these further files is read as, and the folder.
  private func load(_ process: String, files: [String] = []) throws -> (LoadedConfiguration, folder: String) {
    let folder = try TemporaryFolder(prefix: "wattline-named")
    defer { folder.remove() }
    for (name, text) in [("wattline.yaml", process)] + files.map({ ($0, "x") }) {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }
    return (ConfigurationLoader.load(directory: folder.path, environment: [:]), folder.path)
  }

  @Test func `relative paths of every section are below the folder of the configuration`() throws {
    let (loaded, folder) = try load(
      """
      mqtt: {ca: ca.pem, cert: c.pem, key: c.key}
      influxdb: {ca: ca.pem}
      http: {listen: "127.0.0.1:0", cert: c.pem, key: c.key}
      alerts: {webhook: {url: "https://a.example", ca: ca.pem}}
      backup: {path: /mnt/b, key_file: keys}
      """, files: ["ca.pem", "c.pem", "c.key", "keys"])
    let settings = loaded.settings
    #expect(loaded.isValid && loaded.unreadableFiles.isEmpty, "\(loaded.diagnostics + loaded.unreadableFiles)")
    let authorities = [settings.mqtt.caFile, settings.influxdb.caFile, settings.alerts.webhook?.caFile]
    #expect(authorities == Array(repeating: folder + "/ca.pem", count: 3))
    #expect(settings.mqtt.certificateFile == folder + "/c.pem" && settings.mqtt.keyFile == folder + "/c.key")
    #expect(settings.http?.certificate == .init(chainFile: folder + "/c.pem", keyFile: folder + "/c.key"))
    #expect(settings.backup?.keyFile == folder + "/keys")
    let secrets = Set(loaded.namedFiles.filter(\.isSecret).map(\.path))
    #expect(secrets == [folder + "/c.key", folder + "/keys"])
  }

  @Test func `a missing file is told with its place, and the configuration stays valid`() throws {
    let (loaded, folder) = try load("mqtt: {ca: none.pem}\ninfluxdb: {ca: /nowhere/ca.pem}\n")
    #expect(loaded.isValid && loaded.settings.mqtt.caFile == folder + "/none.pem")
    let told = loaded.unreadableFiles.map(\.description)
    let relative =
      "wattline.yaml:1:12: error: the file '\(folder)/none.pem' of 'ca' cannot be read: No such file or directory; a "
      + "relative path starts from the folder of the configuration"
    let absolute =
      "wattline.yaml:2:16: error: the file '/nowhere/ca.pem' of 'ca' cannot be read: No such file or directory"
    #expect(told == [relative, absolute])
    let (folderItself, _) = try load("mqtt: {ca: /tmp}")
    #expect(folderItself.unreadableFiles.first?.message.hasSuffix("cannot be read: it is a folder") == true)
  }

  @Test func `the broker's log is a path like them, and no part of the configuration`() throws {
    let (loaded, folder) = try load("watch: {broker_log: broker.log}", files: ["broker.log"])
    #expect(loaded.settings.watch.brokerLog == folder + "/broker.log")
    #expect(loaded.namedFiles.isEmpty && loaded.unreadableFiles.isEmpty)
    #expect(try load("watch: {broker_log: off}").0.settings.watch.brokerLog == nil)
    let (missing, _) = try load("watch: {broker_log: /nowhere/mosquitto.log}")
    #expect(
      missing.unreadableFiles.map(\.message) == [
        "the file '/nowhere/mosquitto.log' of 'broker_log' cannot be read: No such file or directory"
      ])
  }

  @Test func `an empty text names no file, and text in memory is not looked up`() throws {
    #expect(try load("mqtt: {ca: \"\"}").0.settings.mqtt.caFile == nil)
    let text = Array("mqtt: {ca: none.pem}".utf8)
    let loaded = ConfigurationLoader.load(files: [("wattline.yaml", text)], environment: [:]) { _ in nil }
    #expect(loaded.settings.mqtt.caFile == "none.pem" && loaded.unreadableFiles.isEmpty)
  }
}
