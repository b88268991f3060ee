import Foundation
import LocalServers

/// Grafana as a child process with the provisioned dashboards, if `grafana-server` is installed.
final class LocalGrafana {
  /// Address of the dashboards.
  let url: String
  private let process: ChildProcess
  private let folder: String

  /// Starts Grafana for a database; returns `nil` if the program or the dashboards are missing.
  static func start(influx: String, boards: String) -> LocalGrafana? {
    let places = ["/usr/sbin/grafana-server", "/usr/bin/grafana-server", "/usr/share/grafana/bin/grafana-server"]
    let homes = ["/usr/share/grafana"]
    let files = FileManager.default
    guard let program = places.first(where: files.isExecutableFile), let home = homes.first(where: files.fileExists),
      files.fileExists(atPath: boards + "/provisioning"), let port = try? Loopback.freePort()
    else { return nil }
    return try? LocalGrafana(program: program, home: home, port: port, influx: influx, boards: boards)
  }

  private init(program: String, home: String, port: Int, influx: String, boards: String) throws {
    url = "http://127.0.0.1:\(port)"
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("wattline-grafana-\(getpid())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let provisioning = URL(fileURLWithPath: boards + "/provisioning").path
    // Anonymous read-only access: the demo has no secrets.
    let settings = """
      [server]
      http_addr = 127.0.0.1
      http_port = \(port)
      [paths]
      data = \(folder)/data
      logs = \(folder)/logs
      plugins = \(folder)/plugins
      provisioning = \(provisioning)
      [auth.anonymous]
      enabled = true
      org_role = Viewer
      [analytics]
      reporting_enabled = false
      check_for_updates = false
      """
    try Data(settings.utf8).write(to: URL(fileURLWithPath: folder + "/grafana.ini"))
    let variables = [
      "WATTLINE_INFLUXDB_URL": influx, "WATTLINE_INFLUXDB_DATABASE": "wattline", "WATTLINE_INFLUXDB_USERNAME": "",
      "WATTLINE_INFLUXDB_PASSWORD": "", "WATTLINE_BOARDS": URL(fileURLWithPath: boards + "/boards").path,
    ]
    // `env` passes the data source's variables to the server only.
    process = try ChildProcess(
      program: "/usr/bin/env",
      arguments: variables.map { "\($0.key)=\($0.value)" } + [
        program, "--homepath", home, "--config", folder + "/grafana.ini",
      ], log: folder + "/grafana.log")
  }

  /// Stops the server and removes its folder.
  func stop() {
    process.terminate()
    try? FileManager.default.removeItem(atPath: folder)
  }
}
