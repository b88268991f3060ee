import PointSchema

/// A verdict in words with the age of the report that it comes from. Only a fresh report makes one: silence is never
/// well.
struct Verdict {
  private static let normal = "ALL NORMAL, reported within"
  private static let warned = "WARNING, reported within"
  private static let alarmed = "CRITICAL, reported within"
  private static let silent = "NO REPORT FOR"
  private static let isFresh = column("at") >= Expression.end - .number(60_000)
  private static let isOld = column("at") < Expression.end - .number(60_000)

  private let report: Query
  private let tag: Tag
  private let missing: String

  /// Creates the verdict of the last report within thirty days.
  ///
  /// - Parameters:
  ///   - measurement: Where reports are.
  ///   - conditions: Which reports count.
  ///   - tag: What reports on its own.
  ///   - missing: What stands where nothing has ever reported.
  init(of measurement: Measurement, where conditions: [Condition], by tag: Tag, missing: String) {
    report = Query(
      [field(.reported).last.named("at"), field(.critical), field(.warnings)], from: measurement, where: conditions,
      in: .recent("30d"), by: [tag])
    (self.tag, self.missing) = (tag, missing)
  }

  /// Age of the last report [s], if it is what the conditions say.
  private func age(where conditions: [Condition]) -> Query {
    Query([((Expression.end - column("at")) / 1_000).ceiling], from: report, where: conditions, by: [tag])
  }

  /// Returns the panel.
  ///
  /// - Parameters:
  ///   - title: Title of the panel.
  ///   - description: What it shows.
  ///   - size: Width and height.
  /// - Returns: The panel.
  func panel(_ title: String, _ description: String, size: (width: Int, height: Int)) -> Panel {
    Panel(
      title, description, size: size,
      .figures(
        .number(.seconds, decimals: 0, threshold: .aboveOrUnknown(red: 60), missing: missing), naming: true,
        levels: [(Self.warned, .amber), (Self.alarmed, .red), (Self.silent, .red)]),
      [
        Target(Self.normal, age(where: [Self.isFresh, field(.critical) == 0, field(.warnings) == 0])),
        Target(Self.warned, age(where: [Self.isFresh, field(.critical) == 0, field(.warnings) > 0])),
        Target(Self.alarmed, age(where: [Self.isFresh, field(.critical) > 0])),
        Target(Self.silent, age(where: [Self.isOld])),
      ])
  }
}

/// Pages of the HTTP interface on which people act.
enum ActPage {
  /// Returns a panel with a link to the page, if a process with the HTTP interface has reported in the last minute.
  ///
  /// - Parameters:
  ///   - what: What is done there, for the link.
  ///   - query: Query of the page's address, with Grafana's variables.
  ///   - size: Width and height.
  /// - Returns: The panel.
  static func panel(_ what: String, query: String, size: (width: Int, height: Int)) -> Panel {
    Panel(
      "In the browser", "The page of the HTTP interface on which people act. It asks for a login.", size: size,
      .table([
        Column("Click to open", "page").opening(what, at: "${__value.raw}act?\(query)")
      ]),
      [
        Target(
          Query(
            [field(.url).last.named("page")], from: .pipeline, where: [.tag(.stage, is: "interface")],
            in: .recent("1m")))
      ]
    ).saying("no HTTP interface")
  }
}
