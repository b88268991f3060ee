import CurlTransport
import Foundation
import InfluxSink
import PlantModel
import Settings
import WattlineTime

/// The portable dump of InfluxDB 1.x, taken and put back by the program `influxd` over the database's backup port.
enum DatabaseDump {
  /// Default port of `bind-address` in `influxdb.conf`.
  static let defaultPort = 8_088

  /// Returns the address of the backup port on the database's host.
  static func address(of settings: DatabaseSettings) -> String {
    let host = URLComponents(string: settings.url)?.host ?? "127.0.0.1"
    return "\(host):\(defaultPort)"
  }

  /// Returns whether the database is of version 1.x.
  ///
  /// - Throws: ``BackupError`` if it does not answer.
  static func isVersion1(_ settings: DatabaseSettings) throws(BackupError) -> Bool {
    if let known = WriteEndpoint.interface(for: settings.version) { return known == .v1 }
    let client = HTTPClient(
      url: settings.url, caFile: settings.caFile, connectTimeout: .seconds(5), totalTimeout: .seconds(10),
      keptHeaders: [WriteEndpoint.versionHeader])
    guard let client else { throw BackupError("libcurl cannot start") }
    let answer = client.send(WriteEndpoint.pingURL(settings), body: nil, contentType: "text/plain")
    guard answer.status != 0 else {
      throw BackupError(
        "the database at \(settings.url) does not answer (\(answer.body)), so it cannot be in the backup; "
          + "--no-database leaves it out")
    }
    // InfluxDB 1.x always states its version. Others that take its lines need not.
    guard let version = answer.headers[WriteEndpoint.versionHeader] else { return false }
    return WriteEndpoint.interface(versionHeader: version, body: answer.body) == .v1
  }

  /// Takes a dump.
  ///
  /// - Parameters:
  ///   - database: name of the database.
  ///   - host: address of the backup port.
  ///   - folder: new folder for the files.
  ///   - shouldStop: asked regularly; `true` ends it.
  static func take(
    _ database: String, host: String, into folder: String, shouldStop: () throws(BackupError) -> Bool
  ) throws(BackupError) {
    do throws(BackupError) {
      try checkReachable(host)
      try ChildProgram(
        ["influxd", "backup", "-portable", "-database", database, "-host", host, folder], package: "influxdb"
      ).wait(shouldStop: shouldStop)
    } catch {
      throw BackupError(
        "the database cannot be dumped from \(host): \(error). Give its backup port (bind-address of influxdb.conf) with "
          + "--database HOST:PORT, or leave it out with --no-database")
    }
  }

  /// Connects once, because `influxd` repeats its attempts for minutes.
  private static func checkReachable(_ host: String) throws(BackupError) {
    guard let colon = host.lastIndex(of: ":"), let port = Int(host[host.index(after: colon)...]) else {
      throw BackupError("'\(host)' is no address; write HOST:PORT")
    }
    var name = host[..<colon]
    if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
    let address = ByteStream.Address(
      host: String(name), port: port, usesTLS: false, caFile: nil, certificateFile: nil, keyFile: nil)
    do throws(ConnectionError) { _ = try ByteStream(address) { false } } catch { throw BackupError(error.reason) }
  }

  /// Puts a dump back as a database that does not exist yet.
  ///
  /// - Parameters:
  ///   - database: name of the database in the dump, and its new name.
  ///   - host: address of the backup port.
  ///   - folder: folder with the files.
  static func restore(
    _ database: (old: String, new: String), host: String, from folder: String
  ) throws(BackupError) {
    var words = ["influxd", "restore", "-portable", "-host", host, "-db", database.old]
    if database.new != database.old { words += ["-newdb", database.new] }
    do throws(BackupError) {
      try checkReachable(host)
      try ChildProgram(words + [folder], package: "influxdb").wait()
    } catch {
      throw BackupError(
        "the database '\(database.new)' cannot be restored at \(host): \(error). Nothing else was changed. A database of "
          + "that name must not exist there")
    }
  }
}
