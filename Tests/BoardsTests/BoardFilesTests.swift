import Foundation
import PlantTesting
import Testing

@testable import Boards

@Suite("Files of boards")
struct BoardFilesTests {
  private static let folder = PackageFolder.root().appendingPathComponent("grafana")

  /// Every generated file with its path in the folder `grafana`.
  private static var generated: [(path: String, contents: String)] {
    BoardFiles.boards(for: .current).map { ("boards/" + $0.name, $0.contents) }
      + [("provisioning/alerting/" + BoardFiles.alertRules, BoardFiles.rules)]
  }

  /// Rewrites the files if `WATTLINE_WRITE_BOARDS` is set.
  @Test func `the files in the repository are those that the model gives, and there are no others`() throws {
    let files = FileManager.default
    for (path, contents) in Self.generated {
      let file = Self.folder.appendingPathComponent(path)
      if ProcessInfo.processInfo.environment["WATTLINE_WRITE_BOARDS"] != nil {
        try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try contents.write(to: file, atomically: true, encoding: .utf8)
      }
      let written = try? String(contentsOf: file, encoding: .utf8)
      #expect(
        written == contents,
        "grafana/\(path) differs from the model; write it: WATTLINE_WRITE_BOARDS=1 swift test --filter BoardFilesTests")
    }
    let boards = try files.contentsOfDirectory(atPath: Self.folder.path + "/boards").sorted()
    #expect(boards == Board.all.map { $0.id + ".json" }.sorted())
  }

  @Test func `every file is JSON, whatever characters are in texts`() throws {
    for version in GrafanaVersion.allCases {
      for file in BoardFiles.boards(for: version) {
        #expect(throws: Never.self, "\(file.name)") {
          try JSONSerialization.jsonObject(with: Data(file.contents.utf8))
        }
      }
    }
    let awkward = "it's \"odd\" \\ 1/2\n\ttab \u{1} é"
    let text = JSON.object([(name: awkward, value: .text(awkward))]).rendered()
    let read = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String]
    #expect(read == [awkward: awkward])
  }

  @Test func `Grafana 7 gets names of data sources, its own cells and words, and no colour that it does not know`()
    throws
  {
    for file in BoardFiles.boards(for: .seven) {
      #expect(file.contents.contains("\"schemaVersion\": 27"), "\(file.name)")
      #expect(file.contents.contains("\"datasource\": \"wattline-influxdb\""), "\(file.name)")
      for word in ["\"uid\": \"wattline-influxdb\"", "cellOptions", "wrapText", "\"transparent\"", "\"text\","] {
        #expect(!file.contents.contains(word) || word == "\"text\",", "\(file.name): \(word)")
      }
    }
    let alerts = try #require(BoardFiles.boards(for: .seven).first { $0.name == "alerts.json" }).contents
    #expect(alerts.contains("\"type\": 1, \"value\": \"3\", \"text\": \"CRITICAL\""))
    #expect(alerts.contains("\"custom.displayMode\""))
  }

  @Test func `current boards have data sources as objects, and the form of Grafana 11`() {
    for file in BoardFiles.boards(for: .current) {
      #expect(file.contents.contains("\"schemaVersion\": 39"), "\(file.name)")
      #expect(!file.contents.contains("\"datasource\": \""), "\(file.name)")
    }
  }

  @Test func `data source, folder of boards and rules of alerts are provisioned under the names that boards use`()
    throws
  {
    func text(_ path: String) throws -> String {
      try String(contentsOf: Self.folder.appendingPathComponent("provisioning/" + path), encoding: .utf8)
    }
    #expect(try text("datasources/wattline.yaml").contains("uid: wattline-influxdb\n"))
    #expect(try text("dashboards/wattline.yaml").contains("folder: Wattline\n"))
    #expect(BoardFiles.rules.contains("\"folder\": \"Wattline\""))
    #expect(AlertRule.all.count == 9 && Set(AlertRule.all.map(\.id)).count == 9)
    for rule in AlertRule.all {
      // No variable of a board is known to a rule.
      #expect(!rule.query.text.contains("$"), "\(rule.id)")
      #expect(Board.all.contains { $0.id == rule.board }, "\(rule.id)")
    }
  }
}
