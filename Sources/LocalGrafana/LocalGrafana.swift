import Boards
import Foundation
import LocalServers

/// Grafana as a child process on a free loopback port, with the boards and their provisioning.
public final class LocalGrafana: Sendable {
  /// Where an installed Grafana is.
  public struct Program: Sendable {
    /// Path of the program.
    public var path: String
    /// Folder of its defaults and pages.
    public var home: String

    /// Returns the program of this machine: where packages put it, or as `PATH` tells; `nil` if there is none.
    public static func installed() -> Program? {
      let files = FileManager.default
      let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
      let folders = ["/usr/sbin", "/usr/bin", "/usr/share/grafana/bin"] + path
      guard let program = folders.map({ $0 + "/grafana-server" }).first(where: files.isExecutableFile(atPath:)) else {
        return nil
      }
      // In an archive that was unpacked, the folder of the program is within that of the defaults.
      let own = URL(fileURLWithPath: program).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().path
      return ["/usr/share/grafana", own].first { files.fileExists(atPath: $0 + "/conf/defaults.ini") }.map {
        Program(path: program, home: $0)
      }
    }
  }

  /// Address of the server, without a slash at its end.
  public let url: String
  private let process: ChildProcess
  private let folder: String

  /// Starts Grafana for a database; returns `nil` if the program or the provisioning is missing.
  ///
  /// - Parameters:
  ///   - influx: Address of the database.
  ///   - boards: Folder with `provisioning`.
  /// - Returns: The server, which takes some seconds until it answers.
  public static func start(influx: String, boards: String) -> LocalGrafana? {
    guard let program = Program.installed(), FileManager.default.fileExists(atPath: boards + "/provisioning"),
      let port = try? Loopback.freePort()
    else { return nil }
    return try? LocalGrafana(program: program.path, home: program.home, port: port, influx: influx, boards: boards)
  }

  private init(program: String, home: String, port: Int, influx: String, boards: String) throws {
    url = "http://127.0.0.1:\(port)"
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("wattline-grafana-\(getpid())").path
    try FileManager.default.createDirectory(atPath: folder + "/boards", withIntermediateDirectories: true)
    for file in BoardFiles.boards(for: Self.version(of: program)) {
      try Data(file.contents.utf8).write(to: URL(fileURLWithPath: folder + "/boards/" + file.name))
    }
    let provisioning = URL(fileURLWithPath: boards + "/provisioning").path
    let settings = Self.settings(folder: folder, port: port, provisioning: provisioning)
    try Data(settings.utf8).write(to: URL(fileURLWithPath: folder + "/grafana.ini"))
    let variables = [
      "WATTLINE_INFLUXDB_URL": influx, "WATTLINE_INFLUXDB_DATABASE": "wattline", "WATTLINE_INFLUXDB_USERNAME": "",
      "WATTLINE_INFLUXDB_PASSWORD": "", "WATTLINE_BOARDS": folder + "/boards",
    ]
    // `env` passes the data source's variables to the server only.
    process = try ChildProcess(
      program: "/usr/bin/env",
      arguments: variables.map { "\($0.key)=\($0.value)" } + [
        program, "--homepath", home, "--config", folder + "/grafana.ini",
      ], log: folder + "/grafana.log")
  }

  /// The configuration. Anonymous read-only access: the demo has no secrets.
  private static func settings(folder: String, port: Int, provisioning: String) -> String {
    """
    [server]
    http_addr = 127.0.0.1
    http_port = \(port)
    [paths]
    data = \(folder)/data
    logs = \(folder)/logs
    plugins = \(folder)/plugins
    provisioning = \(provisioning)
    [dashboards]
    default_home_dashboard_path = \(folder)/boards/fleet.json
    [auth.anonymous]
    enabled = true
    org_role = Viewer
    [analytics]
    reporting_enabled = false
    check_for_updates = false
    """
  }

  /// Returns the version of the boards that a program loads; `grafana-server -v` prints `Version 7.5.5 (…)`.
  private static func version(of program: String) -> GrafanaVersion {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["-v"]
    (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
    guard (try? process.run()) != nil else { return .current }
    let text = String(decoding: (try? output.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    let major = text.firstMatch(of: /Version (\d+)\./).flatMap { Int($0.output.1) }
    return (major ?? 11) < 8 ? .seven : .current
  }

  /// Stops the server and removes its folder.
  public func stop() {
    process.terminate()
    try? FileManager.default.removeItem(atPath: folder)
  }
}
