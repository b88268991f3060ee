import Foundation
import PlantTesting

/// A board as it is shipped: the parts that tests look at.
struct Board: Decodable {
  struct Variable: Decodable {
    var name: String
    var type: String
    var datasource: String
    var query: String
    var refresh: Int?
    var includeAll: Bool
    var allValue: String?

    /// The values of a list, which are written `name : value,name : value`.
    var values: [String] { query.split(separator: ",").compactMap { $0.split(separator: " : ").last.map(String.init) } }
  }

  struct Target: Decodable { var query: String }

  struct Position: Decodable { var x, y, w, h: Int }

  struct FieldConfig: Decodable {
    struct Defaults: Decodable { var unit: String? }
    var defaults: Defaults
  }

  struct Panel: Decodable {
    var id: Int
    var type: String
    var title: String
    var description: String?
    var datasource: String?
    var gridPos: Position
    var targets: [Target]?
    var fieldConfig: FieldConfig?
    var `repeat`: String?
    var panels: [Panel]?
  }

  struct Templating: Decodable { var list: [Variable] }

  /// The file's name.
  var file = ""
  var uid: String
  var title: String
  var editable: Bool
  var graphTooltip: Int
  var schemaVersion: Int
  var timezone: String
  var templating: Templating
  var panels: [Panel]

  private enum CodingKeys: String, CodingKey {
    case uid, title, editable, graphTooltip, schemaVersion, timezone, templating, panels
  }

  /// All panels but rows, with those inside collapsed rows.
  var tiles: [Panel] { panels.flatMap { [$0] + ($0.panels ?? []) }.filter { $0.type != "row" } }

  /// The variables that are asked of the database; others are lists.
  var variables: [Variable] { templating.list.filter { $0.type == "query" } }

  /// Every query that Grafana sends for this board, with where it stands.
  var queries: [(place: String, text: String)] {
    variables.map { ("\(file), variable \($0.name)", $0.query) }
      + tiles.flatMap { panel in (panel.targets ?? []).map { ("\(file), \(panel.title)", $0.query) } }
  }

  /// The folder `grafana` of the package.
  static let folder = PackageFolder.root().appendingPathComponent("grafana")

  /// All boards.
  static func shipped() throws -> [Board] {
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/boards")
    return try files.filter { $0.hasSuffix(".json") }.sorted().map { file in
      let data = try Data(contentsOf: folder.appendingPathComponent("boards/" + file))
      var board = try JSONDecoder().decode(Board.self, from: data)
      board.file = file
      return board
    }
  }
}
