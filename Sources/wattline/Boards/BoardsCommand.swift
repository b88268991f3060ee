import Boards
import Foundation

/// `wattline boards`: writes the boards and the rules of alerts that Grafana loads.
enum BoardsCommand {
  static let description = CommandDescription(
    name: "boards", summary: "writes the boards, and rules of alerts, that Grafana loads",
    options: [
      Option(name: "--out", value: "DIR", help: "writes the files there, and makes the folder if there is none"),
      Option(name: "--grafana", value: "VERSION", help: "7 for Grafana 7.5 (default: for Grafana 11 to 13)"),
    ],
    details: """
      Each board is a file, and boards/ of the sources has them already. Grafana reads the folder by a file of its
      provisioning; see grafana/provisioning. The rules of alerts are in a file of their own, which belongs into
      provisioning/alerting. Grafana 7.5 knows no such rules, and gets none.
      """,
    examples: [
      "wattline boards --out /var/lib/grafana/wattline",
      "wattline boards --out /var/lib/grafana/wattline --grafana 7",
    ])

  static func run(_ arguments: Arguments) throws {
    guard let folder = arguments.text("--out") else {
      throw Misuse(message: "--out DIR is missing: the folder that Grafana reads")
    }
    let text = arguments.text("--grafana")
    guard let version = text.map({ GrafanaVersion(rawValue: $0) }) ?? .current else {
      throw Misuse(message: "--grafana '\(text ?? "")' is not known; give 7, or leave it out for Grafana 11 to 13")
    }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(description: "\(folder) cannot be made; give --out a folder that may be written")
    }
    let boards = BoardFiles.boards(for: version)
    for file in boards { try OutputFile.write(file.contents, to: folder + "/" + file.name) }
    let rules = version == .current ? [BoardFiles.alertRules] : []
    if !rules.isEmpty { try OutputFile.write(BoardFiles.rules, to: folder + "/" + BoardFiles.alertRules) }
    Console.report("wattline: \(folder) has \(boards.count) boards\(rules.isEmpty ? "" : " and \(rules[0])")")
  }
}
