import PointSchema

/// A rule by which Grafana itself tells people, also when Wattline cannot.
struct AlertRule: Sendable {
  /// Name in addresses, without the common start.
  var id: String
  var title: String
  /// The fault and its remedy.
  var summary: String
  var query: Query
  var isAbove: Bool
  var limit: Double
  /// Time for which it must hold.
  var pending: String
  /// The meaning of no data.
  var silence = Silence.fine
  var severity: String
  /// ``Board/id`` of the board that shows more.
  var board: String

  enum Silence: String, Sendable { case fine = "OK", alarm = "Alerting" }

  /// All rules.
  static let all: [AlertRule] = [
    AlertRule(
      id: "no-report", title: "Wattline does not report",
      summary:
        "No report for a minute: look whether the process runs (wattline status) and whether the database answers.",
      query: Query(
        [field(.reported).count], from: .pipeline, where: [.tag(.stage, is: "process")], in: .present("60s")),
      isAbove: false, limit: 1, pending: "0s", silence: .alarm, severity: "critical", board: "pipeline"),
    AlertRule(
      id: "database-away", title: "The database takes no points",
      summary: "Points wait on disk. Look at the database, its disk and its limits.",
      query: last(field(.connected), stage: "sink"), isAbove: false, limit: 1, pending: "1m", severity: "critical",
      board: "pipeline"),
    AlertRule(
      id: "spool-grows", title: "What waits for the database grows",
      summary: "The spool has grown for 15 minutes. Look at the load of the database.",
      query: increase(field(.spoolBytes)), isAbove: true, limit: 0, pending: "15m", severity: "warning",
      board: "pipeline"),
    AlertRule(
      id: "dead-letters", title: "The database refuses points for good",
      summary: "Points went to the dead letters; wattline dead-letters tells which and why.",
      query: increase(field(.deadLetters)), isAbove: true, limit: 0, pending: "0s", severity: "warning",
      board: "pipeline"),
    AlertRule(
      id: "plant-silent", title: "A plant is silent",
      summary: "No reading of the whole plant arrives. Check its gateway, its network and the broker.",
      query: Query(
        [field(.active).last], from: .alertState, where: [.tag(.rule, is: "no_data"), .tag(.asset, is: "_plant")],
        in: .present("3m"), by: [.plant]),
      isAbove: true, limit: 0, pending: "0s", severity: "critical", board: "plant"),
    AlertRule(
      id: "skill-lost", title: "A forecast is worse than the naive one",
      summary:
        "Over a day the model in charge did worse than naive. Look at the sensor's data and at the board Forecast.",
      query: Query(
        [field(.skill).mean], from: .forecastEvaluation, where: [.tag(.lead, is: "1h")], in: .present("1d"),
        by: [.plant, .asset, .sensor]),
      isAbove: false, limit: 0, pending: "1h", severity: "warning", board: "forecast"),
    AlertRule(
      id: "health-low", title: "An asset is not well",
      summary: "The health index is below 60. Look at what lowers it on the board Asset.",
      query: Query(
        [field(.index).last], from: .health, where: [field(.state) != "learning"], in: .present("1h"),
        by: [.plant, .asset]), isAbove: false, limit: 60, pending: "15m", severity: "warning", board: "asset"),
    AlertRule(
      id: "not-followed", title: "A command is not followed",
      summary: "An asset does not do what it was commanded. Check whether it is under remote control.",
      query: state(of: "not_followed"), isAbove: true, limit: 0, pending: "1m", severity: "warning", board: "dispatch"),
    AlertRule(
      id: "disk-fills", title: "The journal's disk fills",
      summary: "90 % of the journal's disk are used. Make room, or lower journal.max_bytes.",
      query: state(of: "process_disk"), isAbove: true, limit: 0, pending: "1m", severity: "warning", board: "pipeline"),
  ]

  private static func last(_ value: Expression, stage: String) -> Query {
    Query([value.last], from: .pipeline, where: [.tag(.stage, is: stage)], in: .present("5m"), by: [.instance])
  }

  private static func increase(_ value: Expression) -> Query {
    Query(
      [value.last - value.first], from: .pipeline, where: [.tag(.stage, is: "sink")], in: .present("15m"),
      by: [.instance])
  }

  private static func state(of rule: String) -> Query {
    Query(
      [field(.active).last], from: .alertState, where: [.tag(.rule, is: rule)], in: .present("3m"),
      by: [.plant, .asset])
  }
}
