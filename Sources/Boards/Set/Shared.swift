import PointSchema

// Parts that several boards share.

extension Variable {
  /// One plant, or several.
  static func plant(in measurement: Measurement = .clean, isMultiple: Bool = false) -> Variable {
    Variable(
      name: "plant", label: "Plant", description: "Plants that have data in the time range",
      kind: .values(of: .plant, in: measurement, where: [], limit: nil), isMultiple: isMultiple)
  }

  /// An asset of the chosen plant.
  static func asset(in measurement: Measurement = .clean) -> Variable {
    Variable(
      name: "asset", label: "Asset", description: "Assets of the chosen plant",
      kind: .values(of: .asset, in: measurement, where: [.chosen(.plant)], limit: nil))
  }

  /// A box that narrows the sensors that are offered.
  static let find = Variable(
    name: "find", label: "Find sensor", description: "Part of a sensor's name; what fits is offered and shown",
    kind: .box)

  /// Sensors of the chosen asset whose names contain what was typed.
  static let sensors = Variable(
    name: "sensor", label: "Sensor",
    description: "Sensors of the chosen asset, at most 24; the box before narrows them",
    kind: .values(
      of: .sensor, in: .clean,
      where: [.chosen(.plant), .chosen(.asset), .contains(.sensor, typedInto: "find")], limit: 24))

  /// The currency of the chosen plant.
  static let currency = Variable(
    name: "currency", label: "Currency", description: "Currency of the plant's prices",
    kind: .value(
      Query([field(.currency).last], from: .kpi, where: [.chosen(.plant)], in: .recent("30d"))), isHidden: true)
}

extension Annotation {
  /// Alerts as they are raised.
  static let alerts = Annotation(
    name: "Alerts", color: Palette.red,
    query: Query(
      [field(.title), field(.severity), Expression.tag(.asset)], from: .alerts,
      where: [.chosen(.plant), field(.status) == "raised"]),
    text: "title", tags: ["severity", "asset"])

  /// Commands to assets.
  static let commands = Annotation(
    name: "Commands", color: Palette.purple,
    query: Query(
      [field(.reason), field(.action), field(.state), Expression.tag(.asset)], from: .command,
      where: [.chosen(.plant)]),
    text: "reason", tags: ["action", "state", "asset"])

  /// Changes of the configuration.
  static let configuration = Annotation(
    name: "Configuration", color: Palette.blue,
    query: Query(
      [field(.configuration), Expression.tag(.instance)], from: .pipeline,
      where: [.tag(.stage, is: "configuration")]),
    text: "configuration", tags: ["instance"])

  static let all = [alerts, commands, configuration]
}

extension Expression {
  /// Returns a tag as a column of its own.
  static func tag(_ tag: Tag) -> Expression { Expression(text: tag.quoted) }
}

/// Alerts that stand at the end of the time range.
enum Standing {
  /// Alerts whose last change is older are not looked for.
  static let bound = Query.Bound.recent("90d")

  /// Active, and not set aside.
  static let isActive = field(.state) == "unacknowledged" || field(.state) == "acknowledged"

  /// Returns a query over the last state of each alert.
  ///
  /// - Parameters:
  ///   - columns: Columns of the answer.
  ///   - subject: Which plants and assets are asked.
  ///   - conditions: What the last state must be.
  ///   - tags: Tags that make a series of their own each.
  /// - Returns: The query.
  static func query(
    _ columns: [Expression], of subject: [Condition] = [], where conditions: [Condition] = [isActive],
    by tags: [Tag] = []
  ) -> Query {
    // Each further field costs the database a pass over every series.
    let used = Set(columns.flatMap(\.fields) + conditions.flatMap(\.fields))
    let others = [
      field(.rank), field(.severity), field(.since), field(.title), field(.text), field(.cause), field(.causeTitle),
      field(.id),
    ].filter { !used.isDisjoint(with: $0.fields) }
    let last = Query(
      [field(.state).last.named("state")] + others, from: .alerts, where: subject, in: bound,
      by: [.plant, .asset, .sensor, .rule])
    return Query(columns, from: last, where: conditions, by: tags)
  }

  /// Returns a table of alerts, worst first: by severity, then what nobody has acknowledged, then causes.
  ///
  /// - Parameters:
  ///   - title: Title of the panel.
  ///   - description: What it shows.
  ///   - size: Width and height.
  ///   - subject: Which plants and assets are asked.
  ///   - conditions: What the last state must be.
  ///   - hidden: Titles of columns to leave out.
  /// - Returns: The panel.
  static func table(
    _ title: String, _ description: String, size: (width: Int, height: Int), of subject: [Condition] = [],
    where conditions: [Condition] = [isActive], without hidden: Set<String> = []
  ) -> Panel {
    let fields = [
      field(.rank), field(.since), field(.title), field(.state), field(.causeTitle), field(.text), field(.id),
    ]
    let columns = [
      Column("Severity", "rank", .severity, width: 95),
      Column("Plant", "plant", width: 110, link: Link("This plant", to: "plant", [("plant", .cell)])),
      Column(
        "Asset", "asset", width: 110,
        link: Link("This asset", to: "asset", [("plant", .column("Plant")), ("asset", .cell)])),
      Column("What", "title", width: 210),
      Column("Since", "since_ms", .number(.ago), width: 125),
      Column("State", "state", width: 130),
      Column("Follows from", "cause_title", width: 170),
      Column("What was seen, and what to do", "text", isWrapped: true),
      Column(
        "Id", "id", width: 300,
        link: Link("Acknowledge this alert", to: "alerts", [("of", .column("Plant")), ("alert", .cell)])),
    ]
    let shown = columns.filter { !hidden.contains($0.title) }.map { column in
      // Without its own column, the plant is the board's.
      hidden.contains("Plant") ? column.ofChosenPlant : column
    }
    return Panel(
      title, description, size: size,
      .table(
        shown,
        sort: [("Severity", true), ("State", true), ("Follows from", false)].filter { !hidden.contains($0.0) }),
      [Target(query(fields, of: subject, where: conditions, by: [.plant, .asset]))]
    ).saying("no alert is recorded")
  }
}

extension Column {
  /// The column with the board's chosen plant in its link, in place of a column with the plant.
  fileprivate var ofChosenPlant: Column {
    var column = self
    column.link?.values = (link?.values ?? []).map { variable, value in
      if case .column("Plant") = value { (variable, .variable("plant")) } else { (variable, value) }
    }
    return column
  }
}

/// A line with its band from p10 to p90.
enum Band {
  /// Returns the targets and how they are drawn.
  ///
  /// - Parameters:
  ///   - name: Name of the line.
  ///   - color: Colour of line and band.
  ///   - low: Lower end of the band.
  ///   - middle: The line.
  ///   - high: Upper end of the band.
  /// - Returns: Columns of a query with the alias `$col`, and the series.
  static func columns(
    _ name: String, color: String, low: Expression, middle: Expression, high: Expression
  ) -> (columns: [Expression], series: [Lines.Series]) {
    (
      [low.mean.named("\(name) p10"), middle.mean.named(name), high.mean.named("\(name) p90")],
      [
        Lines.Series(name: "\(name) p10", color: color, width: 0),
        Lines.Series(name: "\(name) p90", color: color, fillsDownTo: "\(name) p10", width: 0),
        Lines.Series(name: name, color: color, isDashed: true),
      ]
    )
  }
}
