import Foundation
import PlantTesting

/// What Grafana asks the database for, as it is shipped: the queries of boards and of rules of alerts.
struct Board {
  /// A query with where it stands.
  struct Asked {
    var place: String
    var text: String
    /// Tables and figures of the present may be empty; columns may be empty that need months of ageing.
    var isOfBoard = true
  }

  /// Every query of every variable, annotation, panel and rule of alerts.
  static func queries() throws -> [Asked] {
    let folder = PackageFolder.root().appendingPathComponent("grafana")
    let boards = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/boards").sorted()
    let asked = try boards.flatMap { name in
      try queries(in: JSON.read(folder.appendingPathComponent("boards/" + name)), of: name)
    }
    let rules = try JSON.read(folder.appendingPathComponent("provisioning/alerting/wattline-rules.json"))
    let further = rules["groups"].flatMap { $0["rules"] }.flatMap { rule in
      rule["data"].compactMap { step in
        step.first("model")?.text("query").map { Asked(place: rule.text("uid") ?? "", text: $0, isOfBoard: false) }
      }
    }
    return asked + further
  }

  private static func queries(in board: JSON, of name: String) -> [Asked] {
    let variables = (board.first("templating")?["list"] ?? []).filter { $0.text("type") == "query" }
    let annotations = board.first("annotations")?["list"] ?? []
    let panels = board["panels"].flatMap { [$0] + $0["panels"] }
    return (variables + annotations).map {
      Asked(place: "\(name), \($0.text("name") ?? "")", text: $0.text("query") ?? "")
    }
      + panels.flatMap { panel in
        panel["targets"].map { Asked(place: "\(name), \(panel.text("title") ?? "")", text: $0.text("query") ?? "") }
      }
  }

  /// An object of a JSON file.
  private struct JSON {
    var members: [String: Any]

    static func read(_ file: URL) throws -> JSON {
      let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
      return JSON(members: object as? [String: Any] ?? [:])
    }

    subscript(name: String) -> [JSON] {
      (members[name] as? [[String: Any]] ?? []).map { JSON(members: $0) }
    }

    func first(_ name: String) -> JSON? { (members[name] as? [String: Any]).map { JSON(members: $0) } }

    func text(_ name: String) -> String? { members[name] as? String }
  }
}
