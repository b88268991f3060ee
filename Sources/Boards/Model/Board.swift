import PointSchema

/// A board: it answers one question.
struct Board: Sendable {
  /// Name in addresses and of the file, without the common start `wattline-`.
  var id: String
  var title: String
  /// The question that the board answers.
  var question: String
  /// Time range that the board opens with.
  var span: Span = .lastDay
  /// How often it asks anew.
  var refresh = "30s"
  var variables: [Variable] = []
  var annotations: [Annotation] = []
  var rows: [Row]

  /// Name in addresses; links between boards use it.
  var uid: String { "wattline-\(id)" }

  /// Time range that a board opens with.
  enum Span: String, Sendable {
    case lastDay = "now-24h", lastWeek = "now-7d", lastYear = "now-1y", thisMonth = "now/M", lastHours = "now-6h"
    /// A day back and a day ahead.
    case aroundNow = "now-24h "

    var from: String { rawValue.filter { $0 != " " } }
    var to: String { self == .aroundNow ? "now+24h" : "now" }
  }
}

/// A row of panels. They flow from left to right and wrap, so that no two share a place.
struct Row: Sendable {
  /// Title of the row; `nil` for the first one, which needs none.
  var title: String?
  /// The row repeats for each chosen value of this variable.
  var repeated: String?
  /// A collapsed row asks nothing until it is opened.
  var isCollapsed = false
  var panels: [Panel]
}

/// A panel. Its kind demands the unit of what it shows.
struct Panel: Sendable {
  var title: String
  /// The content of the panel, and how to read it.
  var description: String
  /// Width in 24ths of the board, and height in Grafana's steps.
  var size: (width: Int, height: Int)
  var kind: Kind
  var targets: [Target]
  /// Time range of its own: `30d` up to the present, `+24h` from the present on.
  var ownSpan: String?
  /// How far its time range lies before the board's, such as `30d`.
  var shift: String?
  /// The panel repeats for each chosen value of this variable.
  var repeated: String?
  /// The text of an empty table.
  var empty: String?
  /// A regular expression of what is cut out of the names of series.
  var cut: String?

  enum Kind: Sendable {
    /// Great figures. `naming` shows the name of each beside it; `levels` gives series a level of their own, by name.
    case figures(Format, naming: Bool = false, levels: [(name: String, level: Level)] = [])
    case lines(Lines)
    case table([Column], sort: [(column: String, descending: Bool)] = [])
    /// Text in Markdown.
    case words(String)
  }

  /// Creates a panel of figures, lines, a table or words.
  ///
  /// - Parameters:
  ///   - title: Its title.
  ///   - description: What it shows, and what to make of it.
  ///   - size: Width in 24ths of the board, and height in Grafana's steps.
  ///   - kind: How it shows what it is told.
  ///   - targets: What it asks.
  init(
    _ title: String, _ description: String, size: (width: Int, height: Int), _ kind: Kind, _ targets: [Target]
  ) {
    (self.title, self.description, self.size, self.kind, self.targets) = (title, description, size, kind, targets)
  }

  /// Returns the panel with a time range of its own: `30d` up to the present, `+24h` from the present on.
  func over(_ span: String) -> Panel {
    var panel = self
    panel.ownSpan = span
    return panel
  }

  /// Returns the panel with its time range shifted back.
  func shifted(back length: String) -> Panel {
    var panel = self
    panel.shift = length
    return panel
  }

  /// Returns the panel with words that an empty table says.
  func saying(_ empty: String) -> Panel {
    var panel = self
    panel.empty = empty
    return panel
  }

  /// Returns the panel without what a regular expression matches in the names of its series.
  func cutting(_ pattern: String) -> Panel {
    var panel = self
    panel.cut = pattern
    return panel
  }

  /// Returns the panel once for each chosen value of a variable.
  func forEach(_ variable: String) -> Panel {
    var panel = self
    panel.repeated = variable
    return panel
  }
}

/// A query of a panel, and the name of its series.
struct Target: Sendable {
  var query: Query
  /// Name of the series; `$tag_asset` and `$col` stand for a tag and a column. `nil` gives a table.
  var alias: String?

  /// Creates a query whose series have this name.
  init(_ alias: String, _ query: Query) { (self.alias, self.query) = (alias, query) }
  /// Creates a query that gives a table.
  init(_ query: Query) { self.query = query }
}

/// How series are drawn.
struct Lines: Sendable {
  var format: Format
  var style = Style.line
  /// Series that differ from the others, by name.
  var series: [Series] = []
  /// Whether the axis begins at zero.
  var fromZero = false
  /// Whether values at one time stand on each other.
  var isStacked = false

  enum Style: String, Sendable { case line, bars, points }

  /// How one series, or all that match a regular expression, is drawn.
  struct Series: Sendable {
    var name: String
    var color: String
    var isDashed = false
    var isPoints = false
    /// The series below, up to which the space is filled.
    var fillsDownTo: String?
    var isPattern = false
    /// Width of the line; 0 hides it.
    var width: Double = 1.5
    /// Holds its value until the next.
    var isStepped = false
  }
}

/// A column of a table.
struct Column: Sendable {
  /// Title of the column.
  var title: String
  /// Name in the answer: that of the expression or tag, or `Time`.
  var source: String
  var format: Format
  /// Width [pixels]; `nil` takes what is left.
  var width: Int?
  /// Where a click leads.
  var link: Link?
  /// Whether the whole text is shown, on several lines.
  var isWrapped = false
  /// A page outside of Grafana to which a click leads, with Grafana's variables in its address.
  var page: (title: String, address: String)?

  /// Creates a column.
  ///
  /// - Parameters:
  ///   - title: Title of the column.
  ///   - source: Name in the answer.
  ///   - format: How its values are shown.
  ///   - width: Width [pixels]; `nil` takes what is left.
  ///   - link: Where a click leads.
  ///   - isWrapped: Whether the whole text is shown, on several lines; Grafana does so for one column of a table.
  init(
    _ title: String, _ source: String, _ format: Format = .text, width: Int? = nil, link: Link? = nil,
    isWrapped: Bool = false
  ) {
    (self.title, self.source, self.format) = (title, source, format)
    (self.width, self.link, self.isWrapped) = (width, link, isWrapped)
  }
}

extension Column {
  /// Returns the column with a page outside of Grafana to which a click leads.
  func opening(_ title: String, at address: String) -> Column {
    var column = self
    column.page = (title, address)
    return column
  }
}

/// A link to a board by its name. It keeps what is chosen, and its time range where that makes sense there.
struct Link: Sendable {
  var title: String
  /// ``Board/id`` of the board.
  var board: String
  /// Variables there, and where their values come from.
  var values: [(variable: String, value: Value)]
  /// Whether the time range is kept; otherwise the board opens with its own.
  var keepsTime = true

  enum Value: Sendable {
    /// Another column of the same row, by its title.
    case column(String)
    /// The place of a click.
    case cell
    /// A variable of this board.
    case variable(String)
  }

  /// Creates a link.
  ///
  /// - Parameters:
  ///   - title: Title of the link.
  ///   - board: ``Board/id`` of the board.
  ///   - values: Variables there, and where their values come from.
  init(_ title: String, to board: String, _ values: [(String, Value)]) {
    (self.title, self.board) = (title, board)
    self.values = values.map { ($0.0, $0.1) }
  }
}

/// A choice above the board.
struct Variable: Sendable {
  var name: String
  var label: String
  var description: String
  var kind: Kind
  var isMultiple = false
  /// Whether All may be chosen, and is at first.
  var offersAll = false
  var isHidden = false

  enum Kind: Sendable {
    /// Values of a tag. At most `limit` are offered: what is typed into the box narrows them.
    case values(of: Tag, in: Measurement, where: [Condition], limit: Int?)
    /// The value of a query's only row.
    case value(Query)
    /// A box to type into.
    case box
  }

  /// The query that gives the values; `nil` for a box.
  var query: String? {
    switch kind {
    case .values(let tag, let measurement, let conditions, let limit):
      "SHOW TAG VALUES FROM \(measurement.quoted) WITH KEY = \(tag.quoted) WHERE "
        + (conditions.map(\.text) + ["$timeFilter"]).joined(separator: " AND ") + (limit.map { " LIMIT \($0)" } ?? "")
    case .value(let query): query.text
    case .box: nil
    }
  }
}

/// Marks on all charts of a board.
struct Annotation: Sendable {
  var name: String
  var color: String
  var query: Query
  /// Column with the text of a mark.
  var text: String
  /// Columns with its tags.
  var tags: [String]
}
