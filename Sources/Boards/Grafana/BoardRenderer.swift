/// A board in the form that Grafana 11 to 13 load.
struct BoardRenderer {
  /// Version of the form: that of Grafana 11.
  static let schemaVersion = 39
  /// The data source that provisioning makes.
  static let source: JSON = ["type": "influxdb", "uid": "wattline-influxdb"]

  let board: Board
  private var nextID = 1
  private var top = 0

  private init(_ board: Board) { self.board = board }

  /// Returns a board as JSON.
  static func render(_ board: Board, among boards: [Board]) -> JSON {
    var renderer = BoardRenderer(board)
    return [
      "uid": .text(board.uid), "title": .text(board.title), "description": .text(board.question),
      "tags": ["wattline"], "editable": false, "graphTooltip": 1, "schemaVersion": .integer(schemaVersion),
      "version": 1, "timezone": "browser", "refresh": .text(board.refresh),
      "time": ["from": .text(board.span.from), "to": .text(board.span.to)],
      "links": .list(boards.filter { $0.id != board.id }.map { renderer.link(to: $0) }),
      "templating": ["list": .list(board.variables.map { $0.rendered })],
      "annotations": ["list": .list(board.annotations.map { $0.rendered })],
      "panels": .list(board.rows.flatMap { renderer.row($0) }),
    ]
  }

  /// Returns the link to another board. A range into the future stays on boards that look ahead.
  private func link(to other: Board) -> JSON {
    let keeps = (board.span == .aroundNow) == (other.span == .aroundNow)
    return [
      "title": .text(other.title), "type": "link", "url": .text("/d/\(other.uid)"), "tooltip": .text(other.question),
      "keepTime": .truth(keeps), "includeVars": true, "targetBlank": false, "asDropdown": false, "icon": "dashboard",
      "tags": [],
    ]
  }

  private mutating func row(_ row: Row) -> [JSON] {
    guard let title = row.title else { return flow(row.panels) }
    var head: JSON = [
      "id": .integer(takeID()), "type": "row", "title": .text(title), "collapsed": .truth(row.isCollapsed),
      "gridPos": ["x": 0, "y": .integer(top), "w": 24, "h": 1],
    ]
    top += 1
    if let repeated = row.repeated { head["repeat"] = .text(repeated) }
    let panels = flow(row.panels)
    head["panels"] = .list(row.isCollapsed ? panels : [])
    return row.isCollapsed ? [head] : [head] + panels
  }

  /// Places panels from left to right. A panel that does not fit begins a line below the highest of the line before, as
  /// does one after a panel that repeats, which takes the whole width.
  private mutating func flow(_ panels: [Panel]) -> [JSON] {
    var (left, height) = (0, 0)
    var placed: [JSON] = []
    for panel in panels {
      if left + panel.size.width > 24 { (left, top, height) = (0, top + height, 0) }
      var json = PanelRenderer(panel: panel, board: board).rendered
      json["id"] = .integer(takeID())
      json["gridPos"] = [
        "x": .integer(left), "y": .integer(top), "w": .integer(panel.size.width), "h": .integer(panel.size.height),
      ]
      placed.append(json)
      left = panel.repeated == nil ? left + panel.size.width : 24
      height = max(height, panel.size.height)
    }
    top += height
    return placed
  }

  private mutating func takeID() -> Int {
    nextID += 1
    return nextID - 1
  }
}

extension Variable {
  fileprivate var rendered: JSON {
    guard let query else {
      return [
        "name": .text(name), "label": .text(label), "description": .text(description), "type": "textbox", "query": "",
        "hide": 0, "skipUrlSync": false, "current": ["selected": true, "text": "", "value": ""],
        "options": [["selected": true, "text": "", "value": ""]],
      ]
    }
    var json: JSON = [
      "name": .text(name), "label": .text(label), "description": .text(description), "type": "query",
      "datasource": BoardRenderer.source, "query": .text(query), "definition": .text(query), "refresh": 2, "sort": 1,
      "multi": .truth(isMultiple), "includeAll": .truth(offersAll), "hide": .integer(isHidden ? 2 : 0),
      "skipUrlSync": false, "regex": "", "options": [],
    ]
    json["current"] = offersAll ? ["selected": true, "text": ["All"], "value": ["$__all"]] : [:]
    // A pattern for All keeps the query short however many names there are. Where All means those that are offered,
    // Grafana lists them.
    if offersAll, case .values(_, _, _, limit: nil) = kind { json["allValue"] = ".*" }
    return json
  }
}

extension Annotation {
  fileprivate var rendered: JSON {
    [
      "name": .text(name), "datasource": BoardRenderer.source, "enable": true, "hide": false, "iconColor": .text(color),
      "query": .text(query.text), "textColumn": .text(text), "titleColumn": "",
      "tagsColumn": .text(tags.joined(separator: ",")),
      "target": [
        "refId": "Anno", "query": .text(query.text), "rawQuery": true, "fromAnnotations": true, "name": .text(name),
        "textColumn": .text(text), "titleColumn": "", "tagsColumn": .text(tags.joined(separator: ",")),
        "textEditor": true,
      ],
    ]
  }
}

extension Link {
  /// The address.
  ///
  /// - Parameter board: The board that the link is on.
  func address(from board: Board) -> String {
    let parts = values.map { variable, value in
      switch value {
      case .column(let title): "var-\(variable)=${__data.fields.\(title):percentencode}"
      case .cell: "var-\(variable)=${__value.text:percentencode}"
      case .variable(let name): "var-\(variable)=${\(name):percentencode}"
      }
    }
    let time = keepsTime && board.span != .aroundNow ? ["${__url_time_range}"] : []
    return "/d/wattline-\(self.board)?" + (parts + time).joined(separator: "&")
  }
}
