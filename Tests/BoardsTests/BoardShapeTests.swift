import Foundation
import PointSchema
import Testing

@testable import Boards

@Suite("Shape of boards")
struct BoardShapeTests {
  /// A board as it is rendered, with its model.
  private struct Shown {
    var model: Board
    var json: [String: Any]
    var panels: [[String: Any]]
  }

  private static func shown() throws -> [Shown] {
    try zip(Board.all, BoardFiles.boards(for: .current)).map { model, file in
      let json = try #require(try JSONSerialization.jsonObject(with: Data(file.contents.utf8)) as? [String: Any])
      let top = try #require(json["panels"] as? [[String: Any]])
      return Shown(model: model, json: json, panels: top.flatMap { [$0] + ($0["panels"] as? [[String: Any]] ?? []) })
    }
  }

  private static var panels: [(board: Board, panel: Panel)] {
    Board.all.flatMap { board in board.rows.flatMap(\.panels).map { (board, $0) } }
  }

  /// All queries of all boards and of the rules of alerts.
  private static var queries: [(place: String, query: Query)] {
    panels.flatMap { board, panel in panel.targets.map { ("\(board.id): \(panel.title)", $0.query) } }
      + Board.all.flatMap { board in board.annotations.map { ("\(board.id): \($0.name)", $0.query) } }
      + AlertRule.all.map { ($0.id, $0.query) }
  }

  @Test("a board has a stable name of its own, is not edited in the browser, and no two panels share an id or a place")
  func aBoardHasAStableNameOfItsOwnIsNotEditedInTheBrowserAndNoTwoPanelsShareAn() throws {
    #expect(Board.all.count >= 10 && Set(Board.all.map(\.uid)).count == Board.all.count)
    for board in try Self.shown() {
      #expect(board.model.uid.hasPrefix("wattline-") && board.json["editable"] as? Bool == false)
      #expect(board.json["timezone"] as? String == "browser" && board.json["graphTooltip"] as? Int == 1)
      #expect(Set(board.panels.compactMap { $0["id"] as? Int }).count == board.panels.count, "\(board.model.id)")
      let places = board.panels.compactMap { $0["gridPos"] as? [String: Int] }
      #expect(places.count == board.panels.count)
      for (index, a) in places.enumerated() {
        for b in places.dropFirst(index + 1) { #expect(!Self.overlap(a, b), "\(board.model.id): \(a) \(b)") }
      }
    }
  }

  @Test func `every board asks a question, and every panel has a title, says what it shows, and asks something`() {
    for board in Board.all { #expect(board.question.hasSuffix("?")) }
    for (board, panel) in Self.panels {
      #expect(!panel.title.isEmpty && panel.description.hasSuffix("."), "\(board.id): \(panel.title)")
      if case .words = panel.kind { continue }
      #expect(!panel.targets.isEmpty, "\(board.id): \(panel.title)")
    }
  }

  @Test func `every field that a query reads is declared by the measurement that it asks`() {
    for (place, query) in Self.queries {
      for field in query.fields {
        #expect(query.measurement.declaration(of: field) != nil, "\(place): \(query.measurement.name) has no \(field)")
      }
    }
  }

  @Test func `every column of a table is one that its queries answer`() {
    for (board, panel) in Self.panels {
      guard case .table(let columns, let sort) = panel.kind else { continue }
      let known = Set(
        panel.targets.flatMap { target in
          ["Time"] + target.query.tags.map(\.name)
            + target.query.columns.map { $0.name ?? $0.text.filter { $0 != "\"" } }
        })
      for column in columns { #expect(known.contains(column.source), "\(board.id): \(panel.title): \(column.source)") }
      #expect(Set(columns.map(\.title)).count == columns.count, "\(board.id): \(panel.title)")
      // Grafana wraps one column of a table: the last that asks for it.
      #expect(columns.count { $0.isWrapped } <= 1, "\(board.id): \(panel.title)")
      for name in sort.map(\.column) { #expect(columns.contains { $0.title == name }, "\(board.id): \(name)") }
    }
  }

  @Test func `a first screen asks at most 25 queries, whatever is chosen`() {
    for board in Board.all {
      // What a screen of 1,600 by 1,200 pixels shows: 30 steps of Grafana's grid. The rest is asked for on scrolling.
      var (top, count) = (0, 0)
      for row in board.rows where !row.isCollapsed {
        if row.title != nil { top += 1 }
        var (left, height) = (0, 0)
        for panel in row.panels {
          if left + panel.size.width > 24 { (left, top, height) = (0, top + height, 0) }
          if top < 30 { count += panel.targets.count * (panel.repeated == nil ? 1 : 24 / panel.size.width) }
          left = panel.repeated == nil ? left + panel.size.width : 24
          height = max(height, panel.size.height)
        }
        top += height
      }
      count += board.variables.compactMap(\.query).count + board.annotations.count
      #expect(count <= 25, "\(board.id) asks \(count)")
    }
  }

  @Test
  func `variables are asked anew with the time range, depend on those before them, and All takes in every name`() throws
  {
    for board in try Self.shown() {
      let texts = board.model.rows.flatMap { [$0.title ?? ""] + $0.panels.map(\.title) }
      var known: Set<String> = []
      for variable in board.model.variables {
        let query = variable.query ?? "$timeFilter"
        #expect(query.contains("$timeFilter") || query.contains("${__to}"), "\(board.model.id): \(variable.name)")
        #expect(Self.variables(in: query).isSubset(of: known), "\(board.model.id): \(variable.name)")
        known.insert(variable.name)
      }
      for query in board.model.rows.flatMap(\.panels).flatMap(\.targets).map(\.query.text) {
        #expect(Self.variables(in: query).isSubset(of: known), "\(board.model.id): \(query)")
      }
      for text in texts {
        let names = Set(text.matches(of: /\$([a-z]+)/).map { String($0.output.1) })
        #expect(names.isSubset(of: known), "\(board.model.id): \(text)")
      }
      for name in board.model.rows.compactMap(\.repeated) + board.model.rows.flatMap(\.panels).compactMap(\.repeated) {
        #expect(board.model.variables.contains { $0.name == name && $0.isMultiple }, "\(board.model.id): \(name)")
      }
    }
    // Names of thousands of sensors are not all offered at once.
    for variable in Board.all.flatMap(\.variables) where variable.name == "sensor" {
      #expect(variable.query?.hasSuffix("LIMIT 24") == true)
    }
    #expect(PlantBoard.board.rows.contains { $0.repeated == "plant" })
  }

  @Test func `no query names a plant, an asset or a sensor, and every SELECT is bounded in time`() {
    for (place, query) in Self.queries {
      for match in query.text.matches(of: /"(plant|asset|sensor|instance|scenario)" (=|=~) ([^ )]+)/) {
        let value = match.output.3
        let isChosen = value.wholeMatch(of: /\/\^\$\{[a-z]+:regex\}\$\//) != nil
        // Names of the system's own: the whole plant, and sensors by their meaning.
        let isOwn =
          ["'_plant'", "'power'", "'frequency'"].contains(value) || value.hasPrefix("/^(voltage")
          || value.hasPrefix("/^voltage") || value.hasPrefix("/^frequency") || value.hasPrefix("/^current")
        #expect(isChosen || isOwn, "\(place): \(match.output.0)")
      }
      let bounds = ["$timeFilter", "> ${__to}ms", "> now()"].reduce(0) {
        $0 + query.text.components(separatedBy: $1).count - 1
      }
      // Aggregates of a subquery come back at 1970 when the outer query has no bound of its own.
      #expect(bounds >= query.text.components(separatedBy: "SELECT ").count - 1, "\(place): \(query.text)")
    }
  }

  /// What InfluxQL of version 2 or 3 lacks, or what a board has no business with.
  static let forbidden = [
    "INTO", "SLIMIT", "SOFFSET", "SHOW SERIES", "SHOW MEASUREMENTS", "HOLT_WINTERS", "DELETE", "DROP", "CREATE",
    "ALTER",
    "GRANT", "REVOKE", "KILL", "CONTINUOUS", "SUBSCRIPTION", "DISTINCT(*)", "sample(", "top(", "bottom(", "histogram(",
    "\".\"", "); ", ";",
  ]

  @Test func `no query uses what InfluxDB 2 or 3 lacks`() {
    let texts =
      Self.queries.map { ($0.place, $0.query.text) }
      + Board.all.flatMap { board in board.variables.compactMap { $0.query }.map { (board.id, $0) } }
    for (place, text) in texts {
      for word in Self.forbidden { #expect(!text.contains(word), "\(place): \(word): \(text)") }
      // One measurement a query: version 3 knows no list of subqueries.
      #expect(!text.contains("), ("), "\(place): \(text)")
    }
  }

  @Test func `links lead to boards that know what they are given, keep plant and time, and quote every name`() throws {
    for (board, panel) in Self.panels {
      guard case .table(let columns, _) = panel.kind else { continue }
      for link in columns.compactMap(\.link) {
        let target = try #require(Board.all.first { $0.id == link.board }, "\(board.id): \(link.board)")
        let place = "\(board.id): \(panel.title): \(link.title)"
        #expect(link.values.contains { ["plant", "of"].contains($0.variable) }, "\(place)")
        for (variable, value) in link.values {
          #expect(target.variables.contains { $0.name == variable }, "\(place): \(variable)")
          if case .column(let title) = value { #expect(columns.contains { $0.title == title }, "\(place): \(title)") }
          if case .variable(let name) = value { #expect(board.variables.contains { $0.name == name }, "\(place)") }
        }
        let address = link.address(from: board)
        #expect(address.matches(of: /=\$\{[^}]+:percentencode\}/).count == link.values.count, "\(place): \(address)")
        #expect(address.contains("${__url_time_range}") == (board.span != .aroundNow), "\(place)")
      }
    }
    for board in try Self.shown() {
      let links = try #require(board.json["links"] as? [[String: Any]])
      #expect(links.count == Board.all.count - 1)
      for link in links {
        let other = try #require(Board.all.first { "/d/" + $0.uid == link["url"] as? String })
        // A range into the future is of no use to a board that looks back.
        #expect(link["keepTime"] as? Bool == (board.model.span.to == other.span.to), "\(board.model.id)")
        #expect(link["includeVars"] as? Bool == true)
      }
    }
  }

  @Test func `colours are of the palette, amber is never text or a line, and a colour comes with a word or a number`() {
    let lines: Set = [Palette.text, Palette.red, Palette.green, Palette.blue, Palette.purple]
    for (board, panel) in Self.panels {
      switch panel.kind {
      case .lines(let drawn):
        for series in drawn.series where drawn.style != .bars {
          #expect(lines.contains(series.color), "\(board.id): \(panel.title): \(series.color)")
        }
      case .figures(let format, _, let levels):
        #expect(levels.isEmpty || format.threshold != nil, "\(board.id): \(panel.title)")
      case .table, .words: break
      }
    }
    #expect(Palette.ground(.amber) != Palette.ground(.red) && Palette.ground(.calm) == "transparent")
  }

  private static func overlap(_ a: [String: Int], _ b: [String: Int]) -> Bool {
    func side(_ box: [String: Int], _ start: String, _ length: String) -> Range<Int> {
      box[start, default: 0]..<(box[start, default: 0] + box[length, default: 1])
    }
    return side(a, "x", "w").overlaps(side(b, "x", "w")) && side(a, "y", "h").overlaps(side(b, "y", "h"))
  }

  /// The names of the variables of the board that a query mentions.
  private static func variables(in text: String) -> Set<String> {
    Set(text.matches(of: /\$\{([a-z]+):(?:regex|raw)\}/).map { String($0.output.1) })
  }
}
