import Foundation
import Testing

@Suite("Shape of boards")
struct BoardShapeTests {
  private let boards: [Board]

  init() throws { boards = try Board.shipped() }

  @Test("a board has a stable name of its own, is not edited in the browser, and no two panels share an id or a place")
  func aBoardHasAStableNameOfItsOwnIsNotEditedInTheBrowserAndNoTwoPanelsShareAn() {
    #expect(boards.count > 2)
    #expect(Set(boards.map(\.uid)).count == boards.count)
    for board in boards {
      #expect(board.uid.hasPrefix("wattline-") && !board.editable && board.graphTooltip == 1, "\(board.file)")
      #expect(board.timezone == "browser", "\(board.file)")
      let panels = board.panels.flatMap { [$0] + ($0.panels ?? []) }
      #expect(Set(panels.map(\.id)).count == panels.count, "\(board.file)")
      for (index, panel) in panels.enumerated() {
        for other in panels.dropFirst(index + 1) {
          #expect(!Self.overlap(panel.gridPos, other.gridPos), "\(board.file): \(panel.title), \(other.title)")
        }
      }
    }
  }

  @Test func `every panel has a title, says what it shows, and gives the unit of what it draws`() {
    for board in boards {
      for panel in board.tiles {
        let place = "\(board.file): \(panel.title)"
        #expect(!panel.title.isEmpty && !(panel.description ?? "").isEmpty, "\(place)")
        #expect(panel.targets?.isEmpty == false, "\(place)")
        // A table has a unit a column.
        #expect(panel.type == "table" || panel.fieldConfig?.defaults.unit != nil, "\(place)")
      }
    }
  }

  @Test
  func `every query goes to the datasource that is provisioned, named in a way that old and new Grafana read`() throws {
    let file = Board.folder.appendingPathComponent("provisioning/datasources/wattline.yaml")
    let provisioned = try String(contentsOf: file, encoding: .utf8)
    for board in boards {
      // An object in its place gives a blank board before 8.3; later versions turn the string into one on loading.
      #expect(board.schemaVersion == 27, "\(board.file)")
      for uid in board.templating.list.map(\.datasource) + board.tiles.map({ $0.datasource ?? "none" }) {
        #expect(provisioned.contains("uid: \(uid)\n"), "\(board.file): \(uid)")
      }
    }
  }

  @Test
  func `variables are asked anew with the time range, depend on those before them, and All takes in every name`() {
    for board in boards {
      var known = Set(board.templating.list.filter { $0.type != "query" }.map(\.name))
      for variable in board.variables {
        let place = "\(board.file): \(variable.name)"
        #expect(variable.refresh == 2 && variable.query.contains("$timeFilter"), "\(place)")
        #expect(Self.variables(in: variable.query).isSubset(of: known), "\(place)")
        let isRegex = board.queries.contains { $0.text.contains("${\(variable.name):regex}") }
        #expect(!isRegex || !variable.includeAll || variable.allValue == ".*", "\(place)")
        known.insert(variable.name)
      }
      for (place, query) in board.queries { #expect(Self.variables(in: query).isSubset(of: known), "\(place)") }
      for panel in board.panels { #expect(panel.repeat.map(known.contains) ?? true, "\(board.file): \(panel.title)") }
    }
    let plant = boards.first { $0.uid == "wattline-plant" }
    #expect(plant?.variables.map(\.name) == ["plant", "asset", "sensor", "unit"])
    #expect(plant?.panels.contains { $0.type == "row" && $0.repeat == "plant" } == true)
  }

  @Test func `no query names a plant, an asset or a sensor, and every SELECT is bounded in time`() {
    for (place, query) in boards.flatMap(\.queries) {
      let words = query.split(separator: " ")
      for (index, word) in words.enumerated()
      where ["\"plant\"", "\"asset\"", "\"sensor\"", "\"instance\""].contains(word) && index + 2 < words.count {
        guard words[index + 1].hasPrefix("=") else { continue }
        #expect(words[index + 2].hasPrefix("/^${") && words[index + 2].contains(":regex}$/"), "\(place): \(query)")
      }
      let bounds =
        query.components(separatedBy: "$timeFilter").count + query.components(separatedBy: "> ${__to}ms").count
      // Aggregates of a subquery come back at 1970 when the outer query has no bound of its own.
      #expect(bounds - 2 == query.components(separatedBy: "SELECT ").count - 1 || query.hasPrefix("SHOW"), "\(place)")
      #expect(!query.contains("INTO") && !query.contains("SLIMIT") && !query.contains("SHOW SERIES"), "\(place)")
    }
  }

  private static func overlap(_ a: Board.Position, _ b: Board.Position) -> Bool {
    a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
  }

  /// The names of the variables of the board that a text mentions.
  private static func variables(in text: String) -> Set<String> {
    Set(text.matches(of: /\$\{([a-z]+):(?:regex|raw)\}/).map { String($0.output.1) })
  }
}
