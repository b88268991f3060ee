import PointSchema

/// The board Dispatch.
enum DispatchBoard {
  static let board = Board(
    id: "dispatch", title: "Dispatch", question: "Was it followed, and was it worth it?",
    variables: [.plant(in: .dispatch), .currency],
    annotations: [.alerts, .commands, .configuration],
    rows: [
      Row(panels: [
        toConfirm, answer, page, followRate, savings, regret, latest, byDay, powers, charge, prices, regrets, shields,
        commands,
      ])
    ])

  private static let here: [Condition] = [.chosen(.plant)]
  /// Tells batteries from other assets.
  private static let isBattery = field(.stateOfCharge) >= 0

  private static let toConfirm = Panel(
    "Commands that wait for a person", "Commands that are carried out once a person has confirmed them.", size: (24, 5),
    .table(
      [
        Column("Issued", "Time", width: 160), Column("Asset", "asset", width: 110),
        Column("Action", "action", width: 110),
        Column("Setpoint", "setpoint_kw", .number(.kilowatt, decimals: 1), width: 90),
        Column("Reason", "reason", isWrapped: true), Column("Expires", "expires", width: 180),
        Column("Id", "id", width: 190),
      ], sort: [("Issued", true)]),
    [
      Target(
        Query(
          [field(.action), field(.setpoint), field(.reason), field(.expires), field(.id)], from: .command,
          where: here + [field(.state) == "awaiting"], in: .recent("1h"), by: [.asset]))
    ]
  ).saying("no command waits")

  private static let answer = Panel(
    "Confirm or reject", "The line that answers a command. Take its id from the table above.", size: (17, 5),
    .words(
      """
      ```
      mosquitto_pub -q 1 -t 'wattline/${plant:raw}/commands/set' -m '{"id": "ID", "action": "confirm"}'
      mosquitto_pub -q 1 -t 'wattline/${plant:raw}/commands/set' -m '{"id": "ID", "action": "reject"}'
      ```
      """), [])

  private static let page = ActPage.panel(
    "Confirm or reject", query: "plant=${plant:percentencode}", size: (7, 5))

  private static let followRate = Panel(
    "Commands by what became of them", "Number of commands of the time range in each state.", size: (7, 6),
    .figures(.number(.none, decimals: 0, missing: "no command"), naming: true),
    ["followed", "not_followed", "advised", "expired", "rejected", "refused"].map { state in
      Target(
        state.replacing("_", with: " "),
        Query([field(.action).count], from: .command, where: here + [field(.state) == state]))
    })

  /// Only days of which all is known are compared.
  private static let isCompared = field(.followedDaySaving) >= -1e12

  /// The savings of a local day, with the names of their series.
  private static let daySavings = [
    ("saved", field(.daySaving)), ("saved if followed", field(.followedDaySaving)),
    ("best possible", field(.optimalDaySaving)),
  ]

  private static let savings = Panel(
    "Saved in thirty days, in $currency",
    """
    What the batteries saved against none, what following every recommendation would have saved, and the most that \
    could have been. Each whole local day counts once, if all three are known of it. Energy left at the end of a day \
    counts with its value.
    """, size: (12, 6),
    .figures(.number(.none, missing: "no whole day known yet"), naming: true),
    daySavings.map { name, saving in
      Target(name, Query([saving.sum], from: .dispatch, where: here + [isCompared], in: .recent("30d")))
    }
      + [
        Target(
          "days", Query([field(.daySaving).count], from: .dispatch, where: here + [isCompared], in: .recent("30d")))
      ])

  private static let byDay = Panel(
    "Saved by day, in $currency",
    "Savings of each local day at its end. The dashed line is the optimum, which nothing can exceed.", size: (12, 6),
    .lines(
      Lines(
        format: .number(.none, decimals: 2),
        series: [
          Lines.Series(name: "saved", color: Palette.text),
          Lines.Series(name: "saved if followed", color: Palette.purple),
          Lines.Series(name: "best possible", color: Palette.green, isDashed: true),
        ], fromZero: true)),
    [
      Target(
        "$col",
        Query(daySavings.map { $0.1.named($0.0) }, from: .dispatch, where: here + [isCompared]))
    ]
  ).over("30d")

  private static let regret = Panel(
    "Regret of the past day, in $currency",
    "What the battery's actual power of the past day cost above the best that could have been done.", size: (5, 6),
    .figures(.number(.none, decimals: 2, missing: "not known yet")),
    [Target("regret", Query([field(.regret).last], from: .dispatch, where: here))])

  private static let latest = Panel(
    "Latest recommendation and why",
    """
    What was recommended in the last half hour, what the plain rule would do, what was measured, and what the \
    recommendation saves in its quarter of an hour.
    """, size: (12, 6),
    .table([
      Column("Asset", "asset", width: 110),
      Column("Recommended", "recommended_kw", .number(.kilowatt, decimals: 1), width: 115),
      Column("Rule", "rule_kw", .number(.kilowatt, decimals: 1), width: 90),
      Column("Actual", "actual_kw", .number(.kilowatt, decimals: 1), width: 90),
      Column("Reason", "reason", isWrapped: true),
    ]),
    [
      Target(
        Query(
          [
            field(.recommendedPower).last.named("recommended_kw"), field(.rulePower), field(.actualPower),
            field(.reason),
          ],
          from: .dispatch, where: here, in: .recent("30m"), by: [.asset]))
    ])

  private static let powers = Panel(
    "Batteries: recommended, rule and actual",
    "What is recommended for each battery, what the plain rule would do, and what was measured. Positive discharges.",
    size: (14, 9),
    .lines(
      Lines(
        format: .number(.kilowatt, decimals: 1),
        series: [
          Lines.Series(name: "recommended$", color: Palette.purple, isPattern: true, isStepped: true),
          Lines.Series(name: "rule$", color: Palette.blue, isDashed: true, isPattern: true, isStepped: true),
          Lines.Series(name: "actual$", color: Palette.text, isPattern: true),
        ])),
    [("recommended", field(.recommendedPower)), ("rule", field(.rulePower)), ("actual", field(.actualPower))].map {
      Target(
        "$tag_asset \($0)",
        Query([$1.mean], from: .dispatch, where: here + [isBattery], by: [.asset], every: .automatic))
    })

  private static let charge = Panel(
    "State of charge", "Energy in each battery as a share of its capacity.", size: (10, 9),
    .lines(Lines(format: .number(.share, decimals: 0), fromZero: true)),
    [
      Target(
        "$tag_asset",
        Query([field(.stateOfCharge).mean], from: .dispatch, where: here, by: [.asset], every: .automatic))
    ])

  private static let prices = Panel(
    "Prices, in $currency for a kWh", "Price of imported and exported energy.", size: (8, 8),
    .lines(
      Lines(
        format: .number(.none, decimals: 2),
        series: [
          Lines.Series(name: "import", color: Palette.text, isStepped: true),
          Lines.Series(name: "export", color: Palette.green, isStepped: true),
        ])),
    [
      Target(
        "$col",
        Query(
          [field(.price).mean.named("import"), field(.exportPrice).mean.named("export")], from: .dispatch, where: here,
          every: .automatic))
    ])

  private static let regrets = Panel(
    "Regret of the day before, in $currency",
    "What the battery's actual power of the day before each time cost above the best that could have been done: 0 is the optimum.",
    size: (8, 8),
    .lines(
      Lines(
        format: .number(.none, decimals: 2),
        series: [Lines.Series(name: ".*", color: Palette.text, isPattern: true)], fromZero: true)),
    [
      Target(
        "$tag_asset", Query([field(.regret).last], from: .dispatch, where: here, by: [.asset], every: .automatic))
    ])

  private static let shields = Panel(
    "Where a safety limit changed the recommendation", "The newest twenty of each asset, with the limit that bound.",
    size: (8, 8),
    .table(
      [
        Column("Time", "Time", width: 160), Column("Asset", "asset", width: 110),
        Column("Recommended", "recommended_kw", .number(.kilowatt, decimals: 1), width: 115),
        Column("Reason", "reason", isWrapped: true),
      ], sort: [("Time", true)]),
    [
      Target(
        Query(
          [field(.recommendedPower), field(.reason)], from: .dispatch, where: here + [field(.shield) == true],
          by: [.asset], newest: 20))
    ]
  ).saying("no limit was met")

  private static let commands = Panel(
    "Commands, newest first", "Every command of the time range, with what the plant's twin predicted for it.",
    size: (24, 9),
    .table(
      [
        Column("Issued", "Time", width: 160), Column("Asset", "asset", width: 110),
        Column("Action", "action", width: 110), Column("State", "state", width: 115), Column("Mode", "mode", width: 95),
        Column("Setpoint", "setpoint_kw", .number(.kilowatt, decimals: 1), width: 90),
        Column("Predicted", "predicted_kw", .number(.kilowatt, decimals: 1), width: 90),
        Column("Actual", "actual_kw", .number(.kilowatt, decimals: 1), width: 90),
        Column("Predicted cost", "predicted_cost", .number(.none, decimals: 2), width: 115),
        Column("Reason", "reason", isWrapped: true), Column("Id", "id", width: 190),
      ], sort: [("Issued", true)]),
    [
      Target(
        Query(
          [
            field(.action), field(.state), field(.mode), field(.setpoint), field(.predictedPower), field(.actualPower),
            field(.predictedCost), field(.reason), field(.id),
          ], from: .command, where: here, by: [.asset], newest: 100))
    ])
}
