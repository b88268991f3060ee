import PointSchema

/// The board Pipeline.
enum PipelineBoard {
  static let board = Board(
    id: "pipeline", title: "Pipeline", question: "Can I trust the data?", span: .lastHours, refresh: "10s",
    variables: [
      Variable(
        name: "instance", label: "Instance", description: "Processes that reported in the time range",
        kind: .values(of: .instance, in: .pipeline, where: [], limit: nil), isMultiple: true, offersAll: true)
    ],
    annotations: [.configuration],
    rows: [
      Row(panels: [reports, states, taken, lost, refusals, qualities, waiting, fetched]),
      Row(title: "Accounts: nothing is lost unseen", panels: [messages, readings, points]),
      Row(title: "The machine", panels: [processor, memory, disk, requests, interface, inputs]),
    ])

  private static let here: [Condition] = [.chosen(.instance)]

  private static func stage(_ stage: String) -> [Condition] { here + [.tag(.stage, is: stage)] }

  private static let reports = Panel(
    "Age of the last report", "Wattline reports every ten seconds. Amber after 30 s, red after a minute.", size: (6, 5),
    .figures(
      .number(
        .seconds, decimals: 0, threshold: .aboveOrUnknown(amber: 30, red: 60),
        missing: "No report in thirty days. Start wattline run"), naming: true),
    [
      Target(
        "$tag_instance",
        Query(
          [((Expression.end - column("at")) / 1_000).ceiling],
          from: Query(
            [field(.reported).last.named("at")], from: .pipeline, where: stage("process"), in: .recent("30d"),
            by: [.instance]), by: [.instance]))
    ])

  private static let isConnected = Format.code(
    [(0, "AWAY"), (1, "connected")], threshold: .belowOrUnknown(red: 1), missing: "NOT KNOWN: no report for a minute")

  private static let states = Panel(
    "Broker and database", "Whether both are connected, by a report of the last minute. Without one it is not known.",
    size: (8, 5), .figures(isConnected, naming: true),
    [("broker", "source"), ("database", "sink")].map { name, stage in
      Target(
        name,
        Query([field(.connected).last], from: .pipeline, where: PipelineBoard.stage(stage), in: .recent("1m")))
    })

  private static let taken = Panel(
    "Behind, and waiting",
    "By a report of the last minute: age of the newest reading that was worked on, and what waits on disk.",
    size: (10, 5),
    .table([
      Column("Instance", "instance"),
      Column("Behind", "lag", .number(.seconds, decimals: 0, threshold: .above(amber: 30, red: 300)), width: 100),
      Column("Journal", "journal", .number(.bytes, decimals: 0), width: 100),
      Column("Points on disk", "spool", .number(.none, decimals: 0, threshold: .above(amber: 1)), width: 120),
      Column("Dead letters", "dead", .number(.none, decimals: 0, threshold: .above(amber: 1)), width: 110),
      Column("Plants", "plants", .number(.none, decimals: 0), width: 80),
      Column("Sensors", "series", .number(.none, decimals: 0), width: 90),
    ]),
    [
      Target(
        Query(
          [
            field(.lag).last.named("lag"), field(.spooled).named("spool"), field(.deadLetters).named("dead"),
          ], from: .pipeline, where: stage("sink"), in: .recent("1m"), by: [.instance])),
      Target(
        Query(
          [field(.queue).last.named("journal")], from: .pipeline, where: stage("journal"), in: .recent("1m"),
          by: [.instance])),
      Target(
        Query(
          [field(.plants).last.named("plants"), field(.series).named("series")], from: .pipeline,
          where: stage("process"), in: .recent("1m"), by: [.instance])),
    ]
  ).saying("not known without a report of the last minute")

  private static let lost = Panel(
    "Refused and dropped since the start, by stage and reason",
    """
    Everything that was not used, and why. A message that was refused is in the journal.
    """, size: (10, 8),
    .lines(Lines(format: .number(.none, decimals: 0), fromZero: true)),
    [
      Target(
        "$tag_stage $col",
        Query(
          [fields(like: "^dropped_|^dead_[^l]|^readings_|^times_|^values_").last], from: .pipeline, where: here,
          by: [.stage], every: .automatic))
    ]
  ).cutting("last_")

  private static let refusals = Panel(
    "Refused messages: an example of each topic and reason",
    """
    The first message of each topic and reason in thirty days. wattline explain says step by step what becomes of a \
    message; wattline dead-letters has the points that the database refused.
    """, size: (14, 8),
    .table(
      [
        Column("Time", "Time", width: 160), Column("Reason", "reason", width: 130),
        Column("Message", "text", isWrapped: true),
      ], sort: [("Time", true)]),
    [
      Target(
        Query(
          [field(.reason), field(.text)], from: .pipeline, where: stage("refusal"), in: .recent("30d"), newest: 50))
    ]
  ).saying("no message was refused")

  private static let fetched = Panel(
    "What does not come over MQTT",
    """
    Sources of the plants' files by a report of the last five minutes: portals, files and programs. A refused one tries \
    nothing until its credentials change, or wattline sources start NAME is given.
    """, size: (24, 6),
    .table(
      [
        Column("Plant", "plant", width: 130, link: Link("This plant", to: "plant", [("plant", .cell)])),
        Column("Source", "source", width: 150), Column("State", "state", width: 100),
        Column("Last success", "last_ms", .number(.ago), width: 130),
        Column("Next fetch", "next_ms", .number(.ago), width: 130),
        Column("Rows", "rows", .number(.none, decimals: 0), width: 100),
        Column("Reported", "reported_ms", .number(.ago), width: 130), Column("What is wrong", "error", isWrapped: true),
      ], sort: [("What is wrong", true)]),
    [
      Target(
        Query(
          [
            field(.rows).last.named("rows"), field(.state).named("state"), field(.error).named("error"),
            field(.lastSuccess).named("last_ms"), field(.nextFetch).named("next_ms"),
            field(.reported).named("reported_ms"),
          ], from: .sourceState, where: [], in: .recent("5m"), by: [.plant, .source]))
    ]
  ).saying("no plant has sources besides MQTT, or no process has reported for five minutes")

  private static let qualities = Panel(
    "Readings that were not good, by quality", "How many in a second.", size: (12, 8),
    .lines(Lines(format: .number(.perSecond), fromZero: true)),
    [
      Target(
        "$col",
        Query(
          [fields(like: "^quality_[^g]").maximum.rate], from: .pipeline, where: stage("cleaning"), by: [.instance],
          every: .automatic))
    ]
  ).cutting("non_negative_derivative_quality_")

  private static let waiting = Panel(
    "Waiting on disk", "Journal that is not worked on yet, and points that wait for the database.", size: (12, 8),
    .lines(Lines(format: .number(.bytes), fromZero: true)),
    [
      Target(
        "$tag_instance journal",
        Query([field(.queue).maximum], from: .pipeline, where: stage("journal"), by: [.instance], every: .automatic)),
      Target(
        "$tag_instance spool",
        Query([field(.spoolBytes).maximum], from: .pipeline, where: stage("sink"), by: [.instance], every: .automatic)),
    ])

  /// A balance of counters since the start of the process.
  private static func account(
    _ title: String, _ description: String, stage name: String, parts: [(title: String, counter: Expression)],
    rest: (title: String, of: Expression)
  ) -> Panel {
    let columns = parts.map { ($0.title, $0.counter.last.named($0.title)) } + [(rest.title, rest.of.named(rest.title))]
    return Panel(
      title, description, size: (24, 4),
      .table(
        [Column("Instance", "instance", width: 140)]
          + columns.map { title, _ in
            Column(
              title, title,
              title == rest.title
                ? .number(.none, decimals: 0, threshold: .off(amber: 1, red: 1e6)) : .number(.none, decimals: 0))
          }),
      [Target(Query(columns.map(\.1), from: .pipeline, where: stage(name), by: [.instance]))])
  }

  private static let messages = account(
    "Messages", "Every message is decoded, refused for a reason, or was there before. The rest is zero.",
    stage: "decode",
    parts: [
      ("received", field(.input)), ("decoded", field(.decoded)), ("refused", field(.refused)),
      ("duplicates", field(.duplicates)),
    ],
    rest: (
      "not accounted for",
      field(.input).last - field(.decoded).last - field(.refused).last - field(.duplicates).last
    ))

  private static let readings = account(
    "Readings",
    "Every decoded reading is written, waits, or did not reach the database for a reason. Some are on their way.",
    stage: "readings",
    parts: [
      ("decoded", field(.decoded)), ("decoded again", field(.redelivered)), ("written", field(.written)),
      ("queued", field(.queued)), ("spooled", field(.spooled)), ("dead letters", field(.deadLetters)),
      ("dropped", field(.dropped)),
    ],
    rest: (
      "on its way",
      field(.decoded).last + field(.redelivered).last - field(.written).last - field(.queued).last
        - field(.spooled).last - field(.deadLetters).last - field(.dropped).last
    ))

  private static let points = account(
    "Points", "Every point is written, waits, or did not reach the database for a reason. The rest is zero.",
    stage: "sink",
    parts: [
      ("handed over", field(.input)), ("written", field(.output)), ("queued", field(.queued)),
      ("spooled", field(.spooled)), ("dead letters", field(.deadLetters)), ("dropped", field(.dropped)),
    ],
    rest: (
      "not accounted for",
      field(.input).last - field(.output).last - field(.queued).last - field(.spooled).last - field(.deadLetters).last
        - field(.dropped).last
    ))

  private static let processor = Panel(
    "CPU", "Cores in use.", size: (6, 7), .lines(Lines(format: .number(.none, decimals: 2), fromZero: true)),
    [
      Target(
        "$tag_instance",
        Query(
          [field(.processorTime).maximum.rate], from: .pipeline, where: stage("process"), by: [.instance],
          every: .automatic))
    ])

  private static let memory = Panel(
    "Memory", "Resident memory of the process.", size: (6, 7),
    .lines(Lines(format: .number(.bytes), fromZero: true)),
    [
      Target(
        "$tag_instance",
        Query(
          [field(.residentBytes).maximum], from: .pipeline, where: stage("process"), by: [.instance],
          every: .automatic))
    ])

  private static let disk = Panel(
    "Room on the journal's disk", "Bytes that are free on the disk of journal.path.", size: (6, 7),
    .lines(Lines(format: .number(.bytes), fromZero: true)),
    [
      Target(
        "$tag_instance",
        Query([field(.freeBytes).minimum], from: .pipeline, where: stage("journal"), by: [.instance], every: .automatic)
      )
    ])

  private static let requests = Panel(
    "Requests to the database", "How many in a second, with those that were repeated.", size: (6, 7),
    .lines(Lines(format: .number(.perSecond), fromZero: true)),
    [
      Target(
        "$col",
        Query(
          [field(.requests).maximum.rate.named("requests"), field(.retries).maximum.rate.named("repeated")],
          from: .pipeline, where: stage("sink"), by: [.instance], every: .automatic))
    ])

  private static let interface = Panel(
    "Requests to the HTTP interface", "How many in a second; slow ones took longer than half a second.", size: (6, 8),
    .lines(Lines(format: .number(.perSecond), fromZero: true)),
    [
      Target(
        "$col",
        Query(
          [
            field(.requests).maximum.rate.named("requests"), field(.slow).maximum.rate.named("slow"),
            field(.failed).maximum.rate.named("failed"), field(.refused).maximum.rate.named("refused logins"),
          ], from: .pipeline, where: stage("interface"), by: [.instance], every: .automatic))
    ])

  private static let inputs = Panel(
    "Taken in, by stage", "Messages, readings or points that each stage takes in a second.", size: (18, 8),
    .lines(Lines(format: .number(.perSecond), fromZero: true)),
    [
      Target(
        "$tag_stage",
        Query([field(.input).maximum.rate], from: .pipeline, where: here, by: [.instance, .stage], every: .automatic))
    ])
}
